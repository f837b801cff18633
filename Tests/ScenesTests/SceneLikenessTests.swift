import Formats
import Geometry
import Scenes
import Tensors
import Testing

/// The remark on pictures that the shipped model has never seen the like of.
struct SceneLikenessTests {
    @Test func scenesAreLikeScenes() throws {
        #expect(SceneLikeness(try Image(contentsOf: ShippedScene.path)).photographicShare < 0.1)
        let generator = SceneGenerator(seed: 77)
        for index in 0..<24 {
            let likeness = SceneLikeness(generator.scene(index).picture)
            #expect(likeness.isLikely, "scene \(index): \(likeness.photographicShare)")
        }
    }

    /// What stands for a photograph: surfaces whose lightness wavers from pixel to pixel, in all three channels at once,
    /// with a little noise of each.
    private func photograph(channelsAgree: Bool) -> Image {
        var random = SeededGenerator(seed: 3)
        func wavering(_ strength: Int) -> Int { Int.random(in: -strength...strength, using: &random) }
        var pixels: [UInt8] = []
        for y in 0..<120 {
            for x in 0..<160 {
                let surface = (x / 40 + y / 40) % 2 == 0 ? [150, 110, 80] : [70, 90, 120]
                let light = wavering(9)
                for channel in 0..<3 {
                    let value = surface[channel] + (channelsAgree ? light + wavering(3) : wavering(9))
                    pixels.append(UInt8(min(max(value, 0), 255)))
                }
            }
        }
        return Image(width: 160, height: 120, pixels: pixels)
    }

    @Test func aPhotographIsNot() {
        #expect(SceneLikeness(photograph(channelsAgree: true)).photographicShare > 0.9)
        #expect(!SceneLikeness(photograph(channelsAgree: true)).isLikely)
        // The same noise, of each channel by itself, is a camera's in a drawn scene.
        #expect(SceneLikeness(photograph(channelsAgree: false)).photographicShare < 0.1)
    }

    @Test func picturesWithoutDetailOrRoomSayNothing() {
        for (width, height) in [(1, 1), (17, 17), (64, 48)] {
            let flat = Image(
                width: width, height: height, pixels: [UInt8](repeating: 90, count: 3 * width * height))
            #expect(SceneLikeness(flat).photographicShare == 0)
        }
    }
}

import Formats
import Foundation
import Tensors
import TestSupport
import Testing

/// PNG files of at most 256 colours.
@Suite struct ReducedPNGTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// The picture as it is read again, and the colour type of the file: 2 is RGB, 3 has a palette.
    private func written(_ image: Image) throws -> (image: Image, colorType: UInt8) {
        let path = folder.path("reduced.png")
        try image.writeReducedPNG(to: path)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        return (try Image(contentsOf: path), bytes[25])
    }

    private func image(_ width: Int, _ height: Int, _ color: (_ x: Int, _ y: Int) -> [Int]) -> Image {
        var pixels: [UInt8] = []
        for y in 0..<height { for x in 0..<width { pixels += color(x, y).map { UInt8($0) } } }
        return Image(width: width, height: height, pixels: pixels)
    }

    @Test(arguments: [1, 2, 3, 4, 5, 16, 17, 255, 256])
    func fewColoursStayAsTheyAre(_ count: Int) throws {
        let drawn = image(37, 29) { x, y in
            let number = (y * 37 + x) % count
            return [number, 255 - number, number * 7 % 256]
        }
        let found = try written(drawn)
        #expect(found.colorType == 3)
        #expect(found.image.pixels == drawn.pixels)
    }

    /// 1024 colours on a slope: the nearest of 256 is at most two steps away in each channel.
    @Test func aSlopeLosesLittle() throws {
        let drawn = image(64, 64) { x, y in [x * 2, y / 4 * 8, 128] }
        let found = try written(drawn)
        #expect(found.colorType == 3)
        let worst = zip(found.image.pixels, drawn.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 0
        #expect((1...8).contains(worst))
        let first = try Data(contentsOf: URL(fileURLWithPath: folder.path("reduced.png")))
        _ = try written(drawn)
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder.path("reduced.png"))) == first)
    }

    @Test func manyColoursStayAsTheyAre() throws {
        // Noise over the whole cube of colours: 256 entries are some 18 steps away.
        let drawn = image(64, 64) { x, y in
            let number = (x * 7919 + y * 104_729) &* 2_654_435_761 >> 8
            return [number & 255, number >> 8 & 255, number >> 16 & 255]
        }
        let found = try written(drawn)
        #expect(found.colorType == 2)
        #expect(found.image.pixels == drawn.pixels)
    }
}

import Foundation
import Geometry
import Inference
import Tensors
import TestSupport
import Testing

@Suite struct MasksTests {
    // MARK: Probabilities

    /// Two detections, 1 × 2 pixels, three channels.
    let logits = Tensor(shape: [2, 1, 2, 3], elements: [0, 1, 2, 3, 4, 5, -1, -2, -3, 40, -40, 0])

    private func logistic(_ x: Double) -> Float { Float(1 / (1 + exp(-x))) }

    @Test func sigmoidTakesTheClassesOwnChannel() {
        let found = maskProbabilities(logits, classes: [2, 1], output: .sigmoid)
        #expect(found.shape == [2, 1, 2])
        expectClose(
            found.array, [logistic(2), logistic(5), logistic(-2), logistic(-40)], absolute: 1e-7, "sigmoid")
    }

    @Test func softmaxLetsClassesCompete() {
        let found = maskProbabilities(logits, classes: [2, 1], output: .softmax)
        func share(_ x: Double, _ all: [Double]) -> Float { Float(exp(x) / all.reduce(0) { $0 + exp($1) }) }
        expectClose(
            found.array,
            [
                share(2, [0, 1, 2]), share(5, [3, 4, 5]), share(-2, [-1, -2, -3]), share(-40, [40, -40, 0]),
            ],
            absolute: 1e-7, "softmax")
    }

    @Test(arguments: Architecture.Masks.Output.allCases)
    func oneMaskServesAllClasses(output: Architecture.Masks.Output) {
        let agnostic = Tensor(shape: [2, 1, 2, 1], elements: [0, 1, -1, 3])
        let found = maskProbabilities(agnostic, classes: [7, 80], output: output)
        expectClose(
            found.array, [0.5, logistic(1), logistic(-1), logistic(3)], absolute: 1e-7, "class-agnostic")
    }

    @Test func noDetectionsHaveNoMasks() {
        let found = maskProbabilities(Tensor(shape: [0, 28, 28, 81]), classes: [], output: .sigmoid)
        #expect(found.shape == [0, 28, 28])
    }

    // MARK: Pasting

    struct Golden: Decodable {
        struct Map: Decodable { var side: Int, values: [Int] }
        struct Case: Decodable { var map: Int, box: [Double], torchvision: [Int]?, detectron2: [Int]? }
        var size: [Int], maps: [Map], cases: [Case]
    }

    /// Lengths of runs of zeros and ones in turn, zeros first.
    private func runs(_ bits: [UInt8]) -> [Int] {
        var lengths = [0]
        var current: UInt8 = 0
        for bit in bits {
            if bit != current {
                lengths.append(0)
                current = bit
            }
            lengths[lengths.count - 1] += 1
        }
        return lengths
    }

    private func paste(
        _ values: [Float], _ box: Box, _ size: PixelSize, _ profile: Profile
    ) -> InstanceMask {
        let side = Int(Double(values.count).squareRoot())
        return values.withUnsafeBufferPointer {
            pasteMask(
                $0, side: side, box: box, imageSize: size, threshold: profile.settings.masks.threshold,
                conventions: profile.conventions.output)
        }
    }

    // torchvision's paste_masks_in_image, and detectron2's rule restated with grid_sample: boxes on and over the
    // borders, around everything, of one pixel and less. No value lies within 2e-5 of one half.
    @Test func everyPixelIsTheFrameworks() throws {
        let golden: Golden = try Fixture.json("pasting")
        let size = PixelSize(height: golden.size[0], width: golden.size[1])
        var compared = 0
        for example in golden.cases {
            let values = golden.maps[example.map].values.map { Float($0) / 1024 }
            for (profile, expected) in [
                (Profile.torchvision, example.torchvision), (.detectron2, example.detectron2),
            ] {
                guard let expected else { continue }
                let mask = paste(values, Box(example.box), size, profile)
                #expect(
                    runs(mask.expanded()) == expected,
                    "\(profile.name), map \(example.map), box \(example.box)")
                compared += 1
            }
        }
        #expect(compared > 300)
    }

    // skimage.transform.resize([[1, 0.2], [0.3, 0.9]], (4, 4), order=1, mode="constant", anti_aliasing=False) of
    // scikit-image 0.26: zeros beyond the map, and nothing below its smallest value.
    @Test func matterportsMapsAreScikitImages() {
        let map: [Float] = [1, 0.2, 0.3, 0.9]
        let enlarged = map.withUnsafeBufferPointer {
            enlargedMask(
                $0, side: 2, box: Box(x1: 3, y1: 1, x2: 7, y2: 5), imageSize: PixelSize(height: 8, width: 8),
                conventions: Profile.matterport.conventions.output)
        }
        #expect(enlarged.region == PixelRegion(x: 3, y: 1, width: 4, height: 4))
        let expected: [Float] = [
            0.5625, 0.6, 0.3, 0.2, 0.61875, 0.7125, 0.4875, 0.28125,
            0.35625, 0.5375, 0.6625, 0.54375, 0.2, 0.3375, 0.5625, 0.50625,
        ]
        #expect(zip(enlarged.values, expected).allSatisfy { abs($0 - $1) < 1e-6 })
    }

    @Test func onlyTheBoxesSurroundingsAreStored() {
        let size = PixelSize(height: 100, width: 100)
        let box = Box(x1: 20, y1: 30, x2: 48, y2: 58)
        let ones = [Float](repeating: 1, count: 28 * 28)
        // 28 pixels become 30 with the border of zeros, from 19 to 49 and 29 to 59, both included.
        #expect(
            paste(ones, box, size, .torchvision).region == PixelRegion(x: 19, y: 29, width: 31, height: 31))
        let exact = paste(ones, box, size, .detectron2)
        #expect(exact.region == PixelRegion(x: 19, y: 29, width: 30, height: 30))
        // The outermost pixel centres lie half a pixel inside the box: all of it is set, nothing else.
        #expect(exact.bounds == PixelRegion(x: 20, y: 30, width: 28, height: 28) && exact.area == 28 * 28)
    }

    @Test(arguments: [Profile.torchvision, .detectron2].map(\.name))
    func whatIsNoBoxHasNoPixels(name: String) throws {
        let profile = try #require(Profile.named(name))
        let size = PixelSize(height: 10, width: 12)
        let ones = [Float](repeating: 1, count: 4)
        for box in [
            Box(x1: .nan, y1: 0, x2: 5, y2: 5), Box(x1: 0, y1: 0, x2: .infinity, y2: 5),
            Box(x1: 0, y1: -1e30, x2: 5, y2: 1e30), Box(x1: 50, y1: 50, x2: 60, y2: 60),
            Box(x1: -60, y1: -60, x2: -50, y2: -50), Box(x1: 9, y1: 9, x2: 2, y2: 2),
        ] {
            #expect(paste(ones, box, size, profile).area == 0, "\(box)")
        }
    }

    // Exactly one half belongs to the mask.
    @Test func thresholdIsIncluded() {
        let size = PixelSize(height: 4, width: 4)
        let box = Box(x1: 0, y1: 0, x2: 4, y2: 4)
        let half = [Float](repeating: 0.5, count: 16)
        #expect(paste(half, box, size, .detectron2).area == 16)
        var strict = Profile.detectron2
        strict.settings.masks.threshold = Float(0.5).nextUp
        #expect(paste(half, box, size, strict).area == 0)
        #expect(paste([Float](repeating: .nan, count: 16), box, size, .detectron2).area == 0)
    }
}

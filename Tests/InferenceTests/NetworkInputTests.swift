import Geometry
import Inference
import Tensors
import TestSupport
import Testing

@Suite struct NetworkInputTests {
    struct Case: Decodable {
        struct Result: Decodable {
            var resized: [Int], padded: [Int], step: Int, samples: [Double], zeros: Int
        }
        var size: [Int], torchvision: Result, detectron2: Result
    }

    // torchvision's GeneralizedRCNNTransform; detectron2's steps restated with Pillow and PyTorch.
    @Test func inputsAreTheFrameworks() throws {
        let cases: [Case] = try Fixture.json("inputs")
        #expect(cases.count == 3)
        for example in cases {
            let picture = formulaPicture(height: example.size[0], width: example.size[1])
            for (profile, expected, tolerance) in [
                (Profile.torchvision, example.torchvision, 2e-6 as Float),
                (.detectron2, example.detectron2, 0),
            ] {
                let input = NetworkInput(
                    picture, conventions: profile.conventions.input,
                    settings: Settings.Input(minimumSide: 80, maximumSide: 133))
                #expect(input.original == PixelSize(height: picture.height, width: picture.width))
                #expect(input.size == PixelSize(height: expected.resized[0], width: expected.resized[1]))
                #expect(input.tensor.shape == expected.padded + [3])
                let values = input.tensor.array
                expectClose(
                    stride(from: 0, to: values.count, by: expected.step).map { values[$0] },
                    expected.samples.map { Float($0) }, absolute: tolerance, "\(profile.name) \(example.size)"
                )
                #expect(values.count { $0 == 0 } == expected.zeros)
            }
        }
    }

    // By hand, on a picture that is not resized: (value − mean) / deviation in the network's channel order.
    @Test func channelOrderGoesWithMeanAndDeviation() {
        let picture = Image(width: 1, height: 1, pixels: [10, 20, 30])
        var conventions = Profile.detectron2.conventions.input
        let single = Settings.Input(minimumSide: 1, maximumSide: 1)
        conventions.padMultiple = 1
        conventions.mean = [1, 2, 3]
        conventions.standardDeviation = [1, 2, 4]
        #expect(
            NetworkInput(picture, conventions: conventions, settings: single).tensor.array == [29, 9, 1.75])
        conventions.channelOrder = .rgb
        #expect(
            NetworkInput(picture, conventions: conventions, settings: single).tensor.array == [9, 9, 6.75])
        conventions.whitePoint = 1
        conventions.filter = .bilinearFloat
        conventions.mean = [0, 0, 0]
        conventions.standardDeviation = [1, 1, 1]
        #expect(
            NetworkInput(picture, conventions: conventions, settings: single).tensor.array
                == [10 / 255, 20 / 255, 30 / 255] as [Float])
    }

    @Test(arguments: [ResizeFilter.bilinearFloat, .antialiasedBytes, .fixedPointBytes])
    func paddingIsZeroAndOnlyRightAndBelow(filter: ResizeFilter) {
        let white = Image(width: 3, height: 2, pixels: [UInt8](repeating: 255, count: 18))
        var conventions = Profile.torchvision.conventions.input
        conventions.filter = filter
        conventions.padMultiple = 4
        let input = NetworkInput(
            white, conventions: conventions, settings: Settings.Input(minimumSide: 2, maximumSide: 3))
        #expect(input.tensor.shape == [4, 4, 3])
        for row in 0..<4 {
            for column in 0..<4 {
                #expect((input.tensor[row, column, 1] == 0) == (row >= 2 || column >= 3))
            }
        }
    }
}

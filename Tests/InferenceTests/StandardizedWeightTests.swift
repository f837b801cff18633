import Inference
import Tensors
import Testing

@Suite struct StandardizedWeightTests {
    /// By `conv_ws_2d` of mmcv 2.1, in PyTorch: the deviation divides by n − 1.
    @Test func equalsMMCV() {
        let weight = Tensor(shape: [2, 3, 1, 1], elements: [1, 2, 4, -1, 0, 5])
        let expected: [Float] = [-0.8728658, -0.2182164, 1.091082, -0.725864, -0.4147794, 1.140643]
        for (found, expected) in zip(standardizedWeight(weight).array, expected) {
            #expect(abs(found - expected) < 1e-6)
        }
    }

    /// A constant kernel has no deviation to divide by.
    @Test func ofOneNumberIsZero() {
        #expect(standardizedWeight(Tensor(shape: [1, 1, 1, 1], elements: [3])).array == [0])
    }

    @Test func layersUseIt() throws {
        func layer(_ norm: Normalization) throws -> ConvolutionLayer {
            var source = RandomParameters(seed: 5)
            return try ConvolutionLayer(
                "layer", inputs: 4, outputs: 8, window: .init(kernel: 3), norm: norm, from: &source)
        }
        let plain = try layer(.group(groups: 2)).convolution.weight
        let standardized = try layer(.group(groups: 2, standardizesWeights: true)).convolution.weight
        #expect(standardized.array == standardizedWeight(plain).array && standardized.array != plain.array)
    }
}

import Testing

import Kernels
import Tensors

@Suite("Pointwise kernels")
struct PointwiseTests {
    struct Golden: Decodable {
        struct Softmax: Decodable {
            var input: [Int]
            var output: [Double]
        }
        struct Sigmoid: Decodable {
            var input: [Float]
            var output: [Double]
        }
        var softmax: Softmax
        var sigmoid: Sigmoid
    }

    @Test("softmax and sigmoid equal PyTorch")
    func golden() throws {
        let cases = try fixture("layers", as: Golden.self)
        let logits = pattern(cases.softmax.input, seed: 1).mapped { $0 * 20 }
        // Logits up to 40 apart, rounded once each, then exponentials.
        expect(
            softmax(logits), hasShape: cases.softmax.input, near: cases.softmax.output,
            relative: 100 * unitRoundoff, "softmax")
        let inputs = Tensor(shape: [cases.sigmoid.input.count], elements: cases.sigmoid.input)
        #expect(inputs.count == 13)
        // Down there Float has only denormals, in steps of 1.4e-45.
        expect(
            sigmoid(inputs), hasShape: inputs.shape, near: cases.sigmoid.output, absolute: 2e-45,
            relative: 4 * unitRoundoff, "sigmoid")
    }

    @Test("softmax of extremes")
    func softmaxExtremes() {
        let infinity = Float.infinity
        let logits = Tensor(
            shape: [5, 3],
            elements: [
                1000, 0, -1000, 3e38, 3e38, -3e38, -3e38, -3e38, -3e38, -infinity, 2, -infinity, -1e-30, 0,
                1e-30,
            ])
        let third = 1.0 / 3
        expect(
            softmax(logits), hasShape: [5, 3],
            near: [1, 0, 0, 0.5, 0.5, 0, third, third, third, 0, 1, 0, third, third, third],
            absolute: 2 * unitRoundoff)
        // Not a distribution, and it must not look like one.
        for broken in [[Float.nan, 0, 1], [0, .nan, 1], [0, 1, .nan], [infinity, 0, 1]] {
            let output = softmax(Tensor(shape: [1, 3], elements: broken)).array
            #expect(output.contains { $0.isNaN }, "\(broken)")
        }
        #expect(softmax(Tensor(shape: [0, 3])).shape == [0, 3])
        #expect(softmax(Tensor(shape: [2, 2, 1], repeating: -5)).array == [1, 1, 1, 1])
    }

    @Test("sigmoid of extremes")
    func sigmoidExtremes() {
        #expect(sigmoid(Float.infinity) == 1)
        #expect(sigmoid(-Float.infinity) == 0)
        #expect(sigmoid(Float(3e38)) == 1)
        #expect(sigmoid(Float(-3e38)) == 0)
        #expect(sigmoid(Float.nan).isNaN)
    }

    @Test("ReLU keeps NaN and infinity")
    func reluOfSpecialValues() {
        let input = Tensor(
            shape: [2, 3], elements: [-1, 2, -.infinity, .infinity, .nan, -.leastNonzeroMagnitude])
        expect(
            relu(input), hasShape: [2, 3], near: [0, 2, 0, .infinity, .nan, 0])
    }

    @Test("the sum of two tensors")
    func sums() {
        let a = Tensor(shape: [2, 2], elements: [1, -2, 1e30, .infinity])
        let b = Tensor(shape: [2, 2], elements: [0.5, 2, 1, -.infinity])
        expect(sum(a, b), hasShape: [2, 2], near: [1.5, 0, Double(Float(1e30)), .nan])
    }
}

import Testing

import Execution
import Kernels
import Tensors

@Suite("Transposed convolution", .eachImplementation)
struct TransposedConvolutionTests {
    struct Case: Decodable, Sendable {
        var name: String
        var input: [Int]
        var outputs: Int
        var kernel: Int
        var stride: Int
        var padding: Int
        var bias = true
        var relu = false
        /// What PyTorch computes; nil in tables.
        var output: [Double]?

        var layer: TransposedConvolution {
            TransposedConvolution(
                weight: pattern([input[3], outputs, kernel, kernel], seed: 2),
                bias: bias ? pattern(outputs, seed: 4) : nil, stride: stride, padding: padding)
        }
    }

    @Test("equals PyTorch")
    func golden() throws {
        let cases = try fixture("transposed-convolutions", as: [Case].self)
        #expect(cases.count == 6)
        for item in cases {
            let found = item.layer(pattern(item.input, seed: 1), relu: item.relu)
            let shape = [
                item.input[0], item.layer.outputLength(item.input[1]), item.layer.outputLength(item.input[2]),
                item.outputs,
            ]
            // At most 20 products a sum, each below 1.
            expect(
                found, hasShape: shape, near: try #require(item.output), absolute: 21 * 20 * unitRoundoff,
                item.name)
        }
    }

    /// By the definition, the other way round than the kernel: every input adds its window to the output.
    @Test(
        "equals the definition",
        arguments: [(2, 2, 0), (4, 2, 1), (3, 1, 1), (3, 2, 1), (2, 3, 0), (5, 2, 2), (1, 1, 0)],
        [(1, 1), (2, 3), (5, 4), (14, 14)])
    func oracle(window: (kernel: Int, stride: Int, padding: Int), size: (height: Int, width: Int)) {
        for (inputs, outputs) in [(1, 8), (3, 9), (8, 17), (16, 7)] {
            let item = Case(
                name: "\(window) on \(size), \(inputs) → \(outputs)",
                input: [2, size.height, size.width, inputs], outputs: outputs, kernel: window.kernel,
                stride: window.stride, padding: window.padding)
            let source = pattern(item.input, seed: 1)
            // (length − 1) · stride − 2 · padding + kernel
            let height = (size.height - 1) * window.stride - 2 * window.padding + window.kernel
            let width = (size.width - 1) * window.stride - 2 * window.padding + window.kernel
            guard height > 0 && width > 0 else { continue }
            let bias = pattern(outputs, seed: 4)
            let weight = item.layer.weight
            var expected = (0..<2 * height * width * outputs).map { Double(bias[$0 % outputs]) }
            var magnitudes = expected.map(abs)
            for map in 0..<2 {
                for y in 0..<size.height {
                    for x in 0..<size.width {
                        for ky in 0..<window.kernel {
                            for kx in 0..<window.kernel {
                                let row = y * window.stride + ky - window.padding
                                let column = x * window.stride + kx - window.padding
                                guard (0..<height).contains(row), (0..<width).contains(column) else {
                                    continue
                                }
                                for input in 0..<inputs {
                                    let value = Double(source[map, y, x, input])
                                    for output in 0..<outputs {
                                        let index = ((map * height + row) * width + column) * outputs + output
                                        let product = value * Double(weight[input, output, ky, kx])
                                        expected[index] += product
                                        magnitudes[index] += abs(product)
                                    }
                                }
                            }
                        }
                    }
                }
            }
            let roundings = Double(inputs * window.kernel * window.kernel + 2)
            expect(
                item.layer(source), hasShape: [2, height, width, outputs], near: expected,
                within: { roundings * unitRoundoff * magnitudes[$0] }, item.name)
        }
    }

    @Test("a map without a batch axis, no maps, NaN, borrowed memory, weights packed once")
    func inputs() {
        let item = Case(name: "", input: [1, 3, 4, 5], outputs: 9, kernel: 2, stride: 2, padding: 0)
        let source = pattern(item.input, seed: 1)
        let plain = item.layer(source)
        expect(
            item.layer(source.reshaped(to: [3, 4, 5])), equals: plain.reshaped(to: [6, 8, 9]), "single map")
        #expect(item.layer(Tensor(shape: [0, 3, 4, 5])).shape == [0, 6, 8, 9])

        var broken = source
        broken[0, 1, 2, 3] = .nan
        let output = item.layer(broken, relu: true)
        for y in 0..<6 {
            for x in 0..<8 {
                let seesIt = y / 2 == 1 && x / 2 == 2
                for channel in 0..<9 { #expect(output[0, y, x, channel].isNaN == seesIt) }
            }
        }

        let lender = Lender(item.layer.weight)
        let borrowing = TransposedConvolution(
            weight: item.layer.weight.lent(by: lender), bias: item.layer.bias, stride: 2)
        // The direct kernel reads the weight as it is.
        guard ExecutionContext.current.kernels == .optimized else { return }
        borrowing.prepare()
        lender.elements.update(repeating: 7)
        expect(borrowing(source.borrowed), equals: plain, "borrowed and packed")
    }
}

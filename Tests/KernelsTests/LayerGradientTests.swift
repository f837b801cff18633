import Execution
import Kernels
import Tensors
import Testing

/// The pullbacks of transposed convolutions, dense layers, shifts and ReLU.
@Suite("Gradients of the other weighted kernels", .eachImplementation)
struct LayerGradientTests {
    /// ⟨g, transposed convolution of x⟩ by the definition, in Double: every input adds its window to the output.
    private func product(
        _ x: [Double], _ input: [Int], _ weight: [Double], _ g: [Double], _ output: [Int], kernel: Int,
        stride: Int, padding: Int
    ) -> Double {
        var sum = 0.0
        for map in 0..<input[0] {
            for y in 0..<input[1] {
                for x0 in 0..<input[2] {
                    for ky in 0..<kernel {
                        for kx in 0..<kernel {
                            let (row, column) = (y * stride + ky - padding, x0 * stride + kx - padding)
                            guard (0..<output[1]).contains(row), (0..<output[2]).contains(column) else {
                                continue
                            }
                            let destination = ((map * output[1] + row) * output[2] + column) * output[3]
                            let source = ((map * input[1] + y) * input[2] + x0) * input[3]
                            for i in 0..<input[3] {
                                for o in 0..<output[3] {
                                    let w = weight[((i * output[3] + o) * kernel + ky) * kernel + kx]
                                    sum += x[source + i] * w * g[destination + o]
                                }
                            }
                        }
                    }
                }
            }
        }
        return sum
    }

    @Test(
        "transposed convolution: equal central differences",
        arguments: [(2, 2, 0), (4, 2, 1), (3, 1, 1), (3, 2, 1), (2, 3, 0), (1, 1, 0)], [(2, 3), (4, 3)])
    func transposed(window: (kernel: Int, stride: Int, padding: Int), size: (height: Int, width: Int)) {
        let (kernel, stride, padding) = window
        let input = [2, size.height, size.width, 3]
        let layer = TransposedConvolution(
            weight: pattern([3, 2, kernel, kernel], seed: 2), bias: nil, stride: stride, padding: padding)
        let source = pattern(input, seed: 1)
        // (length − 1) · stride − 2 · padding + kernel
        let output = [2] + [size.height, size.width].map { ($0 - 1) * stride - 2 * padding + kernel } + [2]
        let gradient = pattern(output, seed: 6)
        let (x, w, g) = (source.doubles, layer.weight.doubles, gradient.doubles)
        let byInput = centralDifferences(x) {
            product($0, input, w, g, output, kernel: kernel, stride: stride, padding: padding)
        }
        let byWeight = centralDifferences(w) {
            product(x, input, $0, g, output, kernel: kernel, stride: stride, padding: padding)
        }
        // At most 32 products a sum, each below 1.
        for algorithm in ConvolutionAlgorithm.allCases {
            ExecutionContext.with(convolution: algorithm) {
                let allowed = (algorithm == .winograd ? 84.0 : 32) * 32 * unitRoundoff
                expect(
                    layer.inputGradient(gradient, inputShape: input), hasShape: input, near: byInput,
                    absolute: allowed, "\(window), \(algorithm), by the input")
                expect(
                    layer.weightGradient(gradient, input: source), hasShape: layer.weight.shape,
                    near: byWeight,
                    absolute: allowed, "\(window), \(algorithm), by the weight")
            }
        }
    }

    @Test("transposed convolution: equal PyTorch's")
    func goldenTransposed() throws {
        let cases = try fixture("convolution-gradients", as: GoldenGradients.self).transposedConvolutions
        #expect(cases.count == 3)
        for item in cases {
            let layer = TransposedConvolution(
                weight: pattern([item.input[3], item.outputs, item.kernel, item.kernel], seed: 2), bias: nil,
                stride: item.stride, padding: item.padding)
            let gradient = pattern(item.gradients.output, seed: 6)
            // At most 48 products a sum, each below 1.
            expect(
                layer.inputGradient(gradient, inputShape: item.input), hasShape: item.input,
                near: item.gradients.byInput, absolute: 48 * 48 * unitRoundoff, item.name)
            expect(
                layer.weightGradient(gradient, input: pattern(item.input, seed: 1)),
                hasShape: layer.weight.shape, near: item.gradients.byWeight,
                absolute: 48 * 48 * unitRoundoff, item.name)
        }
    }

    @Test("dense layer on flattened maps: equal PyTorch's")
    func goldenDense() throws {
        let item = try fixture("convolution-gradients", as: GoldenGradients.self).dense
        let inputs = item.input[1] * item.input[2] * item.input[3]
        let layer = Dense(
            weight: pattern([item.outputs, inputs], seed: 2), bias: nil,
            flattening: MapSize(height: item.input[1], width: item.input[2], channels: item.input[3]))
        let gradient = pattern(item.gradients.output, seed: 6)
        let input = pattern(item.input, seed: 1)
        expect(
            layer.inputGradient(gradient, inputShape: item.input), hasShape: item.input,
            near: item.gradients.byInput, absolute: 25 * unitRoundoff)
        for input in [input, input.reshaped(to: [item.input[0], inputs])] {
            expect(
                layer.weightGradient(gradient, input: input), hasShape: layer.weight.shape,
                near: item.gradients.byWeight, absolute: 9 * unitRoundoff)
        }
    }

    /// On both sides of the pieces that the gradients are computed in.
    @Test("dense layer: equal the definition", arguments: [1, 5, 515], [(1, 1), (9, 7), (259, 6), (5, 258)])
    func dense(rows: Int, size: (inputs: Int, outputs: Int)) {
        let (inputs, outputs) = size
        let layer = Dense(weight: pattern([outputs, inputs], seed: 2), bias: nil)
        let input = pattern([rows, inputs], seed: 1)
        let gradient = pattern([rows, outputs], seed: 6)
        let (x, w, g) = (input.doubles, layer.weight.doubles, gradient.doubles)
        var byInput = [Double](repeating: 0, count: x.count)
        var byWeight = [Double](repeating: 0, count: w.count)
        for row in 0..<rows {
            for output in 0..<outputs {
                for i in 0..<inputs {
                    byInput[row * inputs + i] += g[row * outputs + output] * w[output * inputs + i]
                    byWeight[output * inputs + i] += g[row * outputs + output] * x[row * inputs + i]
                }
            }
        }
        expect(
            layer.inputGradient(gradient, inputShape: [rows, inputs]), hasShape: [rows, inputs],
            near: byInput,
            absolute: Double(outputs * outputs + 1) * unitRoundoff)
        expect(
            layer.weightGradient(gradient, input: input), hasShape: [outputs, inputs], near: byWeight,
            absolute: Double(rows * rows + 1) * unitRoundoff)
    }

    @Test("dense layer: no rows")
    func noRows() {
        let layer = Dense(weight: pattern([9, 3], seed: 2), bias: nil)
        #expect(layer.inputGradient(Tensor(shape: [0, 9]), inputShape: [0, 3]).shape == [0, 3])
        expect(
            layer.weightGradient(Tensor(shape: [0, 9]), input: Tensor(shape: [0, 3])),
            equals: Tensor(shape: [9, 3]))
    }

    @Test("the sum over positions", arguments: [[0, 3], [1, 9], [255, 1], [3, 100, 17], [2, 40, 31, 5]])
    func sums(shape: [Int]) {
        let gradient = pattern(shape, seed: 6)
        let channels = shape[shape.count - 1]
        var expected = [Double](repeating: 0, count: channels)
        for (index, value) in gradient.array.enumerated() { expected[index % channels] += Double(value) }
        // Random walks stay short: blocks of 256 in Float, then Double.
        expect(
            summedOverPositions(gradient), hasShape: [channels], near: expected,
            absolute: 256 * 16 * unitRoundoff)
        // What a plain sum in Float loses: 2²⁴ + 1 = 2²⁴.
        let ones = Tensor(shape: [(1 << 24) + 4, 1], repeating: 1)
        if shape == [0, 3] { expect(summedOverPositions(ones), hasShape: [1], near: [0x1p24 + 4]) }
    }

    /// Eight elements at a time and those left over; a NaN where nothing flows stays behind.
    @Test("ReLU")
    func relu() {
        let gradient = Tensor(shape: [11], elements: [1, -2, 3, 4, .nan, 6, 7, 8, 9, -10, .nan])
        let output = Tensor(shape: [11], elements: [0, 0.5, 7, 0, 0, 1, 0, 2, 0, 3, 0])
        expect(
            reluGradient(gradient, output: output), hasShape: [11],
            near: [0, -2, 3, 0, 0, 6, 0, 8, 0, -10, 0])
    }
}

import Testing

import Execution
import Kernels
import Tensors

/// A convolution by its definition, as a function of inputs and weights in Double: what the gradient tests
/// differentiate.
struct PlainConvolution {
    let window: ConvolutionWindow
    /// `[count, height, width, inputs]`.
    let input: [Int]
    let outputs: Int
    var scale: [Double]?

    /// `[count, height, width, outputs]`, counting the windows that fit.
    var output: [Int] {
        func count(_ length: Int) -> Int {
            let extent = (window.kernel - 1) * window.dilation + 1
            return (0...).prefix { $0 * window.stride + extent <= length + 2 * window.padding }.count
        }
        return [input[0], count(input[1]), count(input[2]), outputs]
    }

    func callAsFunction(_ x: [Double], _ weight: [Double]) -> [Double] {
        let size = output
        let kernel = window.kernel
        let groupInputs = input[3] / window.groups
        var result = [Double](repeating: 0, count: size.reduce(1, *))
        for map in 0..<size[0] {
            for row in 0..<size[1] {
                for column in 0..<size[2] {
                    for channel in 0..<outputs {
                        var sum = 0.0
                        let firstInput = channel / (outputs / window.groups) * groupInputs
                        for dy in 0..<kernel {
                            let y = row * window.stride - window.padding + dy * window.dilation
                            guard (0..<input[1]).contains(y) else { continue }
                            for dx in 0..<kernel {
                                let x0 = column * window.stride - window.padding + dx * window.dilation
                                guard (0..<input[2]).contains(x0) else { continue }
                                let pixel = ((map * input[1] + y) * input[2] + x0) * input[3] + firstInput
                                for c in 0..<groupInputs {
                                    let tap = ((channel * groupInputs + c) * kernel + dy) * kernel + dx
                                    sum += x[pixel + c] * weight[tap]
                                }
                            }
                        }
                        let index = ((map * size[1] + row) * size[2] + column) * outputs + channel
                        result[index] = sum * (scale?[channel] ?? 1)
                    }
                }
            }
        }
        return result
    }
}

extension Tensor {
    /// The elements in Double.
    var doubles: [Double] { array.map(Double.init) }
}

extension ConvolutionCase {
    /// The layer with its algorithm, and the same in Double.
    private var plain: PlainConvolution {
        let layer = layer(.direct)
        return PlainConvolution(
            window: layer.window, input: input, outputs: outputs, scale: layer.scale?.map(Double.init))
    }

    /// Checks both pullbacks against central differences of ⟨gradient, convolution⟩.
    func checkGradients(_ algorithms: [ConvolutionAlgorithm] = ConvolutionAlgorithm.allCases) {
        let plain = plain
        var magnitude = plain
        magnitude.scale = plain.scale?.map(abs)
        let source = pattern(input, seed: 1)
        let weight = layer(.direct).weight
        let gradient = pattern(plain.output, seed: 6)
        let (x, w, g) = (source.doubles, weight.doubles, gradient.doubles)
        let (absX, absW, absG) = (x.map(abs), w.map(abs), g.map(abs))
        let byInput = centralDifferences(x) { innerProduct(g, plain($0, w)) }
        let byWeight = centralDifferences(w) { innerProduct(g, plain(x, $0)) }
        // The same sums with every term's absolute value: what roundings are relative to.
        let inputMagnitudes = centralDifferences(absX) { innerProduct(absG, magnitude($0, absW)) }
        let weightMagnitudes = centralDifferences(absW) { innerProduct(absG, magnitude(absX, $0)) }
        for algorithm in algorithms {
            let layer = layer(algorithm)
            expect(
                layer.inputGradient(gradient, inputShape: input), hasShape: input, near: byInput,
                within: tolerance(
                    algorithm, Double(outputs * kernel * kernel + 3), inputMagnitudes),
                "\(name), \(algorithm), by the input")
            expect(
                layer.weightGradient(gradient, input: source), hasShape: weight.shape, near: byWeight,
                within: tolerance(
                    algorithm, Double(plain.output[0] * plain.output[1] * plain.output[2] + 3),
                    weightMagnitudes), "\(name), \(algorithm), by the weight")
        }
    }
}

@Suite("Convolution's gradients")
struct ConvolutionGradientTests {
    @Test("equal central differences, any kernel, stride and padding", arguments: [1, 2, 3, 7], [1, 2, 3])
    func windows(kernel: Int, stride: Int) {
        for padding in Set([0, kernel / 2, kernel + 1]) {
            for size in [[7, 9], [8, 7]] {
                ConvolutionCase(
                    name: "kernel \(kernel), stride \(stride), padding \(padding) on \(size)",
                    input: [2] + size + [2], outputs: 3, kernel: kernel, stride: stride, padding: padding,
                    groups: 1, scale: padding > 0
                ).checkGradients()
            }
        }
    }

    @Test("equal central differences, dilated", arguments: [2, 3], [1, 2])
    func dilations(dilation: Int, groups: Int) {
        for (kernel, padding) in [(2, 0), (3, dilation), (3, 2 * dilation)] {
            ConvolutionCase(
                name: "dilation \(dilation), kernel \(kernel), padding \(padding), \(groups) groups",
                input: [2, 7, 9, 4], outputs: 6, kernel: kernel, stride: 1, padding: padding, groups: groups,
                dilation: dilation, scale: true
            ).checkGradients()
        }
    }

    @Test("equal central differences in groups", arguments: [2, 3], [1, 3])
    func groups(groups: Int, kernel: Int) {
        for stride in [1, 2] {
            ConvolutionCase(
                name: "\(groups) groups, kernel \(kernel), stride \(stride)", input: [2, 4, 5, 6],
                outputs: 12, kernel: kernel, stride: stride, padding: kernel / 2, groups: groups, scale: true
            ).checkGradients()
        }
    }

    /// Around the lanes of eight channels and the tiles of 4×4 positions.
    @Test(
        "equal central differences, 3×3 of any channels and size",
        arguments: [(1, 8), (7, 9), (9, 3), (16, 2)], [[1, 1], [2, 3], [4, 4], [5, 7]])
    func threeByThree(channels: (inputs: Int, outputs: Int), size: [Int]) {
        ConvolutionCase(
            name: "\(channels) on \(size)", input: [2] + size + [channels.inputs], outputs: channels.outputs,
            kernel: 3, stride: 1, padding: 1, groups: 1, scale: true
        ).checkGradients()
    }

    /// Maps so large that the algorithms cut them into several blocks, and choices between the algorithms: the
    /// adjoint identity ⟨convolution(x), g⟩ = ⟨x, gradient by x⟩ = ⟨weight, gradient by the weight⟩, in Double,
    /// with a forward pass that PyTorch has confirmed.
    @Test("are adjoint to the convolution", arguments: ConvolutionAlgorithm.allCases + [nil])
    func adjoint(algorithm: ConvolutionAlgorithm?) {
        for (input, outputs, kernel, stride, groups) in [
            ([3, 37, 41, 8], 9, 3, 1, 1), ([1, 61, 59, 9], 16, 1, 1, 1), ([1, 61, 59, 8], 16, 3, 2, 1),
            ([1, 48, 50, 3], 16, 7, 2, 1), ([2, 33, 31, 12], 8, 3, 1, 4), ([1, 8, 10, 64], 96, 3, 1, 1),
            ([1, 8, 10, 64], 130, 1, 1, 1), ([17, 7, 7, 16], 16, 3, 1, 1), ([1, 41, 30, 16], 8, 1, 2, 2),
        ] {
            let layer = Convolution(
                weight: pattern([outputs, input[3] / groups, kernel, kernel], seed: 2),
                window: ConvolutionWindow(kernel: kernel, stride: stride, groups: groups),
                algorithm: algorithm)
            let x = pattern(input, seed: 1)
            let y = layer(x)
            let gradient = pattern(y.shape, seed: 6)
            let forward = innerProduct(y.doubles, gradient.doubles)
            let byInput = layer.inputGradient(gradient, inputShape: input)
            let byWeight = layer.weightGradient(gradient, input: x)
            #expect(byInput.shape == input && byWeight.shape == layer.weight.shape)
            // Each of the products is near 1; what roundings leave of each output adds up like a random walk.
            let allowed =
                1e-5 * Double(y.count).squareRoot()
                * Double(layer.weight.count / outputs)
                .squareRoot()
            let name = "\(input), \(outputs) outputs, kernel \(kernel), stride \(stride), \(groups) groups"
            #expect(
                abs(innerProduct(x.doubles, byInput.doubles) - forward) < allowed, "\(name), by the input")
            #expect(
                abs(innerProduct(layer.weight.doubles, byWeight.doubles) - forward) < allowed,
                "\(name), by the weight")
        }
    }

    @Test("a map without a batch axis; no maps; NaN", arguments: ConvolutionAlgorithm.allCases)
    func inputs(algorithm: ConvolutionAlgorithm) {
        let layer = Convolution(
            weight: pattern([9, 8, 3, 3], seed: 2), window: ConvolutionWindow(kernel: 3), algorithm: algorithm
        )
        let x = pattern([1, 5, 6, 8], seed: 1)
        let gradient = pattern([1, 5, 6, 9], seed: 6)
        let (map, mapGradient) = (x.reshaped(to: [5, 6, 8]), gradient.reshaped(to: [5, 6, 9]))
        expect(
            layer.inputGradient(mapGradient, inputShape: [5, 6, 8]),
            equals: layer.inputGradient(gradient, inputShape: x.shape).reshaped(to: [5, 6, 8]))
        expect(
            layer.weightGradient(mapGradient, input: map), equals: layer.weightGradient(gradient, input: x))

        let nothing = Tensor(shape: [0, 5, 6, 9])
        #expect(layer.inputGradient(nothing, inputShape: [0, 5, 6, 8]).shape == [0, 5, 6, 8])
        expect(
            layer.weightGradient(nothing, input: Tensor(shape: [0, 5, 6, 8])),
            equals: Tensor(shape: [9, 8, 3, 3]), "no maps")

        var broken = gradient
        broken[0, 2, 3, 4] = .nan
        #expect(layer.inputGradient(broken, inputShape: x.shape)[0, 2, 3, 0].isNaN)
        let byWeight = layer.weightGradient(broken, input: x)
        for output in 0..<9 { #expect(byWeight[output, 1, 1, 1].isNaN == (output == 4)) }
    }

    @Test("equal PyTorch's", arguments: ConvolutionAlgorithm.allCases)
    func golden(algorithm: ConvolutionAlgorithm) throws {
        let cases = try fixture("convolution-gradients", as: GoldenGradients.self).convolutions
        #expect(cases.count == 9)
        for item in cases {
            let layer = Convolution(
                weight: pattern(
                    [item.outputs, item.input[3] / item.groups, item.kernel, item.kernel], seed: 2),
                scale: item.scale ? pattern(item.outputs, seed: 3) : nil,
                window: ConvolutionWindow(
                    kernel: item.kernel, stride: item.stride, padding: item.padding, groups: item.groups,
                    dilation: item.dilation ?? 1),
                algorithm: algorithm)
            let gradient = pattern(item.gradients.output, seed: 6)
            // At most 100 products a sum, each below 1; Winograd's transforms enlarge roundings.
            expect(
                layer.inputGradient(gradient, inputShape: item.input), hasShape: item.input,
                near: item.gradients.byInput, absolute: 100 * 10 * unitRoundoff, "\(item.name), by the input")
            expect(
                layer.weightGradient(gradient, input: pattern(item.input, seed: 1)),
                hasShape: layer.weight.shape, near: item.gradients.byWeight,
                absolute: 100 * 10 * unitRoundoff, "\(item.name), by the weight")
        }
    }
}

/// What PyTorch's autograd computes; `Tools/make_convolution_gradient_goldens.py` writes it.
struct GoldenGradients: Decodable {
    struct Gradients: Decodable {
        var output: [Int]
        var byInput: [Double]
        var byWeight: [Double]
    }
    struct ConvolutionItem: Decodable {
        var name: String
        var input: [Int]
        var outputs: Int
        var kernel: Int
        var stride: Int
        var padding: Int
        var groups: Int
        /// 1 if nil.
        var dilation: Int?
        var scale: Bool
        var gradients: Gradients
    }
    struct TransposedItem: Decodable {
        var name: String
        var input: [Int]
        var outputs: Int
        var kernel: Int
        var stride: Int
        var padding: Int
        var gradients: Gradients
    }
    struct DenseItem: Decodable {
        var input: [Int]
        var outputs: Int
        var gradients: Gradients
    }
    var convolutions: [ConvolutionItem]
    var transposedConvolutions: [TransposedItem]
    var dense: DenseItem
}

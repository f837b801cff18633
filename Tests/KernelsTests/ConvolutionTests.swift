import Testing

import Execution
import Kernels
import Tensors

/// A convolution of the fixtures or of a table, with parameters and inputs from the pattern.
struct ConvolutionCase: Decodable, Sendable, CustomTestStringConvertible {
    var name: String
    var input: [Int]
    var outputs: Int
    var kernel: Int
    var stride: Int
    var padding: Int
    var groups: Int
    /// 1 if nil.
    var dilation: Int?
    var scale = false
    var shift = false
    var residual = false
    var relu = false
    /// What PyTorch computes; nil in tables.
    var output: [Double]?

    var testDescription: String { name }

    func layer(_ algorithm: ConvolutionAlgorithm) -> Convolution {
        Convolution(
            weight: pattern([outputs, input[3] / groups, kernel, kernel], seed: 2),
            scale: scale ? pattern(outputs, seed: 3) : nil, shift: shift ? pattern(outputs, seed: 4) : nil,
            window: ConvolutionWindow(
                kernel: kernel, stride: stride, padding: padding, groups: groups, dilation: dilation ?? 1),
            algorithm: algorithm)
    }

    /// The output by one algorithm, and by the oracle.
    func run(_ algorithm: ConvolutionAlgorithm) -> (found: Tensor, oracle: ConvolutionOracle) {
        let layer = layer(algorithm)
        let source = pattern(input, seed: 1)
        let outputShape = ConvolutionOracle(layer, source).shape
        let summand = residual ? pattern(outputShape, seed: 5) : nil
        return (
            layer(source, adding: summand, relu: relu),
            ConvolutionOracle(layer, source, adding: summand, relu: relu)
        )
    }

    /// Checks one algorithm against the oracle.
    func check(_ algorithm: ConvolutionAlgorithm, at location: SourceLocation = #_sourceLocation) {
        let (found, oracle) = run(algorithm)
        let (values, magnitudes) = oracle.outputs()
        let allowed = tolerance(algorithm, oracle.roundings, magnitudes)
        expect(
            found, hasShape: oracle.shape, near: values, within: allowed, "\(name), \(algorithm)",
            at: location)
    }
}

/// The error that an algorithm may make at an output.
///
/// - Direct sums in Double: what is left are the roundings of the sum, the scale, the shift and the residual.
/// - A matrix product may sum in any order: one rounding a term.
/// - Winograd's transforms enlarge roundings: in the worst case by the product of the squares of the largest
///   sums of absolute values in a row of Aᵀ, Bᵀ and G, 8.2² · 5.3² · 1.9² = 7000 for the points ±5/8 and ±3/2.
///   Roundings do not conspire: the square root of that, 84, times the largest magnitude around is allowed.
func tolerance(
    _ algorithm: ConvolutionAlgorithm, _ roundings: Double, _ magnitudes: [Double]
) -> (Int) -> Double {
    switch algorithm {
    case .direct: { 4 * unitRoundoff * magnitudes[$0] }
    case .matrixProduct: { roundings * unitRoundoff * magnitudes[$0] }
    case .winograd:
        { [largest = magnitudes.max() ?? 0] _ in 84 * unitRoundoff * largest }
    }
}

@Suite("Convolution")
struct ConvolutionTests {
    @Test("equals PyTorch", arguments: ConvolutionAlgorithm.allCases)
    func golden(algorithm: ConvolutionAlgorithm) throws {
        let cases = try fixture("convolutions", as: [ConvolutionCase].self)
        #expect(cases.count == 12)
        for item in cases {
            let (found, oracle) = item.run(algorithm)
            let (_, magnitudes) = oracle.outputs()
            expect(
                found, hasShape: oracle.shape, near: try #require(item.output),
                within: tolerance(algorithm, oracle.roundings, magnitudes), "\(item.name), \(algorithm)")
        }
    }

    /// Around the lanes of eight channels and the tiles of 4×4 positions.
    @Test(
        "3×3 of any channels and size",
        arguments: [(1, 8), (3, 16), (7, 9), (8, 7), (9, 33), (16, 1), (33, 3)],
        [[1, 1], [2, 3], [3, 9], [4, 4], [5, 7], [7, 8], [12, 13]])
    func threeByThree(channels: (inputs: Int, outputs: Int), size: [Int]) {
        let item = ConvolutionCase(
            name: "\(channels) on \(size)", input: [2] + size + [channels.inputs], outputs: channels.outputs,
            kernel: 3, stride: 1, padding: 1, groups: 1, shift: true)
        for algorithm in ConvolutionAlgorithm.allCases { item.check(algorithm) }
    }

    /// Padding beyond the kernel included: then whole windows see nothing but zeros.
    @Test("any kernel, stride and padding", arguments: [1, 2, 3, 7], [1, 2, 3])
    func windows(kernel: Int, stride: Int) {
        for padding in Set([0, kernel / 2, kernel, kernel + 2]) {
            for size in [[7, 9], [8, 7], [11, 10]] {
                let item = ConvolutionCase(
                    name: "kernel \(kernel), stride \(stride), padding \(padding) on \(size)",
                    input: [2] + size + [3], outputs: 9, kernel: kernel, stride: stride, padding: padding,
                    groups: 1)
                for algorithm in ConvolutionAlgorithm.allCases { item.check(algorithm) }
            }
        }
    }

    /// Also of windows that reach beyond the map on both sides.
    @Test("any dilation", arguments: [2, 3, 4], [2, 3, 5])
    func dilations(dilation: Int, kernel: Int) {
        for groups in [1, 3] {
            for padding in Set([0, kernel / 2 * dilation, kernel * dilation]) {
                for size in [[9, 7], [4, 17]] {
                    let item = ConvolutionCase(
                        name:
                            "kernel \(kernel), dilation \(dilation), padding \(padding), \(groups) groups on \(size)",
                        input: [2] + size + [9], outputs: 12, kernel: kernel, stride: 1, padding: padding,
                        groups: groups, dilation: dilation, shift: true)
                    guard (kernel - 1) * dilation < size.min()! + 2 * padding else { continue }
                    for algorithm in ConvolutionAlgorithm.allCases { item.check(algorithm) }
                }
            }
        }
    }

    @Test("groups", arguments: [2, 3, 6], [1, 3])
    func groups(groups: Int, kernel: Int) {
        for stride in [1, 2] {
            let item = ConvolutionCase(
                name: "\(groups) groups, kernel \(kernel), stride \(stride)", input: [2, 5, 6, 18],
                outputs: 12, kernel: kernel, stride: stride, padding: kernel / 2, groups: groups, scale: true)
            for algorithm in ConvolutionAlgorithm.allCases { item.check(algorithm) }
        }
    }

    @Test("scale, shift, residual and ReLU, in every combination", arguments: [1, 3])
    func epilogue(kernel: Int) {
        for choice in 0..<16 {
            let item = ConvolutionCase(
                name: "kernel \(kernel), choice \(choice)", input: [1, 5, 6, 9], outputs: 11, kernel: kernel,
                stride: 1, padding: kernel / 2, groups: 1, scale: choice & 1 > 0, shift: choice & 2 > 0,
                residual: choice & 4 > 0, relu: choice & 8 > 0)
            for algorithm in ConvolutionAlgorithm.allCases { item.check(algorithm) }
        }
    }

    /// Maps so large that the algorithms cut them into several blocks; a sample of the outputs, the last one
    /// included, is enough.
    @Test("several blocks", arguments: ConvolutionAlgorithm.allCases)
    func blocks(algorithm: ConvolutionAlgorithm) {
        for (input, outputs, kernel) in [
            ([3, 37, 41, 3], 5, 3), ([1, 61, 59, 9], 4, 1), ([1, 48, 49, 2], 1000, 3),
        ] {
            let item = ConvolutionCase(
                name: "\(input), \(algorithm)", input: input, outputs: outputs, kernel: kernel, stride: 1,
                padding: kernel / 2, groups: 1)
            let (found, oracle) = item.run(algorithm)
            #expect(found.shape == oracle.shape)
            guard found.shape == oracle.shape else { continue }
            let elements = found.array
            let sample = Array(stride(from: elements.count - 1, through: 0, by: -997))
            let expected = sample.map(oracle.output(at:))
            expect(
                Tensor(shape: [sample.count], elements: sample.map { elements[$0] }),
                hasShape: [sample.count], near: expected.map(\.value),
                within: tolerance(algorithm, oracle.roundings, expected.map(\.magnitude)), item.name)
        }
    }

    @Test("a map without a batch axis", arguments: ConvolutionAlgorithm.allCases)
    func singleMap(algorithm: ConvolutionAlgorithm) {
        let item = ConvolutionCase(
            name: "", input: [1, 5, 6, 4], outputs: 3, kernel: 3, stride: 1, padding: 1, groups: 1)
        let layer = item.layer(algorithm)
        let batch = pattern(item.input, seed: 1)
        let residual = pattern([1, 5, 6, 3], seed: 5)
        expect(
            layer(batch.reshaped(to: [5, 6, 4]), adding: residual.reshaped(to: [5, 6, 3])),
            equals: layer(batch, adding: residual).reshaped(to: [5, 6, 3]))
    }

    @Test("no maps at all", arguments: ConvolutionAlgorithm.allCases)
    func emptyBatch(algorithm: ConvolutionAlgorithm) {
        let layer = Convolution(
            weight: pattern([3, 2, 3, 3], seed: 2), window: ConvolutionWindow(kernel: 3), algorithm: algorithm
        )
        #expect(layer(Tensor(shape: [0, 5, 6, 2])).shape == [0, 5, 6, 3])
    }

    @Test("the length of an output")
    func outputLength() {
        // ⌊(length + 2 · padding − kernel) / stride⌋ + 1 by hand.
        #expect(ConvolutionWindow(kernel: 7, stride: 2, padding: 3).outputLength(800) == 400)
        #expect(ConvolutionWindow(kernel: 3, stride: 2, padding: 1).outputLength(5) == 3)
        #expect(ConvolutionWindow(kernel: 3, stride: 2, padding: 1).outputLength(6) == 3)
        #expect(ConvolutionWindow(kernel: 3).outputLength(9) == 9)
        #expect(ConvolutionWindow(stride: 2).outputLength(25) == 13)
        #expect(ConvolutionWindow(kernel: 3, stride: 1, padding: 0).outputLength(3) == 1)
        // No window fits.
        for stride in 1...3 {
            #expect(ConvolutionWindow(kernel: 3, stride: stride, padding: 0).outputLength(2) == 0)
            #expect(ConvolutionWindow(kernel: 9, stride: stride, padding: 1).outputLength(2) == 0)
        }
    }
}

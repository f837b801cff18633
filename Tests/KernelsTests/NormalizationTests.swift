import Testing

import Kernels
import Tensors

@Suite("Normalisation", .eachImplementation)
struct NormalizationTests {
    struct Golden: Decodable {
        struct Group: Decodable {
            var input: [Int]
            var groups: Int
            var output: [Double]
        }
        struct Frozen: Decodable {
            var epsilon: Float
            var input: [Int]
            var variance: [Float]
            var output: [Float]
        }
        var groupNorm: [Group]
        var frozenBatchNorm: [Frozen]
    }

    @Test("group norm equals PyTorch")
    func groupNormGolden() throws {
        let cases = try fixture("layers", as: Golden.self).groupNorm
        #expect(cases.map(\.groups) == [1, 3, 6])
        for item in cases {
            let norm = GroupNorm(groups: item.groups, weight: pattern(6, seed: 2), bias: pattern(6, seed: 3))
            // Four roundings of numbers below 4.
            expect(
                norm(pattern(item.input, seed: 1)), hasShape: item.input, near: item.output,
                absolute: 16 * unitRoundoff, "\(item.groups) groups")
        }
    }

    /// To the last bit: torchvision folds its four vectors in float32 too.
    @Test("frozen batch norm equals torchvision")
    func frozenBatchNormGolden() throws {
        let cases = try fixture("layers", as: Golden.self).frozenBatchNorm
        #expect(cases.map(\.epsilon) == [0, 1e-5])
        for item in cases {
            let norm = FrozenBatchNorm(
                weight: pattern(6, seed: 2), bias: pattern(6, seed: 3), mean: pattern(6, seed: 4),
                variance: item.variance, epsilon: item.epsilon)
            #expect(norm.scale.count == 6 && norm.shift.count == 6)
            let input = pattern(item.input, seed: 1)
            let output = input.array.enumerated().map { index, value in
                value * norm.scale[index % 6] + norm.shift[index % 6]
            }
            expect(
                Tensor(shape: item.input, elements: output), hasShape: item.input,
                near: item.output.map(Double.init), "epsilon \(item.epsilon)")
        }
    }

    /// In two passes and in Double; maps far from 0 lose the digits that their mean takes.
    @Test("group norm equals the definition", arguments: [1, 2, 4, 12], [Float(0), 100])
    func groupNormOracle(groups: Int, offset: Float) {
        let shape = [2, 5, 7, 12]
        let input = pattern(shape, seed: 1).mapped { $0 + offset }
        let residual = pattern(shape, seed: 4)
        let weight = pattern(12, seed: 2)
        let bias = pattern(12, seed: 3)
        let size = 12 / groups
        var expected: [Double] = []
        for map in 0..<2 {
            for y in 0..<5 {
                for x in 0..<7 {
                    for channel in 0..<12 {
                        let first = channel / size * size
                        var members: [Double] = []
                        for row in 0..<5 {
                            for column in 0..<7 {
                                for other in first..<first + size {
                                    members.append(Double(input[map, row, column, other]))
                                }
                            }
                        }
                        let mean = members.reduce(0, +) / Double(members.count)
                        let variance =
                            members.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(members.count)
                        let value =
                            (Double(input[map, y, x, channel]) - mean) / (variance + 1e-5).squareRoot()
                        expected.append(value * Double(weight[channel]) + Double(bias[channel]))
                    }
                }
            }
        }
        let norm = GroupNorm(groups: groups, weight: weight, bias: bias)
        // The standard deviation is about 0.6: input · scale and the shift reach twice the offset.
        let allowed = 8 * unitRoundoff * Double(4 + 2 * offset)
        expect(norm(input), hasShape: shape, near: expected, absolute: allowed)
        let finished = zip(expected, residual.array).map { max($0 + Double($1), 0) }
        expect(
            norm(input, adding: residual, relu: true), hasShape: shape, near: finished,
            absolute: allowed + 4 * unitRoundoff, "residual and ReLU")
        let single = Tensor(shape: [5, 7, 12], elements: Array(input.array.prefix(5 * 7 * 12)))
        let half = Array(expected.prefix(5 * 7 * 12))
        expect(norm(single), hasShape: [5, 7, 12], near: half, absolute: allowed, "without a batch axis")
    }

    @Test("a constant map becomes the bias; NaN stays in its group")
    func specialValues() {
        let norm = GroupNorm(groups: 2, weight: [1, 2, 3, 4], bias: [5, 6, -7, 8])
        let constant = norm(Tensor(shape: [3, 3, 4], repeating: 2))
        for (index, value) in constant.array.enumerated() { #expect(value == [5, 6, -7, 8][index % 4]) }

        var input = pattern([2, 3, 3, 4], seed: 1)
        input[1, 2, 1, 3] = .nan
        let output = norm(input, relu: true)
        for (index, value) in output.array.enumerated() {
            #expect(value.isNaN == (index / 36 == 1 && index % 4 >= 2))
        }
    }
}

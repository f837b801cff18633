import Testing

import Kernels
import Tensors

@Suite("Group norm's gradients", .eachImplementation)
struct NormalizationGradientTests {
    @Test("equal PyTorch's autograd")
    func golden() throws {
        let cases = try fixture("gradients", as: GradientFixture.self).groupNorm
        #expect(cases.map(\.groups) == [1, 3, 6])
        for item in cases {
            let norm = GroupNorm(groups: item.groups, weight: pattern(6, seed: 2), bias: pattern(6, seed: 3))
            let found = norm.gradients(pattern(item.input, seed: 6), input: pattern(item.input, seed: 1))
            let what = "\(item.groups) groups"
            // A few roundings of numbers below 8.
            expect(
                found.input, hasShape: item.input, near: item.inputGradient, absolute: 32 * unitRoundoff, what
            )
            expect(
                found.weight, hasShape: [6], near: item.weightGradient, absolute: 2 * unitRoundoff,
                relative: 2 * unitRoundoff, what)
            expect(
                found.bias, hasShape: [6], near: item.biasGradient, relative: 2 * unitRoundoff, what)
        }
    }

    /// By the definition, in two passes and in Double.
    private func normalized(
        _ input: [Double], shape: [Int], groups: Int, weight: [Double], bias: [Double]
    ) -> [Double] {
        let (area, channels) = (shape[1] * shape[2], shape[3])
        let size = channels / groups
        var output = input
        for map in 0..<shape[0] {
            for group in 0..<groups {
                let members = (0..<area).flatMap { position in
                    (group * size..<(group + 1) * size).map { (map * area + position) * channels + $0 }
                }
                let mean = members.reduce(0) { $0 + input[$1] } / Double(members.count)
                let variance =
                    members.reduce(0) { $0 + (input[$1] - mean) * (input[$1] - mean) } / Double(members.count)
                for member in members {
                    output[member] =
                        (input[member] - mean) / (variance + 1e-5).squareRoot() * weight[member % channels]
                        + bias[member % channels]
                }
            }
        }
        return output
    }

    @Test("equal central differences", arguments: [1, 2, 11], [Float(0), 10])
    func differences(groups: Int, offset: Float) {
        let shape = [2, 3, 2, 22]
        let input = pattern(shape, seed: 1).mapped { $0 + offset }
        let gradient = pattern(shape, seed: 6)
        let (weight, bias) = (pattern([22], seed: 2), pattern([22], seed: 3))
        let (inputs, weights, biases) = (
            input.array.map(Double.init), weight.array.map(Double.init), bias.array.map(Double.init)
        )
        let found = GroupNorm(groups: groups, weight: weight.array, bias: bias.array)
            .gradients(gradient, input: input)
        let byInput = centralDifferences(
            of: { normalized($0, shape: shape, groups: groups, weight: weights, bias: biases) },
            at: input, gradient: gradient)
        let byWeight = centralDifferences(
            of: { normalized(inputs, shape: shape, groups: groups, weight: $0, bias: biases) },
            at: weight, gradient: gradient)
        let byBias = centralDifferences(
            of: { normalized(inputs, shape: shape, groups: groups, weight: weights, bias: $0) },
            at: bias, gradient: gradient)
        // The input's factor and shift cancel each other, the more the farther the input is from 0.
        let allowed = 1e-6 * Double(1 + offset)
        expect(found.input, hasShape: shape, near: byInput, absolute: allowed, relative: 1e-5)
        expect(found.weight, hasShape: [22], near: byWeight, absolute: 1e-6, relative: 1e-5)
        expect(found.bias, hasShape: [22], near: byBias, absolute: 1e-6, relative: 1e-5)

        let first = GroupNorm(groups: groups, weight: weight.array, bias: bias.array).gradients(
            Tensor(shape: [3, 2, 22], elements: Array(gradient.array.prefix(132))),
            input: Tensor(shape: [3, 2, 22], elements: Array(input.array.prefix(132))))
        expect(
            first.input, hasShape: [3, 2, 22], near: Array(byInput.prefix(132)), absolute: allowed,
            relative: 1e-5, "without a batch axis")
    }

    /// Maps of many blocks: along one direction in which everything moves.
    @Test("large maps: the derivative along a direction", arguments: [1, 3, 24])
    func direction(groups: Int) {
        let shape = [2, 61, 47, 24]
        let gradient = pattern(shape, seed: 6)
        let values = [pattern(shape, seed: 1), pattern([24], seed: 2), pattern([24], seed: 3)]
        let directions = [pattern(shape, seed: 7), pattern([24], seed: 8), pattern([24], seed: 9)]
        func moved(_ step: Double) -> Double {
            let points = zip(values, directions).map { value, direction in
                zip(value.array, direction.array).map { Double($0) + step * Double($1) }
            }
            return dot(
                normalized(points[0], shape: shape, groups: groups, weight: points[1], bias: points[2]),
                gradient.array.map(Double.init))
        }
        let found = GroupNorm(groups: groups, weight: values[1].array, bias: values[2].array)
            .gradients(gradient, input: values[0])
        let slope = zip([found.input, found.weight, found.bias], directions).reduce(0) {
            $0 + dot($1.0.array.map(Double.init), $1.1.array.map(Double.init))
        }
        let expected = (moved(1e-4) - moved(-1e-4)) / 2e-4
        // 137 616 products below 4, whose roundings have random signs.
        #expect(abs(slope - expected) < 1e-3, "\(slope), expected \(expected)")
    }

    @Test("no maps; a constant map")
    func degenerate() {
        let norm = GroupNorm(groups: 2, weight: [1, 2, 3, 4], bias: [5, 6, 7, 8])
        let empty = norm.gradients(Tensor(shape: [0, 3, 3, 4]), input: Tensor(shape: [0, 3, 3, 4]))
        #expect(empty.input.shape == [0, 3, 3, 4])
        #expect(empty.weight.array == [0, 0, 0, 0] && empty.bias.array == [0, 0, 0, 0])
        #expect(norm(Tensor(shape: [0, 3, 3, 4])).shape == [0, 3, 3, 4])
        // The same gradient everywhere moves the mean, which the norm takes away, if the weights are equal.
        let even = GroupNorm(groups: 1, weight: [2, 2], bias: [0, 0])
            .gradients(Tensor(shape: [3, 3, 2], repeating: 1), input: pattern([3, 3, 2], seed: 1))
        expect(even.input, hasShape: [3, 3, 2], near: Array(repeating: 0, count: 18), absolute: 1e-6)
        #expect(even.bias.array == [9, 9])
    }
}

import Foundation
import Testing

import Kernels
import Tensors

@Suite("Gradients of pooling and resizing")
struct PoolingGradientTests {
    private func outputShape(_ input: [Int], _ window: ConvolutionWindow) -> [Int] {
        [input[0], window.outputLength(input[1]), window.outputLength(input[2]), input[3]]
    }

    @Test("max pooling equals PyTorch's autograd, with and without ties")
    func maxPoolingGolden() throws {
        let cases = try fixture("gradients", as: GradientFixture.self).maxPooling
        #expect(cases.count == 10)
        for item in cases {
            let window = ConvolutionWindow(kernel: item.kernel, stride: item.stride, padding: item.padding)
            // Sums of up to nine numbers below 1.
            expect(
                maxPooledGradient(
                    pattern(outputShape(item.input, window), seed: 6),
                    input: pattern(item.input, seed: 1, tied: item.tied), window: window),
                hasShape: item.input, near: item.inputGradient, absolute: 16 * unitRoundoff,
                "\(item.input), tied \(item.tied)")
        }
    }

    @Test("max pooling equals central differences", arguments: [1, 2, 3], [1, 2, 3])
    func maxPoolingDifferences(kernel: Int, step: Int) {
        let shape = [2, 5, 4, 9]
        let input = pattern(shape, seed: 1)
        let window = ConvolutionWindow(kernel: kernel, stride: step)
        let output = outputShape(shape, window)
        func pooled(_ values: [Double]) -> [Double] {
            var result: [Double] = []
            for map in 0..<2 {
                for top in 0..<output[1] {
                    for left in 0..<output[2] {
                        for channel in 0..<9 {
                            var largest = -Double.infinity
                            for y in 0..<5 where (0..<kernel).contains(y - top * step + window.padding) {
                                for x in 0..<4 where (0..<kernel).contains(x - left * step + window.padding) {
                                    largest = max(largest, values[((map * 5 + y) * 4 + x) * 9 + channel])
                                }
                            }
                            result.append(largest)
                        }
                    }
                }
            }
            return result
        }
        let gradient = pattern(output, seed: 6)
        let expected = centralDifferences(of: pooled, at: input, gradient: gradient, step: 1e-7)
        expect(
            maxPooledGradient(gradient, input: input, window: window), hasShape: shape, near: expected,
            absolute: 2e-6)
    }

    @Test("max pooling: the first of equals takes all; NaN takes its window")
    func winners() {
        let window = ConvolutionWindow(kernel: 2, stride: 2, padding: 0)
        let gradient = pattern([1, 1, 9], seed: 6)
        for position in 0..<4 {
            // All from `position` on are equal and larger than those before.
            var input = Tensor(shape: [2, 2, 9], repeating: -1)
            for other in position..<4 {
                for channel in 0..<9 { input[other / 2, other % 2, channel] = -0.5 }
            }
            input[1 - position / 2, position % 2, 8] = .nan
            input[1 - position / 2, position % 2, 4] = .nan
            let found = maxPooledGradient(gradient, input: input, window: window)
            for other in 0..<4 {
                for channel in 0..<9 {
                    let winner =
                        channel == 4 || channel == 8 ? (1 - position / 2) * 2 + position % 2 : position
                    #expect(
                        found[other / 2, other % 2, channel]
                            == (other == winner ? gradient[0, 0, channel] : 0))
                }
            }
        }
    }

    @Test("average over positions: the same share for each", arguments: [[3, 7, 5, 11], [1, 1, 1, 8]])
    func average(shape: [Int]) {
        let gradient = pattern([shape[0], shape[3]], seed: 6)
        let area = shape[1] * shape[2]
        let expected = (0..<shape.reduce(1, *)).map { index in
            Double(gradient[index / (area * shape[3]), index % shape[3]]) / Double(area)
        }
        let found = averagedOverPositionsGradient(gradient, inputShape: shape)
        expect(found, hasShape: shape, near: expected, relative: 2 * unitRoundoff)
        if shape[0] == 1 {
            let map = Array(shape.dropFirst())
            expect(
                averagedOverPositionsGradient(gradient, inputShape: map), equals: found.reshaped(to: map))
        }
        #expect(averagedOverPositionsGradient(Tensor(shape: [0, 3]), inputShape: [0, 7, 7, 3]).count == 0)
    }

    @Test("resizing equals PyTorch's autograd")
    func resizeGolden() throws {
        let cases = try fixture("gradients", as: GradientFixture.self).upsampling
        #expect(cases.count == 14)
        for item in cases {
            let gradient = pattern([item.height, item.width, 2], seed: 6)
            let found =
                item.mode == "nearest"
                ? upsampledNearestGradient(gradient, height: item.input[0], width: item.input[1])
                : resizedBilinearlyGradient(gradient, inputShape: item.input)
            // Sums of up to sixteen numbers below 1.
            expect(
                found, hasShape: item.input, near: item.inputGradient, absolute: 16 * unitRoundoff,
                "\(item.mode), \(item.input) from \(gradient.shape)")
        }
    }

    /// Central differences of a linear function are exact.
    @Test(
        "resizing equals central differences",
        arguments: [(1, 1), (2, 3), (5, 4)], [(1, 1), (4, 6), (9, 7), (3, 2)])
    func resizeDifferences(from size: (height: Int, width: Int), to target: (height: Int, width: Int)) {
        /// What each output along one axis takes from each input: all from one, or as much as it is near.
        func weights(_ input: Int, _ output: Int, nearest: Bool) -> [[Double]] {
            (0..<output).map { index in
                let centre = (Double(index) + 0.5) * Double(input) / Double(output) - 0.5
                let held = min(max(centre, 0), Double(input - 1))
                return (0..<input).map {
                    nearest ? ($0 == index * input / output ? 1 : 0) : max(0, 1 - abs(held - Double($0)))
                }
            }
        }
        for nearest in [true, false] {
            let rows = weights(size.height, target.height, nearest: nearest)
            let columns = weights(size.width, target.width, nearest: nearest)
            func resized(_ values: [Double]) -> [Double] {
                rows.flatMap { row in
                    columns.flatMap { column in
                        (0..<9).map { channel in
                            var sum = 0.0
                            for y in 0..<size.height where row[y] != 0 {
                                for x in 0..<size.width {
                                    sum += row[y] * column[x] * values[(y * size.width + x) * 9 + channel]
                                }
                            }
                            return sum
                        }
                    }
                }
            }
            let shape = [size.height, size.width, 9]
            let gradient = pattern([target.height, target.width, 9], seed: 6)
            let expected = centralDifferences(
                of: resized, at: Tensor(shape: shape), gradient: gradient, step: 1)
            let found =
                nearest
                ? upsampledNearestGradient(gradient, height: size.height, width: size.width)
                : resizedBilinearlyGradient(gradient, inputShape: shape)
            // Weights off by 16 roundings, as in the forward pass, times up to 63 numbers below 1.
            expect(found, hasShape: shape, near: expected, absolute: 1e-5, "nearest \(nearest)")
        }
    }

    @Test("adjoint identities on larger maps")
    func adjoint() {
        let maps = pattern([2, 61, 47, 20], seed: 1)
        let other = pattern([2, 61, 47, 20], seed: 2)
        for window in [
            ConvolutionWindow(kernel: 3, stride: 2), ConvolutionWindow(kernel: 3),
            ConvolutionWindow(kernel: 2, stride: 2, padding: 0),
        ] {
            let output = maxPooled(maps, window: window)
            let gradient = pattern(output.shape, seed: 6)
            expectAdjoint(
                output: output, gradient: gradient, inputs: [maps],
                pulledBack: [maxPooledGradient(gradient, input: maps, window: window)], "\(window)")
        }
        let mean = pattern([2, 20], seed: 6)
        expectAdjoint(
            output: averagedOverPositions(other), gradient: mean, inputs: [other],
            pulledBack: [averagedOverPositionsGradient(mean, inputShape: other.shape)], "average")
        for (height, width) in [(122, 94), (121, 95), (30, 100), (7, 3)] {
            let gradient = pattern([2, height, width, 20], seed: 6)
            expectAdjoint(
                output: resizedBilinearly(other, height: height, width: width), gradient: gradient,
                inputs: [other],
                pulledBack: [resizedBilinearlyGradient(gradient, inputShape: other.shape)], "\(height)")
            let map = pattern([61, 47, 20], seed: 2)
            let single = pattern([height, width, 20], seed: 6)
            expectAdjoint(
                output: upsampledNearest(map, height: height, width: width), gradient: single, inputs: [map],
                pulledBack: [upsampledNearestGradient(single, height: 61, width: 47)], "\(height)")
        }
        let order = pattern([2, 61, 47, 20], seed: 6)
        let first = pattern([2, 20, 61, 47], seed: 1)
        expectAdjoint(
            output: channelsLast(first), gradient: order, inputs: [first], pulledBack: [channelsFirst(order)],
            "order of channels")
    }

    /// By the definition: the derivative of probability i by logit j is p_i (δ_ij − p_j).
    @Test("softmax equals the definition and PyTorch's autograd")
    func softmaxGradients() throws {
        let golden = try fixture("gradients", as: GradientFixture.self).softmax
        let found = softmaxGradient(
            pattern(golden.input, seed: 6),
            probabilities: softmax(pattern(golden.input, seed: 1).mapped { $0 * 4 }))
        expect(found, hasShape: golden.input, near: golden.logitsGradient, absolute: 16 * unitRoundoff)

        let logits = pattern([3, 2, 5], seed: 1)
        let gradient = pattern([3, 2, 5], seed: 6)
        func probabilities(_ logits: [Double]) -> [Double] {
            stride(from: 0, to: logits.count, by: 5).flatMap { start in
                let exponentials = logits[start..<start + 5].map { exp($0) }
                return exponentials.map { $0 / exponentials.reduce(0, +) }
            }
        }
        expect(
            softmaxGradient(gradient, probabilities: softmax(logits)), hasShape: [3, 2, 5],
            near: centralDifferences(of: probabilities, at: logits, gradient: gradient),
            absolute: 16 * unitRoundoff)
        #expect(
            softmaxGradient(Tensor(shape: [0, 3]), probabilities: Tensor(shape: [0, 3])).shape == [0, 3])
    }
}

import Testing

import Kernels
import Tensors

@Suite("Pooling")
struct PoolingTests {
    struct Golden: Decodable {
        struct Pooling: Decodable {
            var input: [Int]
            var kernel: Int
            var stride: Int
            var padding: Int
            var output: [Double]
        }
        var maxPooling: [Pooling]
    }

    /// All inputs are negative, so that a padding of zeros would win.
    @Test("max pooling equals PyTorch")
    func golden() throws {
        let cases = try fixture("layers", as: Golden.self).maxPooling
        #expect(cases.count == 4)
        for item in cases {
            let window = ConvolutionWindow(kernel: item.kernel, stride: item.stride, padding: item.padding)
            let shape = [
                item.input[0], window.outputLength(item.input[1]), window.outputLength(item.input[2]),
                item.input[3],
            ]
            // The inputs are rounded when 2 is subtracted; PyTorch had them in Double.
            expect(
                maxPooled(pattern(item.input, seed: 1).mapped { $0 - 2 }, window: window), hasShape: shape,
                near: item.output, absolute: 4 * unitRoundoff, "\(item.input)")
        }
    }

    @Test("max pooling equals the definition", arguments: [1, 2, 3], [1, 2, 3])
    func oracle(kernel: Int, step: Int) {
        let (height, width, channels) = (7, 8, 19)
        let input = pattern([2, height, width, channels], seed: 1)
        for padding in 0...kernel / 2 {
            let window = ConvolutionWindow(kernel: kernel, stride: step, padding: padding)
            let rows = stride(from: -padding, through: height + padding - kernel, by: step)
            let columns = stride(from: -padding, through: width + padding - kernel, by: step)
            var expected: [Double] = []
            for map in 0..<2 {
                for top in rows {
                    for left in columns {
                        for channel in 0..<channels {
                            var largest = -Double.infinity
                            for y in 0..<height where y >= top && y < top + kernel {
                                for x in 0..<width where x >= left && x < left + kernel {
                                    largest = max(largest, Double(input[map, y, x, channel]))
                                }
                            }
                            expected.append(largest)
                        }
                    }
                }
            }
            let shape = [2, Array(rows).count, Array(columns).count, channels]
            expect(maxPooled(input, window: window), hasShape: shape, near: expected, "padding \(padding)")
        }
    }

    @Test("NaN wins, wherever in its window it stands; infinity is a number")
    func specialValues() {
        for position in 0..<4 {
            var input = pattern([2, 2, 9], seed: 1)
            input[position / 2, position % 2, 8] = .nan
            input[position / 2, position % 2, 3] = .nan
            input[position / 2, position % 2, 5] = .infinity
            input[position / 2, position % 2, 6] = -.infinity
            let output = maxPooled(input, window: ConvolutionWindow(kernel: 2, stride: 2, padding: 0))
            #expect(output.shape == [1, 1, 9])
            for channel in 0..<9 { #expect(output[0, 0, channel].isNaN == (channel == 3 || channel == 8)) }
            #expect(output[0, 0, 5] == .infinity)
            #expect(output[0, 0, 6].isFinite)
        }
    }

    @Test("average over positions equals the definition")
    func average() {
        for shape in [[3, 7, 7, 11], [1, 1, 1, 8], [2, 13, 17, 1]] {
            let input = pattern(shape, seed: 1)
            let expected = (0..<shape[0] * shape[3]).map { index -> Double in
                let (map, channel) = index.quotientAndRemainder(dividingBy: shape[3])
                var sum = 0.0
                for y in 0..<shape[1] { for x in 0..<shape[2] { sum += Double(input[map, y, x, channel]) } }
                return sum / Double(shape[1] * shape[2])
            }
            // One rounding a summand, of partial means below 1.
            let allowed = Double(shape[1] * shape[2] + 2) * unitRoundoff
            let output = averagedOverPositions(input)
            expect(output, hasShape: [shape[0], shape[3]], near: expected, absolute: allowed, "\(shape)")
            if shape[0] == 1 {
                let map = input.reshaped(to: Array(shape.dropFirst()))
                expect(averagedOverPositions(map), equals: output, "without a batch axis")
            }
        }
        #expect(averagedOverPositions(Tensor(shape: [0, 7, 7, 3])).shape == [0, 3])
    }
}

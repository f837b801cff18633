import Testing

import Kernels
import Tensors

@Suite("Upsampling")
struct UpsamplingTests {
    struct Golden: Decodable {
        struct Resize: Decodable {
            var mode: String
            var input: [Int]
            var height: Int
            var width: Int
            var output: [Float]
        }
        var upsampling: [Resize]
    }

    @Test("equals PyTorch's interpolate")
    func golden() throws {
        let cases = try fixture("layers", as: Golden.self).upsampling
        #expect(cases.count == 14)
        for item in cases {
            let input = pattern(item.input, seed: 1)
            let shape = [item.height, item.width, item.input[2]]
            let expected = item.output.map(Double.init)
            let what = "\(item.mode), \(item.input) to \(shape)"
            if item.mode == "nearest" {
                let found = upsampledNearest(input, height: item.height, width: item.width)
                expect(found, hasShape: shape, near: expected, what)
            } else {
                let found = resizedBilinearly(input, height: item.height, width: item.width)
                expect(found, hasShape: shape, near: expected, absolute: 4 * unitRoundoff, what)
            }
        }
    }

    /// The first pyramid levels of a 1333 × 800 picture, with their odd lengths.
    @Test(
        "nearest: input ⌊y · input height / height⌋",
        arguments: [(13, 25), (25, 50), (42, 84), (21, 42), (3, 7)])
    func nearest(coarse: Int, fine: Int) {
        let input = pattern([coarse, 2, 9], seed: 1)
        let output = upsampledNearest(input, height: fine, width: 3)
        #expect(output.shape == [fine, 3, 9])
        for y in 0..<fine {
            for x in 0..<3 {
                // The last input position that starts at or before the output's start.
                let row = (0..<coarse).last { $0 * fine <= y * coarse }!
                let column = (0..<2).last { $0 * 3 <= x * 2 }!
                for channel in 0..<9 { #expect(output[y, x, channel] == input[row, column, channel]) }
            }
        }
    }

    @Test("adding a coarser map leaves the caller's own maps as they are")
    func adding() {
        let fine = pattern([5, 7, 9], seed: 1)
        let coarse = pattern([3, 4, 9], seed: 2)
        let (fineBefore, coarseBefore) = (fine.array, coarse.array)
        let sums = addingUpsampled(fine, coarse)
        let enlarged = upsampledNearest(coarse, height: 5, width: 7).array
        let expected = zip(fineBefore, enlarged).map { Double($0 + $1) }
        expect(sums, hasShape: [5, 7, 9], near: expected)
        #expect(fine.array == fineBefore)
        #expect(coarse.array == coarseBefore)
        expect(addingUpsampled(fine.borrowed, coarse.borrowed), equals: sums, "borrowed")
    }

    @Test("a map that nobody else has is added to in its own memory")
    func reuse() {
        let map = pattern([40, 50, 9], seed: 1)
        let address = map.withUnsafeElements { $0.baseAddress }
        let sum = addingUpsampled(consume map, pattern([20, 25, 9], seed: 2))
        #expect(sum.withUnsafeElements { $0.baseAddress } == address)
    }

    /// Every input weighs max(0, 1 − distance), in Double; the coordinate is held inside the map first.
    @Test(
        "bilinear equals the definition",
        arguments: [(1, 1), (2, 3), (7, 5)], [(1, 1), (4, 6), (14, 9), (3, 2)])
    func bilinear(from size: (height: Int, width: Int), to target: (height: Int, width: Int)) {
        func weights(_ output: Int, _ input: Int, _ length: Int) -> [Double] {
            let coordinate = (Double(output) + 0.5) * Double(input) / Double(length) - 0.5
            let held = min(max(coordinate, 0), Double(input - 1))
            return (0..<input).map { max(0, 1 - abs(held - Double($0))) }
        }
        let channels = 9
        let input = pattern([2, size.height, size.width, channels], seed: 1)
        var expected: [Double] = []
        for map in 0..<2 {
            for y in 0..<target.height {
                let rows = weights(y, size.height, target.height)
                for x in 0..<target.width {
                    let columns = weights(x, size.width, target.width)
                    for channel in 0..<channels {
                        var sum = 0.0
                        for (i, row) in rows.enumerated() {
                            for (j, column) in columns.enumerated() {
                                sum += row * column * Double(input[map, i, j, channel])
                            }
                        }
                        expected.append(sum)
                    }
                }
            }
        }
        // Coordinates are below 8, so they and the weights are off by 8 · 2 roundings; differences are below 2.
        expect(
            resizedBilinearly(input, height: target.height, width: target.width),
            hasShape: [2, target.height, target.width, channels], near: expected,
            absolute: 64 * unitRoundoff)
    }

    @Test("taps stay inside the map")
    func taps() {
        for (input, output) in [(1, 1), (1, 9), (2, 4), (7, 3), (14, 56), (3, 1000)] {
            for index in 0..<output {
                let tap = BilinearTap(output: index, inputLength: input, outputLength: output)
                #expect(tap.first >= 0 && tap.second < input)
                #expect(tap.second == min(tap.first + 1, input - 1))
                #expect(tap.weight >= 0 && tap.weight <= 1)
            }
        }
        // Doubling: outputs 0 … 3 lie at −¼ (held at 0), ¼, ¾ and 1¼ (the border counts alone).
        let doubled = (0..<4).map { BilinearTap(output: $0, inputLength: 2, outputLength: 4) }
        #expect(doubled.map(\.first) == [0, 0, 0, 1])
        #expect(doubled.map(\.second) == [1, 1, 1, 1])
        #expect(doubled.map(\.weight) == [0, 0.25, 0.75, 0.25])
    }
}

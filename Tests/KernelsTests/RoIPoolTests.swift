import Testing

import Geometry
import Kernels
import Tensors

@Suite("RoIPool and RoIWarp")
struct RoIPoolTests {
    @Test("equals torchvision")
    func golden() throws {
        let cases = try fixture("regions", as: RegionFixture.self)
        #expect(cases.regions.count == 16)
        cases.expectEach(
            .pool(RoIPool(outputSize: cases.outputSize)), near: cases.pool.map(Double.init), absolute: 0,
            "nearest")
    }

    /// A box of 665 pixels in a picture of 800, on stride 32: 665 / 32 = 20.78 → 20 positions, and
    /// 20 / 7 = 2.86 → 2 positions a bin, so that 6 of 20 are never looked at.
    @Test("the worked example: 20.78 → 20, 2.86 → 2", arguments: [Float(0), 64, 100, 135])
    func workedExample(start: Float) {
        let layer = RoIPool(outputSize: 7, quantization: .truncating)
        let bins = layer.bins(from: start, to: start + 665, scale: 1 / 32, length: 25)
        let first = [Float(0): 0, 64: 2, 100: 3, 135: 4][start]!
        #expect(bins == (0..<7).map { first + 2 * $0..<first + 2 * $0 + 2 })
    }

    /// Fast R-CNN's own rounding of the same box: 20.78 → 21, whose end counts, so 22 positions; bins of
    /// 22 / 7 = 3.14 reach from ⌊start⌋ to ⌈end⌉ and share positions.
    @Test("the worked example, rounded to the nearest")
    func workedExampleNearest() {
        let bins = RoIPool(outputSize: 7).bins(from: 0, to: 665, scale: 1 / 32, length: 25)
        #expect(bins == [0..<4, 3..<7, 6..<10, 9..<13, 12..<16, 15..<19, 18..<22])
    }

    @Test("bins by hand")
    func bins() {
        let nearest = RoIPool(outputSize: 2)
        // ½ and 2½ round away from 0: positions 1 … 3, bins of 1½.
        #expect(nearest.bins(from: 2, to: 10, scale: 0.25, length: 9) == [1..<3, 2..<4])
        // −½ → −1; what lies outside is cut off.
        #expect(nearest.bins(from: -2, to: 10, scale: 0.25, length: 9) == [0..<2, 1..<4])
        // Edges in the wrong order count as one position.
        #expect(nearest.bins(from: 20, to: 4, scale: 0.25, length: 9) == [5..<6, 5..<6])
        // Outside: empty bins.
        #expect(nearest.bins(from: 400, to: 440, scale: 0.25, length: 9).allSatisfy { $0.isEmpty })
        #expect(nearest.bins(from: -440, to: -400, scale: 0.25, length: 9).allSatisfy { $0.isEmpty })

        let truncating = RoIPool(outputSize: 2, quantization: .truncating)
        #expect(truncating.bins(from: 7.9, to: 27.9, scale: 0.25, length: 9) == [1..<3, 3..<5])
        #expect(truncating.bins(from: 7.9, to: 27.9, scale: 0.25, length: 4) == [1..<3, 3..<4])
        // A bin has one position at least.
        #expect(truncating.bins(from: 8, to: 9, scale: 0.25, length: 9) == [2..<3, 3..<4])
    }

    @Test("the largest value of each bin, 0 for an empty one", arguments: RoIPool.Quantization.allCases)
    func oracle(quantization: RoIPool.Quantization) {
        let shape = [11, 14, 9]
        let map = pattern(shape, seed: 1).mapped { $0 - 2 }
        let layer = RoIPool(outputSize: 3, quantization: quantization)
        for box in [
            Box(x1: 5, y1: 7, x2: 41, y2: 33), Box(x1: -30, y1: -8, x2: 30, y2: 80),
            Box(x1: 1, y1: 1, x2: 2, y2: 2), Box(x1: 90, y1: 2, x2: 100, y2: 9),
        ] {
            let rows = layer.bins(from: box.y1, to: box.y2, scale: 0.25, length: shape[0])
            let columns = layer.bins(from: box.x1, to: box.x2, scale: 0.25, length: shape[1])
            #expect(rows.count == 3 && columns.count == 3)
            var expected: [Double] = []
            for row in rows {
                for column in columns {
                    for channel in 0..<shape[2] {
                        let values = row.flatMap { y in column.map { x in Double(map[y, x, channel]) } }
                        expected.append(values.max() ?? 0)
                    }
                }
            }
            expect(
                RoILayer.pool(layer)(map, box, scale: 0.25), hasShape: [3, 3, shape[2]], near: expected,
                "\(box)")
        }
    }

    @Test("NaN wins its bin, wherever it stands; infinity is a number")
    func specialValues() {
        let layer = RoILayer.pool(RoIPool(outputSize: 2, quantization: .truncating))
        for position in 0..<4 {
            var map = pattern([4, 4, 9], seed: 1)
            map[position / 2, position % 2, 4] = .nan
            map[position / 2, position % 2, 8] = .nan
            map[position / 2, position % 2, 2] = .infinity
            map[position / 2, position % 2, 3] = -.infinity
            let output = layer(map, Box(x1: 0, y1: 0, x2: 4, y2: 4), scale: 1)
            for channel in 0..<9 {
                #expect(
                    output[0, 0, channel].isNaN == (channel == 4 || channel == 8), "\(position) \(channel)")
                #expect(output[1, 1, channel].isFinite)
            }
            #expect(output[0, 0, 2] == .infinity)
            #expect(output[0, 0, 3].isFinite)
        }
    }

    @Test("RoIWarp is RoIAlign of the rounded box", arguments: RoIAlign.Reduction.allCases, [1, 2, nil])
    func warp(reduction: RoIAlign.Reduction, samplesPerAxis: Int?) throws {
        // By hand, a quarter of each edge: ½ → 1, 1½ → 2, 5½ → 6, 7.4 → 7; −½ → −1, −1½ → −2, 2.4 → 2, 3.6 → 4.
        let rounded = [
            (Box(x1: 2, y1: 6, x2: 22, y2: 29.6), Box(x1: 1, y1: 2, x2: 6, y2: 7)),
            (Box(x1: -2, y1: -6, x2: 9.6, y2: 14.4), Box(x1: -1, y1: -2, x2: 2, y2: 4)),
        ]
        let map = pattern([11, 14, 9], seed: 1)
        let warp = RoIWarp(outputSize: 3, samplesPerAxis: samplesPerAxis, reduction: reduction)
        let align = RoIAlign(outputSize: 3, samplesPerAxis: samplesPerAxis, reduction: reduction)
        for (box, quantized) in rounded {
            #expect(warp.quantized(box, scale: 0.25) == quantized)
            expect(
                RoILayer.warp(warp)(map, box, scale: 0.25),
                equals: RoILayer.align(align)(map, quantized, scale: 1), "\(box)")
        }
        // Rounding matters: without it the answer is another one.
        let box = rounded[0].0
        #expect(
            RoILayer.warp(warp)(map, box, scale: 0.25).array
                != RoILayer.align(align)(map, box, scale: 0.25).array)
    }
}

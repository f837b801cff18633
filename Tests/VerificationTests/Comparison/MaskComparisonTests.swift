import Tensors
import Testing

import Verification

@Suite struct MaskComparisonTests {
    private func mask(_ height: Int, _ width: Int, _ isInside: (Int, Int) -> Bool) -> [UInt8] {
        (0..<height * width).map { isInside($0 / width, $0 % width) ? 1 : 0 }
    }

    private let inPlace = [RowPairing.Pair(reference: 0, candidate: 0)]

    @Test func aShiftedSquare() {
        // By hand: 10 × 10 pixels moved by one column share 90 of 110.
        let a = mask(20, 37) { 5..<15 ~= $0 && 5..<15 ~= $1 }
        let b = mask(20, 37) { 5..<15 ~= $0 && 6..<16 ~= $1 }
        let result = MaskComparison(reference: a, candidate: b, height: 20, width: 37, pairs: inPlace)
        #expect(abs(result.meanOverlap - 90.0 / 110) < 1e-12)
        #expect(result.differingPixels == 20)
        #expect(result.largestBoundaryDistance == 1)
        #expect(result.worst == inPlace[0])
        // Of 36 border pixels on either side, the 8 inner ones of an end column are off their border by one;
        // those of the other end lie one inside the other square.
        #expect(result.meanBoundaryDistance > 0 && result.meanBoundaryDistance < 1)
    }

    @Test func equalEmptyAndFarMasks() {
        let empty = mask(30, 60) { _, _ in false }
        let left = mask(30, 60) { 2..<6 ~= $0 && 2..<6 ~= $1 }
        let right = mask(30, 60) { 2..<6 ~= $0 && 50..<54 ~= $1 }
        func compare(_ a: [UInt8], _ b: [UInt8]) -> MaskComparison {
            MaskComparison(reference: a, candidate: b, height: 30, width: 60, pairs: inPlace)
        }
        #expect(compare(empty, empty) == MaskComparison(count: 1))
        #expect(compare(left, left) == MaskComparison(count: 1))
        #expect(compare(left, empty).meanOverlap == 0)
        #expect(compare(left, right).largestBoundaryDistance == Double(MaskComparison.farthest))
        #expect(compare(left, right).differingPixels == 32)
        #expect(compare(left.map { $0 * 255 }, left).hasOtherValues)
    }

    /// Against looking at all pixels of both masks.
    @Test(arguments: 0..<8)
    func agreesWithLookingAtAllPixels(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let (height, width) = (13, 41)
        func blob() -> [UInt8] {
            let (y, x) = (generator.uniform() * 12, 10 + generator.uniform() * 14)
            let radius = 2 + generator.uniform() * 5
            return mask(height, width) {
                let (dy, dx) = (Double($0) - y, Double($1) - x)
                return dy * dy + dx * dx < radius * radius
            }
        }
        let masks = [blob() + blob(), blob() + blob()]
        let pairs = [
            RowPairing.Pair(reference: 0, candidate: 1), RowPairing.Pair(reference: 1, candidate: 0),
        ]
        let result = MaskComparison(
            reference: masks[0], candidate: masks[1], height: height, width: width, pairs: pairs)
        let area = height * width
        var (overlaps, different, largest): ([Double], Int, Double) = ([], 0, 0)
        for pair in pairs {
            let a = Array(masks[0][pair.reference * area..<(pair.reference + 1) * area])
            let b = Array(masks[1][pair.candidate * area..<(pair.candidate + 1) * area])
            let both = (0..<area).filter { a[$0] == 1 && b[$0] == 1 }.count
            let either = (0..<area).filter { a[$0] == 1 || b[$0] == 1 }.count
            overlaps.append(either == 0 ? 1 : Double(both) / Double(either))
            different += either - both
            func border(_ mask: [UInt8]) -> [(Int, Int)] {
                (0..<area).filter { mask[$0] == 1 }.map { ($0 / width, $0 % width) }.filter { y, x in
                    y == 0 || x == 0 || y == height - 1 || x == width - 1
                        || [(y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)].contains {
                            mask[$0.0 * width + $0.1] == 0
                        }
                }
            }
            let borders = [border(a), border(b)]
            for (from, to) in [(borders[0], borders[1]), (borders[1], borders[0])] {
                for (y, x) in from {
                    let nearest = to.map {
                        Double(($0.0 - y) * ($0.0 - y) + ($0.1 - x) * ($0.1 - x)).squareRoot()
                    }.min()
                    largest = max(largest, min(nearest ?? 16, 16))
                }
            }
        }
        #expect(abs(result.meanOverlap - overlaps.reduce(0, +) / 2) < 1e-12)
        #expect(result.smallestOverlap == overlaps.min())
        #expect(result.differingPixels == different)
        #expect(abs(result.largestBoundaryDistance - largest) < 1e-12)
    }
}

@Suite struct KeypointComparisonTests {
    @Test func distancesAreInPixels() {
        // Two rows of two keypoints; by hand: 5 (3, 4), 0.05, 0 and 0.
        let reference: [Float] = [0, 0, 1, 10, 10, 1, 20, 20, 1, 30, 30, 1]
        var candidate = reference
        candidate[0] = 3
        candidate[1] = 4
        candidate[3] = 10.05
        let pairs = [0, 1].map { RowPairing.Pair(reference: $0, candidate: $0) }
        let result = reference.withUnsafeBufferPointer { reference in
            candidate.withUnsafeBufferPointer {
                KeypointComparison(reference: reference, candidate: $0, keypoints: 2, pairs: pairs)
            }
        }
        #expect(result.count == 4 && result.nearCount == 3)
        #expect(result.largestDistance == 5)
        #expect(abs(result.meanDistance - 5.05 / 4) < 1e-6)
        #expect(!result.isExplained)
    }
}

import Geometry

// Selected rows are paired one to one before they are compared, since a difference in the last bit of a score
// can change their order and, near a threshold, their number:
//
// 1. Two rows can be partners if the IoU of their boxes is at least 0.7, which is above the NMS threshold of
//    detections and equal to that of proposals.
// 2. The quality of a pair is its IoU minus the difference of the scores, minus 0.5 if the classes differ.
// 3. Pairs are chosen greedily, best first, each row at most once. Of equally good pairs, the one whose row
//    indices are closer comes first.

/// Boxes with their scores and classes.
package struct RankedBoxes: Sendable {
    /// `[N]` boxes.
    package var boxes: [Box]
    /// One per box; nil if there are none.
    package var scores: [Float]?
    /// One per box; nil if there are none.
    package var classes: [Int]?

    /// Boxes with optional scores and classes, in the same order.
    package init(boxes: [Box], scores: [Float]? = nil, classes: [Int]? = nil) {
        self.boxes = boxes
        self.scores = scores
        self.classes = classes
    }
}

/// A one-to-one pairing of the rows of two lists.
package struct RowPairing: Sendable, Equatable {
    /// A row of the reference and its partner in the candidate.
    package struct Pair: Sendable, Equatable {
        /// The index of the reference's row.
        package let reference: Int
        /// The index of the candidate's row.
        package let candidate: Int

        /// A pair of the rows at the given indices.
        package init(reference: Int, candidate: Int) {
            self.reference = reference
            self.candidate = candidate
        }
    }

    /// The pairs, in the order of the reference's rows.
    package let pairs: [Pair]
    /// The number of rows of the reference.
    package let referenceCount: Int
    /// The number of rows of the candidate.
    package let candidateCount: Int
    /// The indices of the reference's rows without a partner.
    package let unmatchedReference: [Int]
    /// The indices of the candidate's rows without a partner.
    package let unmatchedCandidate: [Int]

    /// The largest number of rows that are paired by content; longer lists are paired by index.
    static let limit = 4096
    /// The smallest IoU of two boxes that can be partners.
    static let smallestOverlap: Float = 0.7

    /// Whether every row has a partner at the same index.
    package var isInPlace: Bool {
        referenceCount == candidateCount && pairs.count == referenceCount
            && pairs.allSatisfy { $0.reference == $0.candidate }
    }

    /// A pairing of the given pairs, which may be in any order.
    package init(_ pairs: [Pair], referenceCount: Int, candidateCount: Int) {
        self.pairs = pairs.sorted { $0.reference < $1.reference }
        self.referenceCount = referenceCount
        self.candidateCount = candidateCount
        let (reference, candidate) = (Set(pairs.map(\.reference)), Set(pairs.map(\.candidate)))
        unmatchedReference = (0..<referenceCount).filter { !reference.contains($0) }
        unmatchedCandidate = (0..<candidateCount).filter { !candidate.contains($0) }
    }

    /// The pairing by index, up to the length of the shorter list.
    package static func inPlace(_ referenceCount: Int, _ candidateCount: Int) -> RowPairing {
        RowPairing(
            (0..<min(referenceCount, candidateCount)).map { Pair(reference: $0, candidate: $0) },
            referenceCount: referenceCount, candidateCount: candidateCount)
    }

    /// Pairs rows by the three steps at the top of this file. Complexity: O(n · m) IoUs, and sorting those
    /// that are large enough.
    package init(reference: RankedBoxes, candidate: RankedBoxes) {
        struct Possible {
            let quality: Float
            let reference: UInt16
            let candidate: UInt16
            var shift: Int { abs(Int(reference) - Int(candidate)) }
        }
        let (rows, columns) = (reference.boxes.count, candidate.boxes.count)
        precondition(rows <= Self.limit && columns <= Self.limit)
        var possible: [Possible] = []
        for row in 0..<rows {
            for column in 0..<columns {
                let overlap = Self.likeness(reference.boxes[row], candidate.boxes[column])
                guard overlap >= Self.smallestOverlap else { continue }
                var quality = overlap
                if let scores = reference.scores, let others = candidate.scores {
                    let difference = abs(scores[row] - others[column])
                    quality -= difference.isNaN ? 1 : difference
                }
                if let classes = reference.classes, let others = candidate.classes,
                    classes[row] != others[column]
                {
                    quality -= 0.5
                }
                possible.append(
                    Possible(quality: quality, reference: UInt16(row), candidate: UInt16(column)))
            }
        }
        possible.sort { $0.quality != $1.quality ? $0.quality > $1.quality : $0.shift < $1.shift }
        var (takenRows, takenColumns) = (
            [Bool](repeating: false, count: rows), [Bool](repeating: false, count: columns)
        )
        var pairs: [Pair] = []
        for pair in possible {
            let (row, column) = (Int(pair.reference), Int(pair.candidate))
            if takenRows[row] || takenColumns[column] { continue }
            takenRows[row] = true
            takenColumns[column] = true
            pairs.append(Pair(reference: row, candidate: column))
        }
        self.init(pairs, referenceCount: rows, candidateCount: columns)
    }

    /// The IoU of two boxes; for boxes whose edges differ by at most 0.1 pixels, at least 1 − that
    /// difference. So thin boxes that rounding makes disjoint can be partners, and equal boxes have 1 even
    /// without area.
    static func likeness(_ a: Box, _ b: Box) -> Float {
        let distance = max(
            max(abs(a.x1 - b.x1), abs(a.y1 - b.y1)), max(abs(a.x2 - b.x2), abs(a.y2 - b.y2)))
        let overlap = a.overlap(with: b)
        if distance <= 0.1 { return overlap >= 1 - distance ? overlap : 1 - distance }
        return overlap
    }

    /// The pairs that are out of order, as indices into ``pairs``: the smallest set that would have to move
    /// for all to be in the reference's order.
    package var movedPairs: [Int] {
        // The longest increasing subsequence, by patience sorting: `tails[k]` is the end of the best
        // subsequence of length k + 1.
        var tails: [Int] = []
        var previous = [Int?](repeating: nil, count: pairs.count)
        for (index, pair) in pairs.enumerated() {
            var (low, high) = (0, tails.count)
            while low < high {
                let middle = (low + high) / 2
                if pairs[tails[middle]].candidate < pair.candidate { low = middle + 1 } else { high = middle }
            }
            if low > 0 { previous[index] = tails[low - 1] }
            if low < tails.count { tails[low] = index } else { tails.append(index) }
        }
        var inOrder: Set<Int> = []
        var next = tails.last
        while let index = next {
            inOrder.insert(index)
            next = previous[index]
        }
        return pairs.indices.filter { !inOrder.contains($0) }
    }
}

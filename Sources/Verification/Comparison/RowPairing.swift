import Geometry

// Selected rows are paired one to one before they are compared, since a score that differs in its last bit can
// change their order, and a score near a threshold their number:
//
// 1. Two rows can be partners if their boxes overlap by at least 0.7: more than two detections that suppression
//    leaves, and as much as two proposals.
// 2. The better the overlap and the nearer the scores, the better the pair; another class counts against it.
// 3. The best pair of all is taken, its rows are gone, and so on. Of equal pairs the one of nearer rows wins.

/// Boxes with what ranks and separates them.
package struct RankedBoxes: Sendable {
    package var boxes: [Box]
    /// One a box, or nil.
    package var scores: [Float]?
    /// One a box, or nil.
    package var classes: [Int]?

    package init(boxes: [Box], scores: [Float]? = nil, classes: [Int]? = nil) {
        self.boxes = boxes
        self.scores = scores
        self.classes = classes
    }
}

/// Which rows of two lists are the same thing.
package struct RowPairing: Sendable, Equatable {
    /// A row of the reference and one of the candidate.
    package struct Pair: Sendable, Equatable {
        /// Index into the reference's rows.
        package let reference: Int
        /// Index into the candidate's rows.
        package let candidate: Int

        /// One row of each.
        package init(reference: Int, candidate: Int) {
            self.reference = reference
            self.candidate = candidate
        }
    }

    /// In the order of the reference's rows.
    package let pairs: [Pair]
    /// How many rows the reference has.
    package let referenceCount: Int
    /// How many rows the candidate has.
    package let candidateCount: Int
    /// Rows of the reference without a partner.
    package let unmatchedReference: [Int]
    /// Rows of the candidate without a partner.
    package let unmatchedCandidate: [Int]

    /// Two lists with more rows than this are compared row by row instead.
    static let limit = 4096
    /// The smallest overlap of two boxes that can be the same.
    static let smallestOverlap: Float = 0.7

    /// Whether every row has a partner at its own place.
    package var isInPlace: Bool {
        referenceCount == candidateCount && pairs.count == referenceCount
            && pairs.allSatisfy { $0.reference == $0.candidate }
    }

    /// Given pairs, in any order.
    package init(_ pairs: [Pair], referenceCount: Int, candidateCount: Int) {
        self.pairs = pairs.sorted { $0.reference < $1.reference }
        self.referenceCount = referenceCount
        self.candidateCount = candidateCount
        let (reference, candidate) = (Set(pairs.map(\.reference)), Set(pairs.map(\.candidate)))
        unmatchedReference = (0..<referenceCount).filter { !reference.contains($0) }
        unmatchedCandidate = (0..<candidateCount).filter { !candidate.contains($0) }
    }

    /// Every row with the one at its own place, as far as both go.
    package static func inPlace(_ referenceCount: Int, _ candidateCount: Int) -> RowPairing {
        RowPairing(
            (0..<min(referenceCount, candidateCount)).map { Pair(reference: $0, candidate: $0) },
            referenceCount: referenceCount, candidateCount: candidateCount)
    }

    /// Pairs by the three steps above. Complexity: O(n · m) overlaps, and sorting those that are large enough.
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

    /// The overlap of two boxes. Boxes so thin that a rounding moves them apart count by the distance of their
    /// edges, and the same box twice has overlap 1 even without area.
    static func likeness(_ a: Box, _ b: Box) -> Float {
        let distance = max(
            max(abs(a.x1 - b.x1), abs(a.y1 - b.y1)), max(abs(a.x2 - b.x2), abs(a.y2 - b.y2)))
        let overlap = a.overlap(with: b)
        if distance <= 0.1 { return overlap >= 1 - distance ? overlap : 1 - distance }
        return overlap
    }

    /// The pairs that stand in another order than the reference's, as indices into ``pairs``: the fewest that
    /// would have to move for all to be in order.
    package var movedPairs: [Int] {
        // The longest increasing subsequence, by patience sorting: `tails[k]` ends the best run of length k + 1.
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

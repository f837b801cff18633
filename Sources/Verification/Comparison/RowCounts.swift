import Geometry
import Inference

/// The thresholds that select rows, where rounding alone can make a row come or go.
package struct SelectionLimits: Sendable {
    /// Detections below this probability are dropped.
    package var score: Float
    /// Largest overlap of two proposals.
    package var proposalOverlap: Float
    /// Largest overlap of two detections of one class.
    package var detectionOverlap: Float

    /// Limits; by default those that all profiles share.
    package init(score: Float = 0.05, proposalOverlap: Float = 0.7, detectionOverlap: Float = 0.5) {
        self.score = score
        self.proposalOverlap = proposalOverlap
        self.detectionOverlap = detectionOverlap
    }

    /// Those of a model.
    package init(_ model: Model) {
        self.init(
            score: model.settings.boxes.scoreThreshold,
            proposalOverlap: Float(model.settings.proposals.nmsThreshold),
            detectionOverlap: Float(model.settings.boxes.nmsThreshold))
    }

    func score(of group: RowGroup) -> Float? { group == .detections || group == .output ? score : nil }

    func overlap(of group: RowGroup) -> Float? {
        switch group.selection {
        case .candidates: nil
        case .proposals: proposalOverlap
        case .detections, .output: detectionOverlap
        }
    }
}

/// What became of selected rows: how many have a partner, stand elsewhere, or are on one side only, and which of
/// these rounding explains.
package struct RowCounts: Sendable, Equatable {
    /// Rows with a partner.
    package internal(set) var paired: Int
    /// Rows of the reference without one.
    package internal(set) var unmatchedReference: Int
    /// Rows of the candidate without one.
    package internal(set) var unmatchedCandidate: Int
    /// Paired rows out of order, the fewest that would have to move.
    package internal(set) var reordered = 0
    /// Those of them whose score is that of the row whose place they take, within the scores' own error.
    package internal(set) var ties = 0
    /// Unmatched rows whose score is at the threshold for scores.
    package internal(set) var flipsAtScore = 0
    /// Unmatched rows whose overlap with a row of the other side is at the threshold of suppression, or that
    /// such a row would suppress.
    package internal(set) var flipsAtOverlap = 0
    /// Unmatched rows whose score is that of the last row that the other side keeps.
    package internal(set) var flipsAtCut = 0

    /// Unmatched rows of both sides.
    package var unmatched: Int { unmatchedReference + unmatchedCandidate }
    /// Unmatched rows that rounding explains.
    package var flips: Int { flipsAtScore + flipsAtOverlap + flipsAtCut }

    /// Whether rounding explains everything: no order but that of ties, and no unmatched row but flips, at most
    /// two or one row in fifty.
    package var areExplained: Bool {
        let rows = paired + max(unmatchedReference, unmatchedCandidate)
        return reordered == ties && unmatched == flips && flips <= max(2, rows / 50)
    }
}

extension RowCounts {
    /// How near a score must be to a threshold for rounding to decide.
    private static let scoreMargin: Float = 1e-4
    /// How near an overlap must be.
    private static let overlapMargin: Float = 2e-3

    package init(
        _ pairing: RowPairing, reference: RankedBoxes, candidate: RankedBoxes, group: RowGroup,
        limits: SelectionLimits
    ) {
        paired = pairing.pairs.count
        unmatchedReference = pairing.unmatchedReference.count
        unmatchedCandidate = pairing.unmatchedCandidate.count
        let margin = Self.margin(pairing, reference, candidate)
        countMoved(pairing, scores: reference.scores, margin: margin)
        let sides = [
            Side(rows: pairing.unmatchedReference, own: reference, other: candidate),
            Side(rows: pairing.unmatchedCandidate, own: candidate, other: reference),
        ]
        var causes = sides.map { side in
            side.rows.map { side.flip($0, group: group, limits: limits, margin: margin) }
        }
        // A row also comes or goes when one that suppresses it does.
        if let overlap = limits.overlap(of: group) {
            let first = causes
            for (index, side) in sides.enumerated() {
                let others = zip(sides[1 - index].rows, first[1 - index]).filter { $0.1 != nil }.map(\.0)
                for (position, row) in side.rows.enumerated() where causes[index][position] == nil {
                    if others.contains(where: { side.suppresses($0, row, above: overlap) }) {
                        causes[index][position] = .overlap
                    }
                }
            }
        }
        for cause in causes.joined() {
            switch cause {
            case .score: flipsAtScore += 1
            case .overlap: flipsAtOverlap += 1
            case .cut: flipsAtCut += 1
            case nil: break
            }
        }
    }

    /// Two rows can change places when their scores differ by less than the errors of both.
    private static func margin(_ pairing: RowPairing, _ reference: RankedBoxes, _ candidate: RankedBoxes)
        -> Float
    {
        guard let scores = reference.scores, let others = candidate.scores else { return scoreMargin }
        let errors = pairing.pairs.map { abs(scores[$0.reference] - others[$0.candidate]) }
        return min(max(2 * (errors.max() ?? 0), 1e-6), 10 * scoreMargin)
    }

    private mutating func countMoved(_ pairing: RowPairing, scores: [Float]?, margin: Float) {
        let moved = pairing.movedPairs
        reordered = moved.count
        guard let scores, !moved.isEmpty else { return }
        // The place of each pair among all pairs, in the candidate's order.
        let order = pairing.pairs.indices.sorted {
            pairing.pairs[$0].candidate < pairing.pairs[$1].candidate
        }
        var places = [Int](repeating: 0, count: order.count)
        for (place, index) in order.enumerated() { places[index] = place }
        ties =
            moved.filter { index in
                let own = scores[pairing.pairs[index].reference]
                return abs(own - scores[pairing.pairs[places[index]].reference]) <= margin
            }.count
    }

    private enum Flip { case score, overlap, cut }

    /// The unmatched rows of one side.
    private struct Side {
        let rows: [Int]
        let own: RankedBoxes
        let other: RankedBoxes

        /// Which threshold the row is at, if any.
        func flip(_ row: Int, group: RowGroup, limits: SelectionLimits, margin: Float) -> Flip? {
            if let score = own.scores?[row] {
                if let threshold = limits.score(of: group), abs(score - threshold) <= scoreMargin {
                    return .score
                }
                if own.boxes.count <= other.boxes.count, let last = other.scores?.min(),
                    abs(score - last) <= max(margin, 1e-6)
                {
                    return .cut
                }
            }
            guard let threshold = limits.overlap(of: group) else { return nil }
            let isNear = other.boxes.indices.contains { index in
                sharesClass(row, index)
                    && abs(own.boxes[row].overlap(with: other.boxes[index]) - threshold) <= overlapMargin
            }
            return isNear ? .overlap : nil
        }

        /// Whether a row of the other side would suppress one of this side.
        func suppresses(_ suppressor: Int, _ row: Int, above threshold: Float) -> Bool {
            sharesClass(row, suppressor)
                && own.boxes[row].overlap(with: other.boxes[suppressor]) > threshold - overlapMargin
        }

        private func sharesClass(_ row: Int, _ otherRow: Int) -> Bool {
            guard let classes = own.classes, let others = other.classes else { return true }
            return classes[row] == others[otherRow]
        }
    }
}

import Geometry
import Inference

/// The thresholds that select rows. Near them, rounding alone can make a row come or go.
package struct SelectionLimits: Sendable {
    /// The score threshold of detections, as a probability.
    package var score: Float
    /// The NMS threshold of proposals, as IoU.
    package var proposalOverlap: Float
    /// The NMS threshold of detections of one class, as IoU.
    package var detectionOverlap: Float

    /// Thresholds; by default those that all profiles share.
    package init(score: Float = 0.05, proposalOverlap: Float = 0.7, detectionOverlap: Float = 0.5) {
        self.score = score
        self.proposalOverlap = proposalOverlap
        self.detectionOverlap = detectionOverlap
    }

    /// The thresholds of a model.
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

/// Statistics of the selected rows of two sides: how many have a partner, changed their order, or are on one
/// side only, and how many of these differences rounding explains.
package struct RowCounts: Sendable, Equatable {
    /// The number of rows with a partner.
    package internal(set) var paired: Int
    /// The number of rows of the reference without a partner.
    package internal(set) var unmatchedReference: Int
    /// The number of rows of the candidate without a partner.
    package internal(set) var unmatchedCandidate: Int
    /// The number of paired rows out of order: the smallest number that would have to move.
    package internal(set) var reordered = 0
    /// How many of these have, within the error of the scores, the score of the row whose position they take.
    package internal(set) var ties = 0
    /// Unmatched rows whose score is near the score threshold.
    package internal(set) var flipsAtScore = 0
    /// Unmatched rows whose IoU with a row of the other side is near the NMS threshold, or that such a row
    /// would suppress.
    package internal(set) var flipsAtOverlap = 0
    /// Unmatched rows whose score is about that of the last row that the other side keeps.
    package internal(set) var flipsAtCut = 0

    /// The number of unmatched rows of both sides.
    package var unmatched: Int { unmatchedReference + unmatchedCandidate }
    /// The number of unmatched rows that rounding explains.
    package var flips: Int { flipsAtScore + flipsAtOverlap + flipsAtCut }

    /// Whether rounding explains everything: only ties are out of order, and all unmatched rows are flips, of
    /// which there are at most two or one row in fifty.
    package var areExplained: Bool {
        let rows = paired + max(unmatchedReference, unmatchedCandidate)
        return reordered == ties && unmatched == flips && flips <= max(2, rows / 50)
    }
}

extension RowCounts {
    /// The distance of a score from a threshold within which rounding may decide.
    private static let scoreMargin: Float = 1e-4
    /// The same for an IoU.
    private static let overlapMargin: Float = 2e-3

    /// Counts the differences of a pairing, and finds out which of them rounding explains.
    /// - Parameters:
    ///   - pairing: the pairing of `reference` and `candidate`.
    ///   - reference: the reference's rows.
    ///   - candidate: the candidate's rows.
    ///   - group: the group of the rows, which determines the thresholds that apply.
    ///   - limits: the thresholds that selected the rows.
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
        // A row also comes or goes with a row that suppresses it.
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

    /// The difference of scores below which two rows can change their order: the sum of the errors of both.
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
        // The rank of each pair among all pairs, in the candidate's order.
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

        /// The threshold near which the row is; nil if there is none.
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

        /// Whether a row of the other side would suppress a row of this side.
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

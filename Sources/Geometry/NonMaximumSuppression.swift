// A detector finds each object many times. Greedy non-maximum suppression keeps the best box of each cluster:
//
//     1. Sort the boxes by score, highest first; equal scores keep their order.
//     2. Take the next box. If its IoU with a box kept earlier is above the threshold, the first such box
//        suppresses it; otherwise it is kept.
//     3. Return the kept boxes, which are in descending order of score.
//
// In the usual formulation, each kept box removes all later boxes that overlap it. Here each box is compared
// with the boxes kept so far: the result is the same, fewer pairs are compared (the search stops at the first
// hit), and the suppressing box is known at no extra cost.

/// Greedy non-maximum suppression, over all boxes or per class, with switches for the differences between
/// frameworks.
///
/// IoUs are computed in Float32 in torchvision's order of operations and compared with the threshold in
/// Double, as torchvision does.
public struct NonMaximumSuppression: Hashable, Sendable {
    /// When a box is suppressed, given its IoU with a box of higher score.
    public enum Comparison: String, Hashable, Sendable, CaseIterable {
        /// IoU > threshold: all frameworks but Detectron 1.
        case above
        /// IoU ≥ threshold: Detectron 1.
        case atLeast
    }

    /// How boxes of different classes (or pyramid levels) are kept from suppressing each other.
    public enum ClassSeparation: Hashable, Sendable {
        /// The boxes of each class are shifted apart by adding `class · (largest coordinate + 1)` to all
        /// coordinates; then all boxes are suppressed together. Large coordinates cost precision: at 1.2·10⁵
        /// a Float32 step is 2⁻⁷ pixels, so an IoU near the threshold may fall on the other side than with
        /// `perClass`.
        case coordinateOffsets
        /// One class after another, then merged by score. (torchvision's final sort is unstable; here equal
        /// scores keep their order.)
        case perClass
        /// `perClass` for more than this many boxes, `coordinateOffsets` otherwise. torchvision on CPU
        /// switches above 1000, MMDetection above 9999.
        case automatic(above: Int)
        /// No separation: boxes suppress each other whatever their classes (Matterport's proposals).
        case none
    }

    /// The IoU above which (or from which, see ``comparison``) the box of lower score is suppressed.
    package var threshold: Double
    /// Whether an IoU of exactly the threshold suppresses.
    package var comparison: Comparison
    /// How boxes of different classes are separated.
    package var classSeparation: ClassSeparation
    /// Whether edges are pixel indices, both included, so that widths are `x2 − x1 + 1` (Detectron 1).
    package var edgesAreInclusive: Bool

    /// Suppression with the given conventions; the defaults are torchvision's.
    package init(
        threshold: Double, comparison: Comparison = .above,
        classSeparation: ClassSeparation = .automatic(above: 1000), edgesAreInclusive: Bool = false
    ) {
        self.threshold = threshold
        self.comparison = comparison
        self.classSeparation = classSeparation
        self.edgesAreInclusive = edgesAreInclusive
    }

    /// Which boxes are kept, and which box suppressed each of the others.
    package struct Outcome: Hashable, Sendable {
        /// The indices of the kept boxes, best score first.
        package var kept: [Int]
        /// For each box, the index of the kept box that suppressed it (if several would, the one with the
        /// highest score); nil if the box was kept.
        package var suppressor: [Int?]
    }

    /// The indices of the boxes that are kept, best score first.
    /// - Parameters:
    ///   - boxes: `[N]`, all in one coordinate system.
    ///   - scores: `[N]`. NaN sorts before every number, as in PyTorch.
    package func callAsFunction(boxes: [Box], scores: [Float]) -> [Int] {
        outcome(boxes: boxes, scores: scores).kept
    }

    /// The indices of the boxes that are kept when only boxes of the same class suppress each other, best
    /// score first.
    /// - Parameters:
    ///   - boxes: `[N]`, all in one coordinate system.
    ///   - scores: `[N]`. NaN sorts before every number, as in PyTorch.
    ///   - classes: `[N]`: class labels, pyramid levels, or any other grouping. `coordinateOffsets` needs
    ///     small non-negative numbers.
    package func callAsFunction(boxes: [Box], scores: [Float], classes: [Int]) -> [Int] {
        outcome(boxes: boxes, scores: scores, classes: classes).kept
    }

    /// Like `callAsFunction`, and also tells which box suppressed each box.
    package func outcome(boxes: [Box], scores: [Float]) -> Outcome {
        precondition(boxes.count == scores.count, "\(boxes.count) boxes with \(scores.count) scores")
        var outcome = Outcome(kept: [], suppressor: Array(repeating: nil, count: boxes.count))
        suppress(Array(boxes.indices), of: boxes, scores: scores, into: &outcome)
        return outcome
    }

    /// Like `callAsFunction`, and also tells which box suppressed each box.
    package func outcome(boxes: [Box], scores: [Float], classes: [Int]) -> Outcome {
        precondition(
            boxes.count == scores.count && boxes.count == classes.count,
            "\(boxes.count) boxes with \(scores.count) scores and \(classes.count) classes")
        switch classSeparation {
        case .none: return outcome(boxes: boxes, scores: scores)
        case .coordinateOffsets:
            return outcome(boxes: boxes.movedApart(by: classes), scores: scores)
        case .perClass:
            return outcomePerClass(boxes: boxes, scores: scores, classes: classes)
        case .automatic(let limit):
            var resolved = self
            resolved.classSeparation = boxes.count > limit ? .perClass : .coordinateOffsets
            return resolved.outcome(boxes: boxes, scores: scores, classes: classes)
        }
    }

    private func outcomePerClass(boxes: [Box], scores: [Float], classes: [Int]) -> Outcome {
        var outcome = Outcome(kept: [], suppressor: Array(repeating: nil, count: boxes.count))
        let members = Dictionary(grouping: boxes.indices) { classes[$0] }
        // The order of the classes does not matter: the kept boxes are sorted afterwards.
        for indices in members.values { suppress(indices, of: boxes, scores: scores, into: &outcome) }
        outcome.kept.sort()
        outcome.kept.sortByScore(scores)
        return outcome
    }

    /// Runs the three steps at the top of this file on the boxes at `indices`.
    private func suppress(
        _ indices: [Int], of boxes: [Box], scores: [Float], into outcome: inout Outcome
    ) {
        var order = indices
        order.sortByScore(scores)
        var kept = KeptBoxes(edgesAreInclusive: edgesAreInclusive)
        let limit = largestHarmlessOverlap
        for index in order {
            if let first = kept.firstOverlap(with: boxes[index], above: limit) {
                outcome.suppressor[index] = outcome.kept[outcome.kept.count - kept.count + first]
            } else {
                kept.append(boxes[index])
                outcome.kept.append(index)
            }
        }
    }

    /// The largest Float32 IoU that does not suppress. With it, either comparison with the Double threshold
    /// becomes a `>` between Float32 values with the same outcome.
    private var largestHarmlessOverlap: Float {
        let rounded = Float(threshold)
        switch comparison {
        case .above: return Double(rounded) > threshold ? rounded.nextDown : rounded
        case .atLeast: return Double(rounded) >= threshold ? rounded.nextDown : rounded
        }
    }
}

extension [Box] {
    /// The boxes, each shifted right and down by its class times (the largest coordinate of all boxes + 1).
    fileprivate func movedApart(by classes: [Int]) -> [Box] {
        let coordinates = flatMap { [$0.x1, $0.y1, $0.x2, $0.y2] }
        // A single NaN makes the maximum NaN, as in PyTorch; the result of `max()` would depend on the order.
        let largest = coordinates.contains(where: \.isNaN) ? .nan : coordinates.max() ?? 0
        return zip(self, classes).map { box, index in
            let offset = Float(index) * (largest + 1)
            return Box(
                x1: box.x1 + offset, y1: box.y1 + offset, x2: box.x2 + offset, y2: box.y2 + offset)
        }
    }
}

extension [Int] {
    /// Sorts indices by their scores, highest first; NaN sorts before every number, and equal scores keep
    /// their order.
    fileprivate mutating func sortByScore(_ scores: [Float]) {
        // `sort` is stable.
        sort { scores[$0] > scores[$1] || (scores[$0].isNaN && !scores[$1].isNaN) }
    }
}

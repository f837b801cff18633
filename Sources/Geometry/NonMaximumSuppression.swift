// A detector finds the same object many times. Greedy non-maximum suppression keeps the best of each heap:
//
//     1. Order the boxes by score, best first; equal scores keep the order they came in.
//     2. Take the next box. If it overlaps a box kept earlier by more than the threshold, it is suppressed
//        by the first such box; otherwise it is kept.
//     3. Return the kept ones: they come out best first.
//
// The usual telling has each kept box strike out all later ones. Asking each box which of the kept ones
// strikes it out is the same relation read from the other side, looks at fewer pairs (it stops at the first),
// and tells who suppressed whom at no cost.

/// Greedy non-maximum suppression, alone or within classes, with the switches in which frameworks differ.
///
/// Overlaps are computed in Float32 in torchvision's order of operations and compared with the threshold
/// in Double, as there.
public struct NonMaximumSuppression: Hashable, Sendable {
    /// When a box is suppressed, given its overlap with a better one.
    public enum Comparison: String, Hashable, Sendable, CaseIterable {
        /// Overlap > threshold: everyone but Detectron 1.
        case above
        /// Overlap ≥ threshold: Detectron 1.
        case atLeast
    }

    /// How boxes of different classes (or pyramid levels) are kept from suppressing each other.
    public enum ClassSeparation: Hashable, Sendable {
        /// Each class is moved to a place of its own by adding `class · (largest coordinate + 1)` to all
        /// coordinates; then all are suppressed together. The large coordinates cost precision: at 1.2·10⁵ a
        /// Float32 step is 2⁻⁷ pixels, so overlaps near the threshold may fall on the other side than with
        /// `perClass`.
        case coordinateOffsets
        /// One class after another, then merged by score. (torchvision merges with a sort that leaves the
        /// order of equal scores open; here they keep the order they came in.)
        case perClass
        /// `perClass` for more than this many boxes, `coordinateOffsets` otherwise. torchvision on CPU
        /// switches above 1000, MMDetection above 9999.
        case automatic(above: Int)
        /// Not at all: boxes suppress each other whatever their classes (Matterport's proposals).
        case none
    }

    /// The largest overlap that two kept boxes may have.
    package var threshold: Double
    /// Whether an overlap of exactly the threshold suppresses.
    package var comparison: Comparison
    /// How classes are kept apart.
    package var classSeparation: ClassSeparation
    /// Whether edges are indices of pixels, so that widths are `x2 − x1 + 1` (Detectron 1).
    package var edgesAreInclusive: Bool

    /// Suppression of the given conventions; those left out are torchvision's.
    package init(
        threshold: Double, comparison: Comparison = .above,
        classSeparation: ClassSeparation = .automatic(above: 1000), edgesAreInclusive: Bool = false
    ) {
        self.threshold = threshold
        self.comparison = comparison
        self.classSeparation = classSeparation
        self.edgesAreInclusive = edgesAreInclusive
    }

    /// What became of each box.
    package struct Outcome: Hashable, Sendable {
        /// The indices of the kept boxes, best score first.
        package var kept: [Int]
        /// For each box the index of the kept one that suppressed it (the best-scored of those that would
        /// have), or nil if it was kept itself.
        package var suppressor: [Int?]
    }

    /// The indices of the boxes that are kept, best score first.
    /// - Parameters:
    ///   - boxes: `[N]`, in any frame.
    ///   - scores: `[N]`. NaN counts as better than any number, as in PyTorch's sort.
    package func callAsFunction(boxes: [Box], scores: [Float]) -> [Int] {
        outcome(boxes: boxes, scores: scores).kept
    }

    /// The indices of the boxes that are kept when only boxes of the same class suppress each other, best
    /// score first.
    /// - Parameters:
    ///   - boxes: `[N]`, in any frame.
    ///   - scores: `[N]`. NaN counts as better than any number, as in PyTorch's sort.
    ///   - classes: `[N]`, anything that separates: classes, pyramid levels. Small non-negative numbers for
    ///     `coordinateOffsets` to work.
    package func callAsFunction(boxes: [Box], scores: [Float], classes: [Int]) -> [Int] {
        outcome(boxes: boxes, scores: scores, classes: classes).kept
    }

    /// As `callAsFunction`, and says for each box which one suppressed it.
    package func outcome(boxes: [Box], scores: [Float]) -> Outcome {
        precondition(boxes.count == scores.count, "\(boxes.count) boxes with \(scores.count) scores")
        var outcome = Outcome(kept: [], suppressor: Array(repeating: nil, count: boxes.count))
        suppress(Array(boxes.indices), of: boxes, scores: scores, into: &outcome)
        return outcome
    }

    /// As `callAsFunction`, and says for each box which one suppressed it.
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

    /// Runs the three steps at the top of this file on some of the boxes.
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

    /// The largest Float32 overlap that does not suppress, so that both comparisons with a Double become
    /// one `>` between Float32 values, with the same outcome.
    private var largestHarmlessOverlap: Float {
        let rounded = Float(threshold)
        switch comparison {
        case .above: return Double(rounded) > threshold ? rounded.nextDown : rounded
        case .atLeast: return Double(rounded) >= threshold ? rounded.nextDown : rounded
        }
    }
}

extension [Box] {
    /// Every box moved right and down by its class times (the largest coordinate of all boxes + 1).
    fileprivate func movedApart(by classes: [Int]) -> [Box] {
        let coordinates = flatMap { [$0.x1, $0.y1, $0.x2, $0.y2] }
        // One NaN makes the maximum NaN, as in PyTorch; that of `max()` would depend on the order.
        let largest = coordinates.contains(where: \.isNaN) ? .nan : coordinates.max() ?? 0
        return zip(self, classes).map { box, index in
            let offset = Float(index) * (largest + 1)
            return Box(
                x1: box.x1 + offset, y1: box.y1 + offset, x2: box.x2 + offset, y2: box.y2 + offset)
        }
    }
}

extension [Int] {
    /// Orders indices by the score they stand for, highest first; NaN comes before every number, and equal
    /// scores keep their order.
    fileprivate mutating func sortByScore(_ scores: [Float]) {
        // `sort` is stable.
        sort { scores[$0] > scores[$1] || (scores[$0].isNaN && !scores[$1].isNaN) }
    }
}

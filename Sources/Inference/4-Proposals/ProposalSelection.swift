import Geometry
import Kernels
import Tensors

// From anchors to proposals (Faster R-CNN, section 3; FPN, section 4.1):
//
// 1. On each level, take the best anchors by objectness (Matterport: the best of all levels).
// 2. Decode their deltas into boxes and clip these to the picture.
// 3. Drop boxes that are too small.
// 4. Suppress, level by level (Matterport: across levels), what overlaps a better box too much.
// 5. Keep the best of what is left, over all levels.

/// The best anchors of one level, decoded and clipped, best first.
package struct Candidates: Sendable {
    /// In the frame of the resized picture.
    package var boxes: [Box]
    /// Objectness as probabilities.
    package var scores: [Float]
    /// What suppression ranks by: the probabilities, or the logits that they come from.
    package var ranks: [Float]
    /// The anchors that the boxes come from, as indices into the level's grid.
    package var anchors: [Int]

    /// Candidates from elsewhere, ranked by their scores.
    package init(boxes: [Box], scores: [Float], ranks: [Float]? = nil, anchors: [Int] = []) {
        self.boxes = boxes
        self.scores = scores
        self.ranks = ranks ?? scores
        self.anchors = anchors
    }
}

/// Where objects may be, best first.
public struct Proposals: Sendable {
    /// In the frame of the resized picture.
    package var boxes: [Box]
    /// Objectness probabilities.
    package var scores: [Float]

    /// Proposals from elsewhere.
    package init(boxes: [Box], scores: [Float]) {
        self.boxes = boxes
        self.scores = scores
    }
}

/// Steps 1 and 2 for one level.
///
/// - Parameters:
///   - objectness: `[height, width, anchors]`, logits.
///   - deltas: `[height, width, anchors · 4]`.
///   - anchors: one box for each, in the same order: the level's grid.
///   - count: how many to keep.
///   - size: the resized picture, without padding.
///   - conventions: how deltas turn into boxes, and what ranks them.
package func selectCandidates(
    objectness: Tensor, deltas: Tensor, anchors: some RandomAccessCollection<Box>, count: Int,
    size: PixelSize, conventions: Conventions.Proposals
) -> Candidates {
    precondition(objectness.count == anchors.count && deltas.count == 4 * anchors.count)
    let best =
        conventions.selectsByLogit
        ? objectness.withUnsafeElements { indicesOfLargest(count, in: $0) }
        : objectness.array.map(sigmoid).withUnsafeBufferPointer { indicesOfLargest(count, in: $0) }
    return objectness.withUnsafeElements { logits in
        deltas.withUnsafeElements { deltas in
            let boxes = best.map { index in
                let delta = BoxDelta(
                    dx: deltas[4 * index], dy: deltas[4 * index + 1], dw: deltas[4 * index + 2],
                    dh: deltas[4 * index + 3])
                let anchor = anchors[anchors.index(anchors.startIndex, offsetBy: index)]
                return conventions.coder.decode(delta, from: anchor).clipped(to: size)
            }
            return Candidates(
                boxes: boxes, scores: best.map { sigmoid(logits[$0]) },
                ranks: conventions.ranksByLogit ? best.map { logits[$0] } : nil, anchors: best)
        }
    }
}

/// How many candidates each level may have.
///
/// - Parameters:
///   - objectness: the logits of each level.
///   - preNMSTopN: how many there may be, on each level or over all of them.
///   - conventions: which of the two.
package func candidateCounts(_ objectness: [Tensor], preNMSTopN: Int, conventions: Conventions.Proposals)
    -> [Int]
{
    guard !conventions.preNMSTopNIsPerLevel else { return objectness.map { _ in preNMSTopN } }
    // The best of a level are in order, so it is enough to know how many of each level are among the best.
    let all = objectness.flatMap { level in
        conventions.selectsByLogit ? level.array : level.array.map(sigmoid)
    }
    let levels = objectness.enumerated().flatMap { index, level in
        repeatElement(index, count: level.count)
    }
    var counts = objectness.map { _ in 0 }
    for index in all.withUnsafeBufferPointer({ indicesOfLargest(preNMSTopN, in: $0) }) {
        counts[levels[index]] += 1
    }
    return counts
}

/// Steps 3 to 5.
///
/// - Parameters:
///   - candidates: one element a level.
///   - settings: how much proposals may overlap, and how many to keep at most.
///   - conventions: the smallest box, and suppression.
package func selectProposals(
    _ candidates: [Candidates], settings: Settings.Proposals, conventions: Conventions.Proposals
) -> Proposals {
    let suppression = suppressCandidates(
        candidates, nmsThreshold: settings.nmsThreshold, conventions: conventions)
    let kept = suppression.outcome.kept.prefix(settings.postNMSTopN).map { suppression.members[$0] }
    return Proposals(
        boxes: kept.map { candidates[$0.level].boxes[$0.rank] },
        scores: kept.map { candidates[$0.level].scores[$0.rank] })
}

/// What suppression made of the candidates of all levels.
package struct CandidateSuppression: Sendable {
    /// A candidate: its level, and its place among the level's candidates, 0 for the best.
    package struct Member: Hashable, Sendable {
        /// An index into the levels, finest first.
        package var level: Int
        /// An index into the level's ``Candidates``.
        package var rank: Int

        /// A candidate by its level and rank.
        package init(level: Int, rank: Int) {
            self.level = level
            self.rank = rank
        }
    }

    /// The candidates that are large enough to take part, level after level.
    package var members: [Member]
    /// Who was kept, best first, and who was suppressed by whom: indices into ``members``. Proposal i is the
    /// i-th kept one.
    package var outcome: NonMaximumSuppression.Outcome
}

/// Steps 3 and 4: who is kept, and who suppressed whom.
///
/// - Parameters:
///   - candidates: one element a level.
///   - nmsThreshold: the largest IoU of two proposals.
///   - conventions: the smallest box, and suppression.
package func suppressCandidates(
    _ candidates: [Candidates], nmsThreshold: Double, conventions: Conventions.Proposals
) -> CandidateSuppression {
    let members = candidates.enumerated().flatMap { level, candidates in
        candidates.boxes.indices.filter { conventions.accepts(candidates.boxes[$0]) }
            .map { CandidateSuppression.Member(level: level, rank: $0) }
    }
    let outcome = conventions.suppression.at(threshold: nmsThreshold).outcome(
        boxes: members.map { candidates[$0.level].boxes[$0.rank] },
        scores: members.map { candidates[$0.level].ranks[$0.rank] }, classes: members.map(\.level))
    return CandidateSuppression(members: members, outcome: outcome)
}

extension Conventions.Proposals {
    /// Whether a box is large enough to be a proposal. A box that is not a number is not.
    func accepts(_ box: Box) -> Bool {
        minimumIsExcluded
            ? box.width > minimumSide && box.height > minimumSide
            : box.width >= minimumSide && box.height >= minimumSide
    }
}

extension Tensor {
    /// The `count` largest elements, largest first.
    func largest(_ count: Int) -> [Float] {
        withUnsafeElements { elements in indicesOfLargest(count, in: elements).map { elements[$0] } }
    }
}

/// The indices of the `count` largest values, largest first; equal values in order of index, NaN never.
/// Takes time proportional to the number of values, plus the sorting of those kept.
package func indicesOfLargest(_ count: Int, in values: UnsafeBufferPointer<Float>) -> [Int] {
    func ranksHigher(_ a: Int, _ b: Int) -> Bool {
        values[a] > values[b] || (values[a] == values[b] && a < b)
    }
    let count = min(count, values.count)
    guard count > 0 else { return [] }
    // Candidates collect until there are twice too many; then only the best half stays, and its worst sets
    // the bar for what follows.
    var best: [Int] = []
    var bar = -Float.infinity
    func cut() {
        best.sort(by: ranksHigher)
        if best.count > count { best.removeLast(best.count - count) }
        if best.count == count { bar = values[best[count - 1]] }
    }
    for index in values.indices where values[index] > bar || (bar == -.infinity && values[index] == bar) {
        best.append(index)
        if best.count >= 2 * count + 1024 { cut() }
    }
    cut()
    return best
}

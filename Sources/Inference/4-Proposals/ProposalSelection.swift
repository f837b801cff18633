import Geometry
import Kernels
import Tensors

// From anchors to proposals (Faster R-CNN, section 3; FPN, section 4.1):
//
// 1. On each level, take the anchors with the highest objectness (Matterport: over all levels together).
// 2. Decode their deltas into boxes and clip these to the image.
// 3. Drop boxes that are too small.
// 4. Non-maximum suppression within each level (Matterport: across levels).
// 5. Keep the highest-scoring of the remaining boxes, over all levels.

/// The best anchors of one level, decoded and clipped, best first.
package struct Candidates: Sendable {
    /// In coordinates of the resized image.
    package var boxes: [Box]
    /// Objectness probabilities.
    package var scores: [Float]
    /// What suppression ranks by: the probabilities, or the logits behind them.
    package var ranks: [Float]
    /// The anchor of each box, as an index into the level's grid; empty if unknown.
    package var anchors: [Int]

    /// Candidates that were selected elsewhere; without `ranks`, they are ranked by their scores.
    package init(boxes: [Box], scores: [Float], ranks: [Float]? = nil, anchors: [Int] = []) {
        self.boxes = boxes
        self.scores = scores
        self.ranks = ranks ?? scores
        self.anchors = anchors
    }
}

/// The region proposals, highest score first.
public struct Proposals: Sendable {
    /// In coordinates of the resized image.
    package var boxes: [Box]
    /// Objectness probabilities.
    package var scores: [Float]

    /// Proposals that were selected elsewhere, highest score first.
    package init(boxes: [Box], scores: [Float]) {
        self.boxes = boxes
        self.scores = scores
    }
}

/// Steps 1 and 2 for one level: takes the best anchors and decodes them.
///
/// - Parameters:
///   - objectness: `[height, width, anchors]`, logits.
///   - deltas: `[height, width, anchors · 4]`.
///   - anchors: the level's anchors, one per logit and in the same order.
///   - count: the largest number of candidates.
///   - size: size of the resized image, without padding: boxes are clipped to it.
///   - conventions: how deltas are decoded, and whether logits or probabilities rank.
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

/// The largest number of candidates of each level.
///
/// - Parameters:
///   - objectness: the logits of each level.
///   - preNMSTopN: the limit, for each level or for all levels together.
///   - conventions: which of the two applies (`preNMSTopNIsPerLevel`).
package func candidateCounts(_ objectness: [Tensor], preNMSTopN: Int, conventions: Conventions.Proposals)
    -> [Int]
{
    guard !conventions.preNMSTopNIsPerLevel else { return objectness.map { _ in preNMSTopN } }
    // Each level takes its own best anchors, so it is enough to count how many of the overall best it has.
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

/// Steps 3 to 5: turns the candidates of all levels into proposals.
///
/// - Parameters:
///   - candidates: one element per level.
///   - settings: the NMS threshold, and the largest number of proposals.
///   - conventions: the smallest side of a box, and the choices of suppression.
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

/// The result of suppression over the candidates of all levels.
package struct CandidateSuppression: Sendable {
    /// A candidate, given by its level and its rank within the level, 0 for the best.
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

    /// The candidates that are large enough, level by level.
    package var members: [Member]
    /// Which candidates were kept, best first, and which suppressed which, as indices into ``members``. Proposal i is
    /// the i-th kept candidate.
    package var outcome: NonMaximumSuppression.Outcome
}

/// Steps 3 and 4: which candidates are kept, and which suppressed which.
///
/// - Parameters:
///   - candidates: one element per level.
///   - nmsThreshold: the largest IoU that two proposals may have.
///   - conventions: the smallest side of a box, and the choices of suppression.
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
    /// Whether a box is large enough to be a proposal. False for a box with a NaN coordinate.
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

/// The indices of the `count` largest values, largest first; equal values in order of index, NaN excluded. Takes linear
/// time, plus sorting the selected values.
package func indicesOfLargest(_ count: Int, in values: UnsafeBufferPointer<Float>) -> [Int] {
    func ranksHigher(_ a: Int, _ b: Int) -> Bool {
        values[a] > values[b] || (values[a] == values[b] && a < b)
    }
    let count = min(count, values.count)
    guard count > 0 else { return [] }
    // Collects candidates up to about twice `count`, then keeps the best `count`; the worst of them is the bar for the
    // values that follow.
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

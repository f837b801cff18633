import Figures
import Geometry
import MaskRCNN

extension Gallery {
    /// Figure 9.
    func decoding() throws -> Figure {
        let trace = try SelectionTrace(run)
        var items = try decodingMembers(trace).map { item($0, of: trace) }
        if !items.contains(where: Self.isCut) {
            let kept = trace.suppression.outcome.kept.prefix(trace.proposals.boxes.count)
            let others = kept.lazy.map { self.item(trace.suppression.members[$0], of: trace) }
            if let cut = others.first(where: Self.isCut) { items.append(cut) }
        }
        // The one that has most to show: how much is cut off, else how far it moved.
        let worked = items.indices.max { Self.interest(items[$0]) < Self.interest(items[$1]) } ?? 0
        return DecodingFigure(
            ground: ground(size: trace.size), items: items, worked: worked, background: background
        ).figure
    }

    private func item(_ member: CandidateSuppression.Member, of trace: SelectionTrace) -> DecodingFigure.Item
    {
        let level = trace.levels[member.level]
        let index = level.candidates.anchors[member.rank]
        let delta = level.deltas.delta(at: index)
        let anchor = level.anchors[index]
        return DecodingFigure.Item(
            level: level.name, levelIndex: pyramidIndex(level.name), anchor: anchor, delta: delta,
            decoded: run.model.profile.proposals.coder.decode(delta, from: anchor),
            clipped: level.candidates.boxes[member.rank],
            score: Double(level.candidates.scores[member.rank]))
    }

    /// Whether clipping takes enough of a box to be seen.
    private static func isCut(_ item: DecodingFigure.Item) -> Bool {
        item.clipped.area < 0.96 * item.decoded.area
    }

    /// The candidates that became detections, the best few; proposals where nothing was detected.
    private func decodingMembers(_ trace: SelectionTrace) throws -> [CandidateSuppression.Member] {
        let detections = trace.detections
        let likely = detections.scores.count { $0 >= 0.5 }
        var proposals: [Int] = []
        for proposal in detections.proposals.prefix(max(likely, 1)) where !proposals.contains(proposal) {
            proposals.append(proposal)
        }
        if proposals.isEmpty { proposals = Array(trace.proposals.boxes.indices) }
        guard !proposals.isEmpty else { throw NothingToDraw("there are no proposals") }
        return proposals.prefix(6).map { trace.suppression.members[trace.suppression.outcome.kept[$0]] }
    }

    private static func interest(_ item: DecodingFigure.Item) -> Float {
        let lost = 1 - item.clipped.area / item.decoded.area
        let moved = 1 - item.anchor.overlap(with: item.decoded)
        let interest = (isCut(item) ? 1 + min(lost, 0.3) : 0) + moved
        return interest.isFinite ? interest : -1
    }
}

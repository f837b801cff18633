import Geometry
import Inference
import Tensors

/// The correspondence between the selected rows of two sides.
struct GroupPairing: Sendable {
    let pairing: RowPairing
    let counts: RowCounts?
    /// Why the rows were paired by index and not by content; nil if they were paired by content.
    let remark: String?

    /// Pairs the rows of a group; nil when a side lacks the boxes, or they do not have shape `[N, 4]`.
    init?(
        _ group: RowGroup, reference: some StageSource, candidate: some StageSource, limits: SelectionLimits
    ) throws {
        guard let rows = try RankedBoxes(group, from: reference),
            let others = try RankedBoxes(group, from: candidate)
        else { return nil }
        guard max(rows.boxes.count, others.boxes.count) <= RowPairing.limit else {
            pairing = .inPlace(rows.boxes.count, others.boxes.count)
            counts = nil
            remark = "more than \(RowPairing.limit) rows: compared row by row, not paired"
            return
        }
        pairing = RowPairing(reference: rows, candidate: others)
        counts = RowCounts(pairing, reference: rows, candidate: others, group: group, limits: limits)
        remark = nil
    }
}

extension RankedBoxes {
    /// The rows of a group; scores and classes are nil if they are missing or have another length.
    init?(_ group: RowGroup, from source: some StageSource) throws {
        guard let boxes = try source.stageTensor(group.boxes), boxes.shape.count == 2, boxes.shape[1] == 4,
            case .floats(let edges) = boxes.elements
        else { return nil }
        self.boxes = edges.withUnsafeElements { edges in
            (0..<edges.count / 4).map {
                Box(x1: edges[4 * $0], y1: edges[4 * $0 + 1], x2: edges[4 * $0 + 2], y2: edges[4 * $0 + 3])
            }
        }
        if case .floats(let scores) = try source.stageTensor(group.scores)?.elements,
            scores.count == self.boxes.count
        {
            self.scores = scores.array
        }
        if let stage = group.classes, case .integers(let classes) = try source.stageTensor(stage)?.elements,
            classes.count == self.boxes.count
        {
            self.classes = classes.map(Int.init)
        }
    }
}

import Foundation
import Geometry
import Kernels
import Inference
import Tensors
import Testing
import Verification

private let levels = ["p2", "p3", "p4", "p5", "p6"]

// MARK: - Region proposals

/// Candidates of every level by a way of decoding, each box changed at the end.
private func candidates(
    _ cause: String, _ form: String, _ decoding: PlainDecoding = PlainDecoding(),
    _ change: @escaping @Sendable (PlainBox) -> PlainBox = { $0 }
) -> PlantedFault {
    PlantedFault(cause: cause, form: form, stage: .candidateBoxes("p2")) { _, bundle in
        var tensors: PlantedFault.Tensors = [:]
        for level in levels {
            let anchors = try bundle.boxes(.anchors(level))
            // [height, width, anchors (· 4)]: in the order of the anchors.
            let logits = try bundle.anchorMap(.objectness(level), perAnchor: 1).array
            let deltas = try bundle.anchorMap(.rpnDeltas(level), perAnchor: 4).array
            let best = logits.indices.sorted { logits[$0] > logits[$1] }
                .prefix(200)
            let boxes = best.map { index in
                change(
                    decoding(
                        deltas[4 * index..<4 * index + 4], anchors[index], height: 208, width: 277))
            }
            tensors[.candidateBoxes(level)] = contract([boxes.count, 4], boxes.flatMap(\.numbers))
        }
        return tensors
    }
}

let candidateFaults: [PlantedFault] = [
    .moved(
        "anchors in another order", "objectness", levels.map { .objectness($0) }
    ) { index, shape in [shape[0] - 1 - index[0], index[1], index[2]] },
    .moved("anchors in another order", "deltas by coordinate", levels.map { .rpnDeltas($0) }) {
        index, shape in
        // Channel number c · A + a where a · 4 + c is meant.
        let channel = index[1] * shape[0] + index[0]
        return [channel / 4, channel % 4, index[2], index[3]]
    },
    PlantedFault(
        cause: "probabilities in place of logits", form: "objectness", stage: .objectness("p2")
    ) { _, bundle in
        var tensors: PlantedFault.Tensors = [:]
        for level in levels {
            let logits = try bundle.flat(.objectness(level))
            tensors[.objectness(level)] = contract(
                try bundle.shape(.objectness(level)), logits.map { 1 / (1 + exp(-Double($0))) })
        }
        return tensors
    },
    PlantedFault(
        cause: "logits in place of probabilities", form: "scores of candidates",
        stage: .candidateScores("p2")
    ) { _, bundle in
        var tensors: PlantedFault.Tensors = [:]
        for level in levels {
            let best = try bundle.flat(.objectness(level)).sorted(by: >).prefix(200)
            tensors[.candidateScores(level)] = contract([best.count], Array(best))
        }
        return tensors
    },
    .moved("dx and dy exchanged", "of anchors", levels.map { .rpnDeltas($0) }) { index, _ in
        [index[0], [1, 0, 3, 2][index[1]], index[2], index[3]]
    },
    .moved(
        "height and width exchanged", "objectness", levels.map { .objectness($0) },
        shape: { [$0[0], $0[2], $0[1]] }
    ) { index, _ in [index[0], index[2], index[1]] },
    candidates("legacy +1", "in decoding", PlainDecoding(weights: (1, 1), extra: 1)),
    candidates("clamp missing", "", PlainDecoding(weights: (1, 1), limit: nil)),
    candidates("boxes not clipped", "candidates", PlainDecoding(weights: (1, 1), clips: false)),
    candidates("dx and dy exchanged", "in decoding", PlainDecoding(weights: (1, 1), swapsDeltas: true)),
    candidates("deltas weighted twice or where none belong", "10, 10, 5, 5", PlainDecoding(weights: (10, 5))),
    candidates("x and y exchanged", "candidates", PlainDecoding(weights: (1, 1))) {
        PlainBox($0.y1, $0.x1, $0.y2, $0.x2)
    },
    candidates("half-pixel shift", "candidates", PlainDecoding(weights: (1, 1))) {
        PlainBox($0.x1 - 0.5, $0.y1 - 0.5, $0.x2 - 0.5, $0.y2 - 0.5)
    },
    candidates("corners against centre and size", "candidates", PlainDecoding(weights: (1, 1))) {
        PlainBox(($0.x1 + $0.x2) / 2, ($0.y1 + $0.y2) / 2, $0.x2 - $0.x1, $0.y2 - $0.y1)
    },
]

/// Proposals by a way of suppressing.
private func proposals(
    _ cause: String, _ form: String, threshold: Double = 0.7, extra: Double = 0, acrossLevels: Bool = false
) -> PlantedFault {
    PlantedFault(cause: cause, form: form, stage: .proposalBoxes) { _, bundle in
        var boxes: [PlainBox] = []
        var scores: [Float] = []
        var groups: [Int] = []
        for (index, level) in levels.enumerated() {
            let scored = zip(
                try bundle.boxes(.candidateBoxes(level)), try bundle.numbers(.candidateScores(level)))
            for (box, score) in scored where box.width >= 1e-3 && box.height >= 1e-3 {
                boxes.append(PlainBox(box))
                scores.append(score)
                groups.append(acrossLevels ? 0 : index)
            }
        }
        let kept = plainSuppression(boxes, scores, groups: groups, threshold: threshold, extra: extra)
            .prefix(200)
        return [
            .proposalBoxes: contract([kept.count, 4], kept.flatMap { boxes[$0].numbers }),
            .proposalScores: contract([kept.count], kept.map { scores[$0] }),
        ]
    }
}

let proposalFaults: [PlantedFault] = [
    proposals("another suppression threshold", "0.5 for proposals", threshold: 0.5),
    proposals("suppression across classes or levels", "proposals", acrossLevels: true),
    proposals("suppression missing", "proposals", threshold: 2),
    proposals("legacy +1 in suppression", "proposals", extra: 1),
]

// MARK: - Controls

let proposalControls: [PlantedFault] = [
    candidates("", "candidates", PlainDecoding(weights: (1, 1))), proposals("", "proposals"),
]

import Geometry
import Kernels
import Inference
import Tensors

// Common faults of boxes: the meaning of the four numbers, and the decoding of deltas. Stages that are judged
// together are named by the first of them.

private let lists = [
    "anchors.*", "rpn.candidates.*.boxes", "rpn.proposals.boxes", "detections.boxes", "output.boxes",
]
private let decoded = ["rpn.candidates.*.boxes", "detections.boxes"]

extension Diagnosis {
    static var boxSuspects: [Suspect] {
        [
            .boxwise(
                "x and y exchanged", in: lists, [(nil, { Box(x1: $0.y1, y1: $0.x1, x2: $0.y2, y2: $0.x2) })]),
            .boxwise(
                "corners against centre and size", in: lists,
                [
                    (
                        "centre and size",
                        { box in
                            Box(
                                x1: (box.x1 + box.x2) / 2, y1: (box.y1 + box.y2) / 2, x2: box.width,
                                y2: box.height)
                        }
                    ), ("corner and size", { Box(x1: $0.x1, y1: $0.y1, x2: $0.width, y2: $0.height) }),
                ]),
            .boxwise(
                "half-pixel shift", in: lists,
                [("half a pixel", 0.5), ("half a pixel back", -0.5)].map { (detail: String, step: Float) in
                    (
                        detail,
                        { Box(x1: $0.x1 + step, y1: $0.y1 + step, x2: $0.x2 + step, y2: $0.y2 + step) }
                    )
                }),
            .boxwise(
                "legacy +1", in: lists,
                [("far edges one less", -1), ("far edges one more", 1)].map { (detail: String, step: Float) in
                    (detail, { Box(x1: $0.x1, y1: $0.y1, x2: $0.x2 + step, y2: $0.y2 + step) })
                }),
            .switched(
                "legacy +1", in: decoded,
                [
                    (
                        "in decoding",
                        { configuration in
                            configuration.conventions.proposals.coder.edgesAreInclusive.toggle()
                            configuration.conventions.detections.coder.edgesAreInclusive.toggle()
                        }
                    )
                ]),
            .boxwise(
                "stride or scale off by two", in: lists.filter { $0 != "anchors.*" },
                [("doubled", { $0.scaled(x: 2, y: 2) }), ("halved", { $0.scaled(x: 0.5, y: 0.5) })]),
            .switched(
                "deltas unweighted", in: decoded,
                [
                    (
                        "all weights 1",
                        { configuration in
                            configuration.conventions.proposals.coder.scaling = .weights(1, 1)
                            configuration.conventions.detections.coder.scaling = .weights(1, 1)
                        }
                    )
                ]),
            .switched(
                "deltas weighted twice or where none belong", in: decoded,
                [
                    (
                        "10, 10, 5, 5",
                        { configuration in configuration.conventions.proposals.coder.scaling = .weights(10, 5)
                        }
                    ),
                    (
                        "100, 100, 25, 25",
                        { configuration in
                            configuration.conventions.detections.coder.scaling = .weights(100, 25)
                        }
                    ),
                ]),
            .switched(
                "clamp missing", in: decoded,
                [
                    (
                        "no limit on dw and dh",
                        { configuration in
                            configuration.conventions.proposals.coder.sizeLimit = .none
                            configuration.conventions.detections.coder.sizeLimit = .none
                        }
                    )
                ]),
            .switched(
                "clamp on one side against both", in: decoded,
                [BoxCoder.SizeLimit.above, .bothSides].map { limit in
                    (
                        limit == .above ? "from above only" : "on both sides",
                        { configuration in
                            configuration.conventions.proposals.coder.sizeLimit = limit
                            configuration.conventions.detections.coder.sizeLimit = limit
                        }
                    )
                }),
            Suspect("dx and dy exchanged", in: decoded) { trial in
                let stage = trial.deltas
                let deltas = try trial.bundle.anyNumbers(stage)
                // [anchors, 4, height, width] or [proposals, classes, 4].
                let axis = stage == .boxDeltas ? 2 : 1
                guard let exchanged = deltas.reordered(axis: axis, [1, 0, 3, 2]) else { return [] }
                let changed = trial.bundle.replacing([stage: ContractTensor(exchanged)])
                return [Prediction(try trial.run(bundle: changed))]
            },
            Suspect("boxes not clipped", in: ["rpn.candidates.*.boxes"]) { trial in
                guard let rows = trial.expected.rows else { return [] }
                let level = String(trial.stage.name.split(separator: ".")[2])
                return [Prediction(.rows(rows.with(boxes: try trial.unclippedCandidates(level))))]
            },
            Suspect("boxes not clipped", in: ["detections.boxes"]) { trial in
                guard let rows = trial.expected.rows, let boxes = try trial.unclippedDetections(rows) else {
                    return []
                }
                return [Prediction(.rows(rows.with(boxes: boxes)))]
            },
            Suspect("boxes not scaled back", in: ["output.boxes"]) { trial in
                guard let rows = trial.expected.rows else { return [] }
                let boxes = try trial.bundle.boxes(.detectionBoxes)
                guard boxes.count == rows.count else { return [] }
                return [Prediction(.rows(rows.with(boxes: boxes)))]
            },
        ]
    }
}

extension Suspect {
    /// A suspect that changes each box of a list.
    fileprivate static func boxwise(
        _ name: String, in stages: [String], _ changes: [(String?, (Box) -> Box)]
    ) -> Suspect {
        Suspect(name, in: stages) { trial in
            changes.compactMap { detail, change in
                switch trial.expected {
                case .rows(let rows):
                    rows.boxes.map { Prediction(.rows(rows.with(boxes: $0.map(change))), detail) }
                case .tensor(let anchors):
                    Prediction(.tensor(tensor(boxes(of: anchors).map(change))), detail)
                }
            }
        }
    }
}

extension BoxCoder.Scaling {
    fileprivate static func weights(_ shift: Float, _ size: Float) -> BoxCoder.Scaling {
        .weights(BoxDelta(dx: shift, dy: shift, dw: size, dh: size))
    }
}

extension Trial {
    /// The stage of the deltas from which the boxes under test are decoded.
    fileprivate var deltas: Stage {
        lead == .detectionBoxes
            ? .boxDeltas : .rpnDeltas(String(lead.name.split(separator: ".")[2]))
    }

    fileprivate func unclippedCandidates(_ level: String) throws -> [Box] {
        let objectness = try bundle.anchorMap(.objectness(level), perAnchor: 1)
        let deltas = try bundle.anchorMap(.rpnDeltas(level), perAnchor: 4).array
        let anchors = try bundle.boxes(.anchors(level))
        let count = expected.rows?.count ?? 0
        guard objectness.count == anchors.count, deltas.count == 4 * anchors.count else { return [] }
        let best = objectness.withUnsafeElements { indicesOfLargest(count, in: $0) }
        return best.map { index in
            model.conventions.proposals.coder.decode(BoxDelta(deltas, at: index), from: anchors[index])
        }
    }

    fileprivate func unclippedDetections(_ rows: Rows) throws -> [Box]? {
        guard let classes = rows.classes, let sources = rows.proposals else { return nil }
        let deltas = try bundle.table(.boxDeltas, rank: 3)
        let proposals = try bundle.boxes(.proposalBoxes)
        let columns = model.architecture.classes + 1
        guard deltas.shape[0] == proposals.count, deltas.shape[2] == 4,
            [1, columns].contains(deltas.shape[1]),
            classes.allSatisfy({ (0..<columns).contains($0) }),
            sources.allSatisfy({ proposals.indices.contains($0) })
        else { return nil }
        return zip(classes, sources).map { label, source in
            model.conventions.detections.coder.decode(
                refinement(deltas, proposal: source, label: label), from: proposals[source])
        }
    }
}

extension BoxDelta {
    fileprivate init(_ values: [Float], at index: Int) {
        self.init(
            dx: values[4 * index], dy: values[4 * index + 1], dw: values[4 * index + 2],
            dh: values[4 * index + 3])
    }
}

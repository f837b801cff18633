import Kernels
import Inference
import Tensors

// Common faults of the heads: the order of anchors, classes and coordinates among the outputs, and the order
// in which a map is flattened.

extension Diagnosis {
    static var headSuspects: [Suspect] {
        [
            .rearranged(
                "anchors in another order", in: ["rpn.objectness.*", "rpn.deltas.*"],
                [
                    (
                        "ratios reversed",
                        { $0.reordered(axis: 0, Array((0..<($0.shape.first ?? 0)).reversed())) }
                    ),
                    (
                        "all dx first, then all dy, …",
                        { tensor in
                            guard tensor.shape.count == 4, tensor.shape[1] == 4 else { return nil }
                            let shape = tensor.shape
                            return tensor.reshaped(to: [4, shape[0], shape[2], shape[3]]).permuted([
                                1, 0, 2, 3,
                            ])
                        }
                    ),
                ]),
            .rearranged(
                "dx and dy exchanged", in: ["rpn.deltas.*"],
                [(nil, { $0.reordered(axis: 1, [1, 0, 3, 2]) })]),
            .rearranged(
                "dx and dy exchanged", in: ["box.deltas"],
                [(nil, { $0.reordered(axis: 2, [1, 0, 3, 2]) })]),
            .rearranged(
                "deltas ordered by coordinate, not by class", in: ["box.deltas"],
                [
                    (
                        nil,
                        { tensor in
                            guard tensor.shape.count == 3 else { return nil }
                            let shape = tensor.shape
                            return tensor.reshaped(to: [shape[0], shape[2], shape[1]]).permuted([0, 2, 1])
                        }
                    )
                ]),
            .rearranged(
                "probabilities in place of logits", in: ["rpn.objectness.*", "mask.logits"],
                [(nil, { sigmoid($0) })]),
            .rearranged(
                "probabilities in place of logits", in: ["box.logits"],
                [(nil, { $0.shape.count == 2 && $0.count > 0 ? softmax($0) : nil })]),
            Suspect("flatten order", in: ["box.hidden.1"]) { trial in
                let pooled = try trial.bundle.anyNumbers(.boxPooled)
                guard pooled.shape.count == 4 else { return [] }
                return try [
                    ("height, width, channel", [0, 2, 3, 1]), ("channel, width, height", [0, 1, 3, 2]),
                    ("width, height, channel", [0, 3, 2, 1]),
                ].map { detail, order in
                    // The flattened map has its axes in the other order, while the layer expects channel,
                    // height, width.
                    let flattened = pooled.permuted(order).reshaped(to: pooled.shape)
                    let changed = trial.bundle.replacing([.boxPooled: ContractTensor(flattened)])
                    return Prediction(try trial.run(bundle: changed), detail)
                }
            },
            .rearranged(
                "background last", in: ["box.logits", "box.probabilities", "box.deltas", "mask.logits"],
                [(nil, { $0.rolled(axis: 1, by: -1) })]),
            .rearranged(
                "class index off by one",
                in: ["box.logits", "box.probabilities", "box.deltas", "mask.logits"],
                [(nil, { $0.rolled(axis: 1, by: 1) })]),
            Suspect("sigmoid in place of softmax", in: ["box.probabilities"]) { trial in
                [Prediction(.tensor(sigmoid(try trial.bundle.table(.boxLogits, rank: 2))))]
            },
            Suspect("logits in place of probabilities", in: ["box.probabilities"]) { trial in
                [Prediction(.tensor(try trial.bundle.table(.boxLogits, rank: 2)))]
            },
        ]
    }
}

import Foundation
import Geometry
import Kernels
import Inference
import Tensors
import Testing
import Verification

// MARK: - Pooling

private func pooling(
    _ cause: String, _ form: String, scaled: Double = 1, _ layer: PlainPooling
) -> PlantedFault {
    PlantedFault(cause: cause, form: form, stage: .boxPooled) { _, bundle in
        [
            .boxPooled: plainPooled(
                try (2...5).map { PlainMap(try bundle.map(.pyramid($0))) },
                boxes: try bundle.boxes(.proposalBoxes), levels: try bundle.indices(.boxLevel), size: 7,
                scaled: scaled, by: layer)
        ]
    }
}

let poolingFaults: [PlantedFault] = [
    PlantedFault(cause: "level assignment by rounding", form: "", stage: .boxLevel) { _, bundle in
        let boxes = try bundle.boxes(.proposalBoxes)
        let levels = boxes.map { plainLevel($0, rounded: true) }
        return [
            .boxLevel: contract(indices: levels),
            .boxPooled: plainPooled(
                try (2...5).map { PlainMap(try bundle.map(.pyramid($0))) }, boxes: boxes, levels: levels,
                size: 7, by: .align(samples: 2, offset: 0.5)),
        ]
    },
    pooling("RoIAlign with or without the half pixel", "without", .align(samples: 2, offset: 0)),
    pooling("another sampling ratio", "one sample", .align(samples: 1, offset: 0.5)),
    pooling("another sampling ratio", "adaptive", .align(samples: nil, offset: 0.5)),
    pooling("RoIPool in place of RoIAlign", "", .pool),
    pooling("crop_and_resize in place of RoIAlign", "", .crop),
    pooling("stride or scale off by two", "pooling", scaled: 0.5, .align(samples: 2, offset: 0.5)),
    PlantedFault(cause: "x and y exchanged", form: "pooling", stage: .boxPooled) { _, bundle in
        let boxes = try bundle.boxes(.proposalBoxes).map { Box(x1: $0.y1, y1: $0.x1, x2: $0.y2, y2: $0.x2) }
        return [
            .boxPooled: plainPooled(
                try (2...5).map { PlainMap(try bundle.map(.pyramid($0))) }, boxes: boxes,
                levels: try bundle.indices(.boxLevel), size: 7, by: .align(samples: 2, offset: 0.5))
        ]
    },
    PlantedFault(cause: "RoIPool in place of RoIAlign", form: "masks", stage: .maskPooled) { _, bundle in
        [
            .maskPooled: plainPooled(
                try (2...5).map { PlainMap(try bundle.map(.pyramid($0))) },
                boxes: try bundle.boxes(.detectionBoxes), levels: try bundle.indices(.maskLevel), size: 14,
                by: .pool)
        ]
    },
    .moved("height and width exchanged", "of bins", [.boxPooled]) { index, _ in
        [index[0], index[1], index[3], index[2]]
    },
]

// MARK: - Heads

let headFaults: [PlantedFault] = [
    PlantedFault(cause: "flatten order", form: "height, width, channel", stage: .boxHidden(1)) {
        run, bundle in
        guard case .twoLayers(let layer, _) = run.model.network.box.body else { return [:] }
        let weight = layer.dense.weight.array, bias = layer.dense.bias ?? []
        // Channels last, as TensorFlow would flatten it.
        let pooled = try bundle.regionMaps(.boxPooled).array
        let (inputs, outputs) = (layer.dense.inputs, layer.dense.outputs)
        var values: [Double] = []
        for region in 0..<pooled.count / inputs {
            for output in 0..<outputs {
                var sum = Double(bias[output])
                for index in 0..<inputs {
                    sum += Double(weight[output * inputs + index]) * Double(pooled[region * inputs + index])
                }
                values.append(max(sum, 0))
            }
        }
        return [.boxHidden(1): contract([values.count / outputs, outputs], values)]
    },
    .moved("background last", "logits", [.boxLogits]) { index, shape in
        [index[0], (index[1] + 1) % shape[1]]
    },
    .moved("class index off by one", "logits", [.boxLogits]) { index, shape in
        [index[0], (index[1] + shape[1] - 1) % shape[1]]
    },
    .moved("dx and dy exchanged", "of classes", [.boxDeltas]) { index, _ in
        [index[0], index[1], [1, 0, 3, 2][index[2]]]
    },
    .moved("deltas ordered by coordinate, not by class", "", [.boxDeltas]) { index, shape in
        let column = index[2] * shape[1] + index[1]
        return [index[0], column / 4, column % 4]
    },
    PlantedFault(cause: "sigmoid in place of softmax", form: "classes", stage: .boxProbabilities) {
        _, bundle in
        let logits = try bundle.flat(.boxLogits)
        return [
            .boxProbabilities: contract(
                try bundle.shape(.boxLogits), logits.map { 1 / (1 + exp(-Double($0))) })
        ]
    },
]

// MARK: - Detections

private func detections(
    _ cause: String, _ form: String, _ decoding: PlainDecoding = PlainDecoding(), threshold: Double = 0.5,
    acrossClasses: Bool = false, extra: Double = 0, leastScore: Float = 0.05, classShift: Int = 0,
    stage: Stage = .detectionBoxes, _ change: @escaping @Sendable (PlainBox) -> PlainBox = { $0 }
) -> PlantedFault {
    PlantedFault(cause: cause, form: form, stage: stage) { run, bundle in
        let proposals = try bundle.boxes(.proposalBoxes)
        let probabilities = try bundle.flat(.boxProbabilities), deltas = try bundle.flat(.boxDeltas)
        let columns = try bundle.shape(.boxProbabilities)[1]
        var boxes: [PlainBox] = []
        var scores: [Float] = []
        var (classes, sources): ([Int], [Int]) = ([], [])
        for (source, proposal) in proposals.enumerated() {
            for label in 1..<columns where probabilities[source * columns + label] > leastScore {
                let index = source * columns + label
                let box = decoding(deltas[4 * index..<4 * index + 4], proposal, height: 208, width: 277)
                guard box.x2 - box.x1 >= 0.01 && box.y2 - box.y1 >= 0.01 else { continue }
                boxes.append(box)
                scores.append(probabilities[index])
                classes.append(label)
                sources.append(source)
            }
        }
        let kept = plainSuppression(
            boxes, scores, groups: acrossClasses ? classes.map { _ in 0 } : classes, threshold: threshold,
            extra: extra
        ).prefix(run.model.settings.boxes.detectionsPerImage)
        return [
            .detectionBoxes: contract([kept.count, 4], kept.flatMap { change(boxes[$0]).numbers }),
            .detectionScores: contract([kept.count], kept.map { scores[$0] }),
            .detectionClasses: contract(indices: kept.map { classes[$0] + classShift }),
            .detectionProposals: contract(indices: kept.map { sources[$0] }),
        ]
    }
}

let detectionFaults: [PlantedFault] = [
    detections("deltas unweighted", "", PlainDecoding(weights: (1, 1))),
    detections("legacy +1", "in decoding detections", PlainDecoding(extra: 1)),
    detections("another suppression threshold", "0.3 for detections", threshold: 0.3),
    detections("suppression across classes or levels", "detections", acrossClasses: true),
    detections("suppression missing", "detections", threshold: 2),
    detections("another score threshold", "0.3", leastScore: 0.3),
    detections("class index off by one", "counted from 0", classShift: -1, stage: .detectionClasses),
    detections("boxes not clipped", "detections", PlainDecoding(clips: false)),
    detections("x and y exchanged", "detections") { PlainBox($0.y1, $0.x1, $0.y2, $0.x2) },
    detections("half-pixel shift", "detections") {
        PlainBox($0.x1 + 0.5, $0.y1 + 0.5, $0.x2 + 0.5, $0.y2 + 0.5)
    },
    detections("stride or scale off by two", "detections") {
        PlainBox($0.x1 * 2, $0.y1 * 2, $0.x2 * 2, $0.y2 * 2)
    },
]

// MARK: - Controls

let boxControls: [PlantedFault] = [
    pooling("", "pooling", .align(samples: 2, offset: 0.5)), detections("", "detections"),
    PlantedFault(cause: "", form: "levels", stage: .boxLevel) { _, bundle in
        let boxes = try bundle.boxes(.proposalBoxes)
        return [.boxLevel: contract(indices: boxes.map { plainLevel($0, rounded: false) })]
    },
]

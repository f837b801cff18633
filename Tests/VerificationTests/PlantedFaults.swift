import Foundation
import Geometry
import Kernels
import MaskRCNN
import Tensors
import Testing
import Verification

/// A fault, where it first shows, and what it should be called.
struct PlantedFault: CustomTestStringConvertible, Sendable {
    typealias Tensors = [Stage: ContractTensor]

    let cause: String
    /// Which form of it.
    let form: String
    /// The first stage that goes wrong.
    let stage: Stage
    /// Changes the good run first, where the fault needs values that chance does not bring.
    var prepare: @Sendable (Verification.Bundle) throws -> Tensors = { _ in [:] }
    /// What the faulty stages record, given the good run.
    let plant: @Sendable (DiagnosisRun, Verification.Bundle) throws -> Tensors

    var testDescription: String { "\(cause): \(form)" }

    static let all =
        inputFaults + mapFaults + anchorFaults + candidateFaults + proposalFaults + poolingFaults + headFaults
        + detectionFaults + maskFaults
}

// MARK: - Input

private let mean = [0.485, 0.456, 0.406], deviation = [0.229, 0.224, 0.225]

private func input(
    _ cause: String, _ form: String,
    place: @escaping @Sendable (Int, Int, Int) -> Double = {
        (Double($0) + 0.5) * Double($1) / Double($2) - 0.5
    },
    value: @escaping @Sendable (Double, Int) -> Double = { ($0 / 255 - mean[$1]) / deviation[$1] }
) -> PlantedFault {
    PlantedFault(cause: cause, form: form, stage: .inputTensor) { _, _ in
        [
            .inputTensor: plainInput(
                DiagnosisRun.picture, height: 208, width: 277, padded: (224, 288), place: place, value: value)
        ]
    }
}

extension PlantedFault {
    /// A fault that moves a tensor's numbers about: the new one's element at an index is the old one's at
    /// another.
    fileprivate static func moved(
        _ cause: String, _ form: String, _ stages: [Stage],
        shape: @escaping @Sendable ([Int]) -> [Int] = { $0 },
        from: @escaping @Sendable (_ index: [Int], _ shape: [Int]) -> [Int]
    ) -> PlantedFault {
        PlantedFault(cause: cause, form: form, stage: stages[0]) { _, bundle in
            var tensors: Tensors = [:]
            for stage in stages {
                let old = try bundle.shape(stage), values = try bundle.flat(stage)
                let new = shape(old)
                let moved = (0..<values.count).map { position in
                    var (rest, index) = (position, [Int](repeating: 0, count: new.count))
                    for axis in new.indices.reversed() {
                        (rest, index[axis]) = rest.quotientAndRemainder(dividingBy: new[axis])
                    }
                    return values[zip(from(index, old), old).reduce(0) { $0 * $1.1 + $1.0 }]
                }
                tensors[stage] = contract(new, moved)
            }
            return tensors
        }
    }
}

private let inputFaults: [PlantedFault] = [
    .moved("channels swapped (RGB against BGR)", "after normalising", [.inputTensor]) { index, _ in
        [2 - index[0], index[1], index[2]]
    },
    PlantedFault(
        cause: "channels swapped (RGB against BGR)", form: "before normalising", stage: .inputTensor
    ) { _, _ in
        let picture = DiagnosisRun.picture
        var swapped = picture
        for pixel in stride(from: 0, to: swapped.pixels.count, by: 3) {
            swapped.pixels[pixel] = picture.pixels[pixel + 2]
            swapped.pixels[pixel + 2] = picture.pixels[pixel]
        }
        return [
            .inputTensor: plainInput(
                swapped, height: 208, width: 277, padded: (224, 288),
                place: { (Double($0) + 0.5) * Double($1) / Double($2) - 0.5 },
                value: { ($0 / 255 - mean[$1]) / deviation[$1] })
        ]
    },
    input("values 0–1 against 0–255", "0–255", value: { ($0 - mean[$1]) / deviation[$1] }),
    input(
        "normalised twice", "",
        value: { (($0 / 255 - mean[$1]) / deviation[$1] - mean[$1]) / deviation[$1] }),
    input("normalisation incomplete", "none", value: { byte, _ in byte / 255 }),
    input("normalisation incomplete", "no mean", value: { $0 / 255 / deviation[$1] }),
    input("half-pixel shift in the resize", "no half pixel", place: { Double($0) * Double($1) / Double($2) }),
    input(
        "half-pixel shift in the resize", "corners aligned",
        place: { Double($0) * Double($1 - 1) / Double($2 - 1) }),
    .moved(
        "height and width exchanged", "of the input", [.inputTensor], shape: { [$0[0], $0[2], $0[1]] }
    ) { index, _ in [index[0], index[2], index[1]] },
]

// MARK: - Maps

private let mapFaults: [PlantedFault] = [
    .moved("height and width exchanged", "of c3", [.backbone(3)], shape: { [$0[0], $0[2], $0[1]] }) {
        index, _ in [index[0], index[2], index[1]]
    },
    PlantedFault(
        cause: "upsampled by interpolation, not by repetition", form: "", stage: .topDown(4)
    ) { _, bundle in
        var tensors: PlantedFault.Tensors = [:]
        for level in 2...4 {
            let map = PlainMap(try bundle.map(.merged(level + 1)))
            let shape = try bundle.shape(.topDown(level))
            var values: [Double] = []
            for channel in 0..<shape[0] {
                for y in 0..<shape[1] {
                    for x in 0..<shape[2] {
                        values.append(
                            map.interpolated(
                                (Double(y) + 0.5) * Double(map.height) / Double(shape[1]) - 0.5,
                                (Double(x) + 0.5) * Double(map.width) / Double(shape[2]) - 0.5, channel))
                    }
                }
            }
            tensors[.topDown(level)] = contract(shape, values)
        }
        return tensors
    },
    // A stride in the first convolution is every second position of the input, and no stride after that.
    PlantedFault(
        cause: "stride in the other convolution of a block", form: "", stage: .backbone(3)
    ) { run, bundle in
        let blocks = run.model.network.backbone.stages[1].blocks
        let map = try bundle.map(.backbone(2))
        let (height, width, channels) = (map.shape[0] / 2, map.shape[1] / 2, map.shape[2])
        let values = map.array
        let half = Tensor(
            shape: [height, width, channels],
            elements: (0..<height * width).flatMap { place in
                let start = (place / width * 2 * 2 * width + place % width * 2) * channels
                return values[start..<start + channels]
            })
        func unstrided(_ layer: ConvolutionLayer) -> ConvolutionLayer {
            var layer = layer
            layer.convolution = Convolution(
                weight: layer.convolution.weight, scale: layer.convolution.scale,
                shift: layer.convolution.shift,
                window: ConvolutionWindow(kernel: layer.convolution.window.kernel))
            return layer
        }
        let shortcut = try #require(blocks[0].shortcut)
        let output =
            half.convolved(by: unstrided(blocks[0].conv1), adding: nil, rectified: true)
            .convolved(by: unstrided(blocks[0].conv2), adding: nil, rectified: true)
            .convolved(
                by: blocks[0].conv3,
                adding: half.convolved(by: unstrided(shortcut), adding: nil, rectified: false),
                rectified: true)
        #expect(blocks.count == 1)
        return [.backbone(3): ContractTensor(.map(output))]
    },
    PlantedFault(cause: "averaged, not summed", form: "", stage: .merged(4)) { _, bundle in
        let sums = zip(try bundle.flat(.lateral(4)), try bundle.flat(.topDown(4))).map { ($0 + $1) / 2 }
        return [.merged(4): contract(try bundle.shape(.merged(4)), sums)]
    },
]

// MARK: - Anchors

private let levels = ["p2", "p3", "p4", "p5", "p6"]
private let sizes = [4.0, 16, 40, 80, 160]

/// Anchors of every level, by a formula for one.
private func anchors(
    _ cause: String, _ form: String,
    _ anchor:
        @escaping @Sendable (_ row: Int, _ column: Int, _ ratio: Int, _ size: Double, _ stride: Double)
        -> PlainBox
) -> PlantedFault {
    PlantedFault(cause: cause, form: form, stage: .anchors("p2")) { _, bundle in
        var tensors: PlantedFault.Tensors = [:]
        for (index, level) in levels.enumerated() {
            let map = try bundle.shape(Stage("fpn.\(level)"))
            var values: [Double] = []
            for row in 0..<map[1] {
                for column in 0..<map[2] {
                    for ratio in 0..<3 {
                        values += anchor(row, column, ratio, sizes[index], Double(4 << index)).numbers
                    }
                }
            }
            tensors[.anchors(level)] = contract([values.count / 4, 4], values)
        }
        return tensors
    }
}

/// A box around a place, of a size and a ratio of height to width.
private func anchor(_ x: Double, _ y: Double, _ size: Double, _ ratio: Int) -> PlainBox {
    let root = [0.5, 1, 2][ratio].squareRoot()
    return PlainBox(x - size / root / 2, y - size * root / 2, x + size / root / 2, y + size * root / 2)
}

private let anchorFaults: [PlantedFault] = [
    anchors("anchor corners rounded", "") { row, column, ratio, size, stride in
        let shape = anchor(0, 0, size, ratio)
        func round(_ value: Double, _ shift: Int) -> Double {
            value.rounded(.toNearestOrEven) + Double(shift) * stride
        }
        return PlainBox(
            round(shape.x1, column), round(shape.y1, row), round(shape.x2, column), round(shape.y2, row))
    },
    anchors("anchors in another order", "ratios reversed") { row, column, ratio, size, stride in
        anchor(Double(column) * stride, Double(row) * stride, size, 2 - ratio)
    },
    anchors("half-pixel shift", "half a stride") { row, column, ratio, size, stride in
        anchor((Double(column) + 0.5) * stride, (Double(row) + 0.5) * stride, size, ratio)
    },
    anchors("half-pixel shift", "of anchors") { row, column, ratio, size, stride in
        anchor(Double(column) * stride + 0.5, Double(row) * stride + 0.5, size, ratio)
    },
    anchors("stride or scale off by two", "stride") { row, column, ratio, size, stride in
        anchor(Double(column) * stride * 2, Double(row) * stride * 2, size, ratio)
    },
    anchors("stride or scale off by two", "sizes") { row, column, ratio, size, stride in
        anchor(Double(column) * stride, Double(row) * stride, size / 2, ratio)
    },
    // 224 / 4 and 288 / 5 on p6, where the map is 4 × 5 positions of 64 pixels.
    PlantedFault(
        cause: "anchor stride measured against nominal", form: "p6", stage: .anchors("p6")
    ) { _, bundle in
        let map = try bundle.shape(.pyramid(6))
        var values: [Double] = []
        for row in 0..<map[1] {
            for column in 0..<map[2] {
                for ratio in 0..<3 {
                    values +=
                        anchor(
                            Double(column * (288 / map[2])), Double(row * (224 / map[1])), sizes[4], ratio
                        ).numbers
                }
            }
        }
        return [.anchors("p6"): contract([values.count / 4, 4], values)]
    },
    anchors("legacy +1", "anchors") { row, column, ratio, size, stride in
        var box = anchor(Double(column) * stride, Double(row) * stride, size, ratio)
        box.x2 -= 1
        box.y2 -= 1
        return box
    },
    anchors("x and y exchanged", "anchors") { row, column, ratio, size, stride in
        let box = anchor(Double(column) * stride, Double(row) * stride, size, ratio)
        return PlainBox(box.y1, box.x1, box.y2, box.x2)
    },
    PlantedFault(cause: "anchors in another order", form: "columns first", stage: .anchors("p2")) {
        _, bundle in
        var tensors: PlantedFault.Tensors = [:]
        for (index, level) in levels.enumerated() {
            let map = try bundle.shape(Stage("fpn.\(level)"))
            let stride = Double(4 << index)
            var values: [Double] = []
            for column in 0..<map[2] {
                for row in 0..<map[1] {
                    for ratio in 0..<3 {
                        values +=
                            anchor(Double(column) * stride, Double(row) * stride, sizes[index], ratio).numbers
                    }
                }
            }
            tensors[.anchors(level)] = contract([values.count / 4, 4], values)
        }
        return tensors
    },
    PlantedFault(cause: "anchors in another order", form: "shapes first", stage: .anchors("p2")) {
        _, bundle in
        var tensors: PlantedFault.Tensors = [:]
        for (index, level) in levels.enumerated() {
            let map = try bundle.shape(Stage("fpn.\(level)"))
            let stride = Double(4 << index)
            var values: [Double] = []
            for ratio in 0..<3 {
                for row in 0..<map[1] {
                    for column in 0..<map[2] {
                        values +=
                            anchor(Double(column) * stride, Double(row) * stride, sizes[index], ratio).numbers
                    }
                }
            }
            tensors[.anchors(level)] = contract([values.count / 4, 4], values)
        }
        return tensors
    },
]

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

private let candidateFaults: [PlantedFault] = [
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

private let proposalFaults: [PlantedFault] = [
    proposals("another suppression threshold", "0.5 for proposals", threshold: 0.5),
    proposals("suppression across classes or levels", "proposals", acrossLevels: true),
    proposals("suppression missing", "proposals", threshold: 2),
    proposals("legacy +1 in suppression", "proposals", extra: 1),
]

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

private let poolingFaults: [PlantedFault] = [
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

private let headFaults: [PlantedFault] = [
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
        ).prefix(run.model.configuration.boxes.count)
        return [
            .detectionBoxes: contract([kept.count, 4], kept.flatMap { change(boxes[$0]).numbers }),
            .detectionScores: contract([kept.count], kept.map { scores[$0] }),
            .detectionClasses: contract(indices: kept.map { classes[$0] + classShift }),
            .detectionProposals: contract(indices: kept.map { sources[$0] }),
        ]
    }
}

private let detectionFaults: [PlantedFault] = [
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

// MARK: - Masks and output

/// The probabilities of masks of other classes, or by another function.
private func maskProbabilities(
    _ cause: String, _ form: String,
    _ value: @escaping @Sendable (_ logits: [Double], _ label: Int) -> Double
) -> PlantedFault {
    PlantedFault(cause: cause, form: form, stage: .maskProbabilities) { _, bundle in
        let shape = try bundle.shape(.maskLogits), logits = try bundle.flat(.maskLogits)
        let classes = try bundle.indices(.detectionClasses)
        let area = shape[2] * shape[3]
        var values: [Double] = []
        for (detection, label) in classes.enumerated() {
            for pixel in 0..<area {
                let all = (0..<shape[1]).map { Double(logits[(detection * shape[1] + $0) * area + pixel]) }
                values.append(value(all, label))
            }
        }
        return [.maskProbabilities: contract([classes.count, shape[2], shape[3]], values)]
    }
}

/// Masks pasted in another way.
private func masks(_ cause: String, _ form: String, half: Double = 0.5, isStrict: Bool = false)
    -> PlantedFault
{
    PlantedFault(
        cause: cause, form: form, stage: .outputMasks,
        prepare: { bundle in
            // Quarters, so that one half itself comes up.
            let quarters = try bundle.flat(.maskProbabilities).map { ($0 * 4).rounded() / 4 }
            return [.maskProbabilities: contract(try bundle.shape(.maskProbabilities), quarters)]
        },
        plant: { _, bundle in
            let shape = try bundle.shape(.maskProbabilities)
            return [
                .outputMasks: plainMasks(
                    try bundle.flat(.maskProbabilities), side: shape[1],
                    boxes: try bundle.boxes(.outputBoxes),
                    height: 150, width: 200, half: half, isStrict: isStrict)
            ]
        })
}

private func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

private let maskFaults: [PlantedFault] = [
    .moved("background last", "mask logits", [.maskLogits]) { index, shape in
        [index[0], (index[1] + 1) % shape[1], index[2], index[3]]
    },
    maskProbabilities("mask of the wrong class", "the one before") { sigmoid($0[$1 - 1]) },
    maskProbabilities("mask of the wrong class", "always the first") { logits, _ in sigmoid(logits[1]) },
    maskProbabilities("softmax in place of sigmoid", "") { logits, label in
        exp(logits[label]) / logits.reduce(0) { $0 + exp($1) }
    },
    maskProbabilities("logits in place of probabilities", "masks") { $0[$1] },
    .moved("height and width exchanged", "of masks", [.maskProbabilities]) { index, _ in
        [index[0], index[2], index[1]]
    },
    masks("pasted without the half pixel", "", half: 0),
    masks("cut at > against ≥", "", isStrict: true),
    PlantedFault(cause: "boxes not scaled back", form: "", stage: .outputBoxes) { _, bundle in
        [.outputBoxes: contract(try bundle.shape(.detectionBoxes), try bundle.flat(.detectionBoxes))]
    },
]

// MARK: - Controls

extension PlantedFault {
    /// The plain stages without any fault.
    static let controls: [PlantedFault] = [
        input("", "input"),
        anchors("", "anchors") { row, column, ratio, size, stride in
            anchor(Double(column) * stride, Double(row) * stride, size, ratio)
        },
        candidates("", "candidates", PlainDecoding(weights: (1, 1))), proposals("", "proposals"),
        pooling("", "pooling", .align(samples: 2, offset: 0.5)), detections("", "detections"),
        maskProbabilities("", "mask probabilities") { sigmoid($0[$1]) }, masks("", "pasting"),
        PlantedFault(cause: "", form: "levels", stage: .boxLevel) { _, bundle in
            let boxes = try bundle.boxes(.proposalBoxes)
            return [.boxLevel: contract(indices: boxes.map { plainLevel($0, rounded: false) })]
        },
    ]
}

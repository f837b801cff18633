import Formats
import Geometry
import Kernels
import Inference
import Tensors

extension StageRunner {
    /// The stage that a level of the region proposal network reads.
    private func feature(_ level: String) -> Stage {
        Stage(model.network.pyramid == nil ? "backbone.\(level)" : "fpn.\(level)")
    }

    // MARK: Proposals

    func runProposals(_ stage: Stage, _ parts: [String]) throws -> ContractTensor {
        for (index, level) in model.levelNames.enumerated() {
            let rpn = model.network.rpn
            switch stage {
            case .anchors(level): return ContractTensor(.boxes(Array(try anchors(index, level))))
            case .rpnHidden(level):
                let feature = try map(feature(level), channels: rpn.hidden[0].convolution.inputs)
                return ContractTensor(.map(rpn.hidden(feature)))
            case .objectness(level), .rpnDeltas(level):
                let hidden = try map(.rpnHidden(level), channels: rpn.objectness.convolution.inputs)
                let isObjectness = stage == .objectness(level)
                let output = hidden.convolved(
                    by: isObjectness ? rpn.objectness : rpn.deltas, adding: nil, relu: false)
                return ContractTensor(.anchorMap(output, perAnchor: isObjectness ? 1 : 4))
            case .candidateBoxes(level): return ContractTensor(.boxes(try candidates(level).boxes))
            case .candidateScores(level): return ContractTensor(.numbers(try candidates(level).scores))
            default: continue
            }
        }
        guard stage == .proposalBoxes || stage == .proposalScores else { throw noSuchStage(stage) }
        let candidates = try model.levelNames.map { level in
            let boxes = try bundle.boxes(.candidateBoxes(level))
            let scores = try bundle.numbers(.candidateScores(level))
            guard boxes.count == scores.count else {
                throw bundle.fault(.candidateScores(level), "has another length than the boxes")
            }
            return Candidates(boxes: boxes, scores: scores, ranks: try ranks(level, count: boxes.count))
        }
        let proposals = selectProposals(
            candidates, settings: model.settings.proposals, conventions: model.conventions.proposals)
        return ContractTensor(
            stage == .proposalBoxes ? .boxes(proposals.boxes) : .numbers(proposals.scores))
    }

    /// What suppression ranks the candidates of a level by, where that is not their scores: distinct logits can
    /// have the same probability. Candidates are the best of the level in order, so theirs are the largest
    /// logits. Nil, for the scores to be used, when the bundle lacks logits of any level.
    private func ranks(_ level: String, count: Int) throws -> [Float]? {
        guard model.conventions.proposals.ranksByLogit,
            model.levelNames.allSatisfy({ bundle.contains(.objectness($0)) })
        else { return nil }
        let logits = try bundle.anchorMap(.objectness(level), perAnchor: 1)
        let largest = logits.withUnsafeElements { logits in
            indicesOfLargest(count, in: logits).map { logits[$0] }
        }
        guard largest.count == count else {
            throw bundle.fault(
                .candidateBoxes(level), "has more rows than '\(Stage.objectness(level))' has logits")
        }
        return largest
    }

    private func anchors(_ index: Int, _ level: String) throws -> AnchorGrid {
        let map = try bundle.shape(feature(level))
        let input = try bundle.shape(.inputTensor)
        guard map.count == 3 && map.allSatisfy({ $0 > 0 }) else {
            throw bundle.fault(feature(level), "has shape \(map), which is no map")
        }
        guard input.count == 3 && input.allSatisfy({ $0 > 0 }) else {
            throw bundle.fault(.inputTensor, "has shape \(input), which is no map")
        }
        return model.anchors(
            level: index, size: PixelSize(height: map[1], width: map[2]),
            padded: PixelSize(height: input[1], width: input[2]),
            resized: model.conventions.input.padding == .rightAndBelow ? nil : try bundle.inputSize())
    }

    private func candidates(_ level: String) throws -> Candidates {
        let objectness = try bundle.anchorMap(.objectness(level), perAnchor: 1)
        let deltas = try bundle.anchorMap(.rpnDeltas(level), perAnchor: 4)
        let anchors = try bundle.boxes(.anchors(level))
        guard objectness.count == anchors.count && deltas.count == 4 * anchors.count else {
            throw bundle.fault(.anchors(level), "has \(anchors.count) boxes for \(objectness.count) logits")
        }
        return selectCandidates(
            objectness: objectness, deltas: deltas, anchors: anchors,
            count: try candidateCount(level, objectness: objectness), size: try bundle.inputSize(),
            conventions: model.conventions.proposals)
    }

    /// How many candidates a level may have; where levels compete, the other levels' logits tell.
    private func candidateCount(_ level: String, objectness: Tensor) throws -> Int {
        let (conventions, names) = (model.conventions.proposals, model.levelNames)
        let count = model.settings.proposals.preNMSTopN
        guard !conventions.preNMSTopNIsPerLevel, let index = names.firstIndex(of: level) else { return count }
        let all = try names.map {
            $0 == level ? objectness : try bundle.anchorMap(.objectness($0), perAnchor: 1)
        }
        return candidateCounts(all, preNMSTopN: count, conventions: conventions)[index]
    }

    // MARK: Pooling

    /// The maps that regions pool from.
    func pooledMaps() throws -> PooledMaps<Tensor> {
        let channels = model.network.rpn.hidden[0].convolution.inputs
        let features = try model.levelNames.map { try map(feature($0), channels: channels) }
        return model.pooledMaps(features, size: try bundle.inputSize())
    }

    // MARK: Box head

    func runBoxes(_ stage: Stage) throws -> ContractTensor {
        let head = model.network.box
        let classes = model.architecture.classes + 1
        switch stage {
        case .boxLevel:
            return ContractTensor(.indices(try bundle.boxes(.proposalBoxes).map(try pooledMaps().level)))
        case .boxPooled:
            let boxes = try bundle.boxes(.proposalBoxes)
            return ContractTensor(.regionMaps(try pooledMaps().pooled(boxes, size: model.boxPoolSize)))
        case .boxLogits:
            return ContractTensor(try boxVectors(head.logits).dense(by: head.logits, relu: false))
        case .boxDeltas:
            let deltas = try boxVectors(head.deltas).dense(by: head.deltas, relu: false)
            return ContractTensor(deltas.reshaped(to: [deltas.shape[0], classes, 4]))
        case .boxProbabilities: return ContractTensor(softmax(try table(.boxLogits, columns: classes)))
        default: return try runBoxBody(stage)
        }
    }

    /// The vectors that the box head's outputs read.
    private func boxVectors(_ layer: DenseLayer) throws -> Tensor {
        var last = Stage.boxHidden(1)
        if case .twoLayers = model.network.box.body { last = .boxHidden(2) }
        return try table(last, columns: layer.dense.inputs)
    }

    private func runBoxBody(_ stage: Stage) throws -> ContractTensor {
        switch (model.network.box.body, stage) {
        case (.twoLayers(let first, _), .boxHidden(1)):
            return ContractTensor(try flattened(.boxPooled, into: first).dense(by: first, relu: true))
        case (.twoLayers(_, let second), .boxHidden(2)):
            let hidden = try table(.boxHidden(1), columns: second.dense.inputs)
            return ContractTensor(hidden.dense(by: second, relu: true))
        case (.convolutions(let layers, let dense), .boxHidden(1)):
            let last = layers.isEmpty ? Stage.boxPooled : .boxConvolution(layers.count)
            return ContractTensor(try flattened(last, into: dense).dense(by: dense, relu: true))
        case (.convolutions(let layers, _), _):
            for (index, layer) in layers.enumerated() where stage == .boxConvolution(index + 1) {
                let input = index == 0 ? Stage.boxPooled : .boxConvolution(index)
                return try convolved(input, by: layer)
            }
        case (.residualStage(let stages), .boxC5):
            let inputs = stages.blocks[0].conv1.convolution.inputs
            return ContractTensor(.regionMaps(stages(try regionMaps(.boxPooled, channels: inputs))))
        case (.residualStage, .boxHidden(1)):
            let channels = model.network.box.logits.dense.inputs
            return ContractTensor(try regionMaps(.boxC5, channels: channels).averagedOverPositions())
        default: break
        }
        throw noSuchStage(stage)
    }

    /// Pooled maps that a fully connected layer reads.
    private func flattened(_ stage: Stage, into layer: DenseLayer) throws -> Tensor {
        let maps = try bundle.regionMaps(stage)
        guard let size = layer.dense.flattening,
            Array(maps.shape.dropFirst()) == [size.height, size.width, size.channels]
        else { throw bundle.fault(stage, "does not have the shape that '\(layer.name)' needs") }
        return maps
    }

    /// A convolution with ReLU on region maps.
    private func convolved(_ stage: Stage, by layer: ConvolutionLayer) throws -> ContractTensor {
        let maps = try regionMaps(stage, channels: layer.convolution.inputs)
        return ContractTensor(.regionMaps(maps.convolved(by: layer, adding: nil, relu: true)))
    }

    // MARK: Detections

    func runDetections(_ stage: Stage) throws -> ContractTensor {
        let classes = model.architecture.classes + 1
        let proposals = try bundle.boxes(.proposalBoxes)
        let probabilities = try table(.boxProbabilities, columns: classes)
        let deltas = try bundle.table(.boxDeltas, rank: 3)
        guard probabilities.shape[0] == proposals.count, deltas.shape == [proposals.count, classes, 4] else {
            throw bundle.fault(
                .boxDeltas, "has shape \(deltas.shape), expected [\(proposals.count), \(classes), 4]")
        }
        let detections = selectDetections(
            probabilities: probabilities, deltas: deltas, proposals: proposals,
            size: try bundle.inputSize(), settings: model.settings.boxes,
            conventions: model.conventions.detections)
        switch stage {
        case .detectionBoxes: return ContractTensor(.boxes(detections.boxes))
        case .detectionScores: return ContractTensor(.numbers(detections.scores))
        case .detectionClasses: return ContractTensor(.indices(detections.classes))
        case .detectionProposals: return ContractTensor(.indices(detections.proposals))
        default: throw noSuchStage(stage)
        }
    }

    // MARK: Masks and keypoints

    func runMasks(_ stage: Stage) throws -> ContractTensor {
        guard let head = model.network.mask, let masks = model.architecture.masks else {
            throw noSuchStage(stage)
        }
        switch (stage, head.body, model.network.box.body) {
        case (.maskLevel, _, _):
            return ContractTensor(.indices(try bundle.boxes(.detectionBoxes).map(try pooledMaps().level)))
        case (.maskPooled, _, _):
            let boxes = try bundle.boxes(.detectionBoxes)
            return ContractTensor(.regionMaps(try pooledMaps().pooled(boxes, size: masks.poolSize)))
        case (.maskProbabilities, _, _):
            let classes = try bundle.indices(.detectionClasses)
            let logits = try bundle.regionMaps(.maskLogits)
            let channels = logits.shape[3]
            guard classes.count == logits.shape[0],
                classes.allSatisfy({ $0 >= 0 && (channels == 1 || $0 < channels) })
            else { throw bundle.fault(.detectionClasses, "does not fit '\(Stage.maskLogits)'") }
            return ContractTensor(maskProbabilities(logits, classes: classes, output: masks.output))
        case (.maskC5, _, .residualStage(let stages)):
            let inputs = stages.blocks[0].conv1.convolution.inputs
            return ContractTensor(.regionMaps(stages(try regionMaps(.maskPooled, channels: inputs))))
        case (_, .convolutions(let layers, let upsampled, let last), let body):
            var input = Stage.maskPooled
            if case .residualStage = body { input = .maskC5 }
            for (index, layer) in layers.enumerated() {
                if stage == .maskHidden(index + 1) { return try convolved(input, by: layer) }
                input = .maskHidden(index + 1)
            }
            if stage == .maskUpsampled {
                let maps = try regionMaps(input, channels: upsampled.convolution.inputs)
                return ContractTensor(.regionMaps(maps.upsampled(by: upsampled, relu: true)))
            }
            guard stage == .maskLogits else { throw noSuchStage(stage) }
            let maps = try regionMaps(.maskUpsampled, channels: last.convolution.inputs)
            return ContractTensor(.regionMaps(maps.convolved(by: last, adding: nil, relu: false)))
        case (_, .fullyConnected(let layers, let last, let channels, let side), _):
            var input = Stage.maskPooled
            for (index, layer) in layers.enumerated() {
                if stage == .maskHidden(index + 1) {
                    return ContractTensor(try rows(input, into: layer).dense(by: layer, relu: true))
                }
                input = .maskHidden(index + 1)
            }
            guard stage == .maskLogits else { throw noSuchStage(stage) }
            let logits = try rows(input, into: last).dense(by: last, relu: false)
            // Class by class already, as the contract has it.
            return ContractTensor(logits.reshaped(to: [logits.shape[0], channels, side, side]))
        }
    }

    /// What a fully connected layer reads: pooled maps, or rows of numbers.
    private func rows(_ stage: Stage, into layer: DenseLayer) throws -> Tensor {
        layer.dense.flattening == nil
            ? try table(stage, columns: layer.dense.inputs) : try flattened(stage, into: layer)
    }

    func runKeypoints(_ stage: Stage) throws -> ContractTensor {
        guard let head = model.network.keypoints, let keypoints = model.architecture.keypoints else {
            throw noSuchStage(stage)
        }
        if stage == .keypointPooled {
            let boxes = try bundle.boxes(.detectionBoxes)
            return ContractTensor(.regionMaps(try pooledMaps().pooled(boxes, size: keypoints.poolSize)))
        }
        var input = Stage.keypointPooled
        for (index, layer) in head.hidden.enumerated() {
            if stage == .keypointHidden(index + 1) { return try convolved(input, by: layer) }
            input = .keypointHidden(index + 1)
        }
        guard stage == .keypointHeatmaps else { throw noSuchStage(stage) }
        let maps = try regionMaps(input, channels: head.heatmaps.convolution.inputs)
        return ContractTensor(
            .regionMaps(maps.upsampled(by: head.heatmaps, relu: false).enlargedBilinearly(by: 2)))
    }

    // MARK: Output

    /// Heat maps are enlarged to their boxes, so a box that no picture of this size can hold must not get there.
    private func checkSizes(of boxes: [Box]) throws {
        let size = try bundle.inputSize()
        let (height, width) = (Float(size.height) + 1, Float(size.width) + 1)
        guard boxes.allSatisfy({ $0.width <= width && $0.height <= height }),
            Double(width) * Double(height) * Double(boxes.count) <= 0x1p36
        else { throw bundle.fault(.detectionBoxes, "has boxes larger than 'input.size'") }
    }

    func runOutput(_ stage: Stage) throws -> ContractTensor {
        let boxes = try bundle.boxes(.detectionBoxes)
        let detections = Detections(
            boxes: boxes, scores: try bundle.numbers(.detectionScores),
            classes: try bundle.indices(.detectionClasses),
            proposals: Array(repeating: 0, count: boxes.count))
        guard detections.scores.count == boxes.count && detections.classes.count == boxes.count else {
            throw bundle.fault(.detectionScores, "has another length than '\(Stage.detectionBoxes)'")
        }
        let picture = try bundle.shape(.image)
        guard picture.count == 3 && picture.allSatisfy({ $0 > 0 && $0 <= 1 << 20 }) else {
            throw bundle.fault(.image, "has shape \(picture), expected [3, height, width]")
        }
        let original = PixelSize(height: picture[1], width: picture[2])
        var masks: Tensor?
        var keypoints: [[Keypoint]]?
        if stage == .outputMasks {
            let probabilities = try bundle.table(.maskProbabilities, rank: 3)
            guard probabilities.shape[0] == boxes.count, probabilities.shape[1] == probabilities.shape[2],
                probabilities.shape[1] > 0
            else {
                throw bundle.fault(
                    .maskProbabilities,
                    "has shape \(probabilities.shape), expected [\(boxes.count), side, side]")
            }
            guard Double(boxes.count) * Double(picture[1] * picture[2]) <= 0x1p32 else {
                throw bundle.fault(.detectionBoxes, "asks for masks of more than 4 GiB")
            }
            masks = probabilities
        }
        if stage == .outputKeypoints {
            guard let count = model.architecture.keypoints?.count else { throw noSuchStage(stage) }
            let heatmaps = try regionMaps(.keypointHeatmaps, channels: count)
            guard heatmaps.shape[0] == boxes.count else {
                throw bundle.fault(
                    .keypointHeatmaps, "has \(heatmaps.shape[0]) regions for \(boxes.count) detections")
            }
            try checkSizes(of: boxes)
            keypoints = decodeKeypoints(
                heatmaps, boxes: boxes, score: model.conventions.output.keypointScore)
        }
        let recorder = Recorder(patterns: [stage.name])
        _ = model.restore(
            detections, masks: masks, keypoints: keypoints,
            to: NetworkInput(
                tensor: Tensor(shape: [0, 0, 3]), size: try bundle.inputSize(), original: original),
            observer: recorder)
        guard let recorded = recorder.stages.first else { throw noSuchStage(stage) }
        return recorded.tensor
    }
}

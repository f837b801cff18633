import Geometry
import Kernels
import Inference
import Tensors

// One training picture on its way through the network (Mask R-CNN, section 3.1, "Training"):
//
// 1. The picture becomes the network's input; its objects follow into that frame.
// 2. Backbone and pyramid, on values that remember how they were made.
// 3. The region proposal network. Anchors are matched to objects and sampled; its two losses.
// 4. Proposals, as at test time but more of them. No gradient passes: from here on they are plain boxes. The
//    true boxes join them, so that there are good ones from the first step on.
// 5. Proposals are matched and sampled. The box head; its two losses.
// 6. The mask and keypoint heads, on the sampled proposals that are objects; their losses.
//
// The lines are those of `Model.detect`; what they add is targets and losses.

/// One picture's way through the network, and what the losses make of it.
public struct ForwardPass: Sendable {
    /// How the network's outputs came about.
    let tape: Tape
    /// The parts of the loss.
    public private(set) var losses: [LossKind: LossSum] = [:]

    /// Runs one picture.
    ///
    /// - Parameters:
    ///   - size: how large the image is made, which may change from image to image.
    ///   - tape: an empty one.
    ///   - generator: for sampling.
    public init(
        _ example: Example, resizedTo size: Settings.Input, through model: Model, settings: TrainingSettings,
        tape: Tape, using generator: inout SeededGenerator
    ) {
        self.tape = tape
        let input = NetworkInput(example.image, conventions: model.conventions.input, settings: size)
        let objects = ScaledObjects(example, to: input.size)
        let features = model.network.features(tape.constant(input.tensor))

        let outputs = model.proposalMaps(features)
        let anchors = model.anchors(of: features, for: input)
        addProposalLosses(
            outputs, anchors: anchors, objects: objects, model: model, settings: settings, using: &generator)

        let proposals = model.selectProposals(
            outputs, anchors: anchors, size: input.size,
            settings: settings.proposals.applied(to: model.settings.proposals))
        let sample = ProposalSample(
            proposals.boxes + objects.boxes, objects: objects, settings: settings, using: &generator)
        let maps = model.pooledMaps(features, size: input.size)
        addBoxLosses(sample, maps: maps, model: model, settings: settings)
        addMaskLoss(sample, maps: maps, model: model, settings: settings, using: &generator)
        addKeypointLoss(sample, maps: maps, model: model, settings: settings, using: &generator)
    }

    // MARK: Region proposal network

    private mutating func addProposalLosses(
        _ outputs: [RPNHead.Output<Taped>], anchors: [AnchorGrid], objects: ScaledObjects, model: Model,
        settings: TrainingSettings, using generator: inout SeededGenerator
    ) {
        let matches = settings.anchorMatcher(
            anchors.joined(), with: objects.boxes, crowds: objects.crowds)
        let sample = settings.anchorSampler(matches, using: &generator)
        var objectnessSum = 0.0
        var deltaSum = 0.0
        var levels = outputs.map(LevelGradients.init)
        // Samples ascend, so each one's level is that of the one before, or a later one.
        var (level, start) = (0, 0)
        for anchor in sample {
            while anchor - start >= anchors[level].count {
                start += anchors[level].count
                level += 1
            }
            let place = anchor - start
            let logit = outputs[level].objectness.value.element(place)
            var target: Float = 0
            if case .object(let object) = matches[anchor] {
                target = 1
                let loss = settings.proposalBoxLoss(
                    outputs[level].deltas.value.delta(place), from: anchors[level][place],
                    to: objects.boxes[object], coder: model.conventions.proposals.coder)
                deltaSum += Double(loss.value)
                levels[level].deltas.setDelta(place, to: loss.gradient)
            }
            objectnessSum += Double(sigmoidCrossEntropy(logit, target: target))
            levels[level].objectness.setElement(place, to: sigmoid(logit) - target)
        }
        let seeds = zip(outputs, levels)
        let count = Double(sample.count)
        losses[.objectness] = LossSum(
            sum: objectnessSum, count: count,
            seeds: seeds.map { LossSeed($0.objectness, gradient: $1.objectness) })
        losses[.proposalBoxes] = LossSum(
            sum: deltaSum, count: count, seeds: seeds.map { LossSeed($0.deltas, gradient: $1.deltas) })
    }

    // MARK: Box head

    private mutating func addBoxLosses(
        _ sample: ProposalSample, maps: PooledMaps<Taped>, model: Model, settings: TrainingSettings
    ) {
        guard !sample.boxes.isEmpty else { return }
        let box = model.network.box
        let output = box.output(box.hidden(maps.pooled(sample.boxes, size: model.boxPoolSize)))
        let count = Double(sample.boxes.count)
        let classes = softmaxCrossEntropy(output.logits.value, labels: sample.labels)
        losses[.classes] = LossSum(
            sum: classes.sum, count: count, seeds: [LossSeed(output.logits, gradient: classes.gradient)])
        var deltaSum = 0.0
        var gradient = Tensor(shape: output.deltas.value.shape)
        for (row, label) in sample.labels.enumerated() where label > 0 {
            let place = row * (model.architecture.classes + 1) + label
            let loss = settings.boxLoss(
                output.deltas.value.delta(place), from: sample.boxes[row], to: sample.targets[row],
                coder: model.conventions.detections.coder)
            deltaSum += Double(loss.value)
            gradient.setDelta(place, to: loss.gradient)
        }
        losses[.boxes] = LossSum(
            sum: deltaSum, count: count, seeds: [LossSeed(output.deltas, gradient: gradient)])
    }

    // MARK: Mask and keypoint heads

    private mutating func addMaskLoss(
        _ sample: ProposalSample, maps: PooledMaps<Taped>, model: Model, settings: TrainingSettings,
        using generator: inout SeededGenerator
    ) {
        guard let head = model.network.mask, let masks = model.architecture.masks else { return }
        let regions = settings.proposalSampler.select(
            settings.maskCount ?? .max, from: sample.regions { $0.mask != nil }, using: &generator)
        guard !regions.isEmpty else { return }
        let logits = model.network.masks(
            maps.pooled(regions.map { sample.boxes[$0] }, size: masks.poolSize), by: head)
        let targets = MaskTargets(
            side: logits.value.shape[1],
            subtractsHalfPixel: model.conventions.pooling.layer.subtractsHalfPixel,
            areBinary: settings.masksAreBinary)
        let loss = maskLoss(
            logits.value, targets: sample.maskTargets(targets, regions: regions),
            labels: regions.map { sample.labels[$0] }, output: masks.output)
        losses[.masks] = LossSum(
            sum: loss.sum, count: Double(logits.value.shape.prefix(3).reduce(1, *)),
            seeds: [LossSeed(logits, gradient: loss.gradient)])
    }

    private mutating func addKeypointLoss(
        _ sample: ProposalSample, maps: PooledMaps<Taped>, model: Model, settings: TrainingSettings,
        using generator: inout SeededGenerator
    ) {
        guard let head = model.network.keypoints, let keypoints = model.architecture.keypoints else {
            return
        }
        let side = 4 * keypoints.poolSize
        // Regions in which no keypoint has a target would add nothing but work.
        let targets = Dictionary(
            uniqueKeysWithValues: sample.regions { $0.keypoints?.count == keypoints.count }
                .map { ($0, sample.keypointTargets(of: $0, side: side)) }
                .filter { $0.1.contains { $0 != nil } })
        let regions = settings.proposalSampler.select(
            settings.keypointCount ?? .max, from: targets.keys.sorted(), using: &generator)
        guard !regions.isEmpty else { return }
        let heatmaps = head(
            maps.pooled(regions.map { sample.boxes[$0] }, size: keypoints.poolSize))
        let loss = keypointLoss(heatmaps.value, targets: regions.compactMap { targets[$0] })
        losses[.keypoints] = LossSum(
            sum: loss.sum, count: Double(regions.reduce(0) { $0 + (targets[$1] ?? []).count { $0 != nil } }),
            seeds: [LossSeed(heatmaps, gradient: loss.gradient)])
    }
}

/// The gradients of one level of the region proposal network, zero at first.
private struct LevelGradients {
    var objectness: Tensor
    var deltas: Tensor

    init(_ output: RPNHead.Output<Taped>) {
        objectness = Tensor(shape: output.objectness.value.shape)
        deltas = Tensor(shape: output.deltas.value.shape)
    }
}

extension Tensor {
    fileprivate func element(_ index: Int) -> Float { withUnsafeElements { $0[index] } }

    fileprivate mutating func setElement(_ index: Int, to value: Float) {
        withUnsafeMutableElements { $0[index] = value }
    }

    fileprivate func delta(_ index: Int) -> BoxDelta {
        withUnsafeElements {
            BoxDelta(dx: $0[4 * index], dy: $0[4 * index + 1], dw: $0[4 * index + 2], dh: $0[4 * index + 3])
        }
    }

    fileprivate mutating func setDelta(_ index: Int, to delta: BoxDelta) {
        withUnsafeMutableElements {
            $0[4 * index] = delta.dx
            $0[4 * index + 1] = delta.dy
            $0[4 * index + 2] = delta.dw
            $0[4 * index + 3] = delta.dh
        }
    }
}

extension PoolingLayer {
    /// Whether regions are read with values at the centres of cells, which masks must then be as well.
    var subtractsHalfPixel: Bool {
        if case .align(_, let subtractsHalfPixel, _) = self { subtractsHalfPixel } else { false }
    }
}

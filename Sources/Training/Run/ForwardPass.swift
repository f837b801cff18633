import Geometry
import Kernels
import Inference
import Tensors

// One training picture on its way through the network (Mask R-CNN, section 3.1, "Training"). It goes the way of every
// picture, `Model.predict`, on values that remember how they were made. Where that way comes by a step without
// parameters, training has its own, with targets and losses:
//
// 1. Selecting proposals: anchors are matched to objects and sampled, which gives the region proposal network's two
//    losses. Proposals are selected as at test time, but more of them, and no gradient passes: from here on they are
//    plain boxes. The true boxes join them, so that there are good ones from the first step on. All are matched and
//    sampled: the sample is what the heads get to see.
// 2. Selecting detections: the box head's two losses. "Detected" are the sampled proposals that are objects.
// 3. Mask probabilities, and decoding keypoints: the losses of these heads, each on the objects that have a target.

/// One picture's way through the network, and what the losses make of it.
package struct ForwardPass: Sendable {
    /// How the network's outputs came about.
    let tape: Tape
    /// The parts of the loss.
    package let losses: [LossKind: LossSum]

    /// Runs one picture.
    ///
    /// - Parameters:
    ///   - size: how large the image is made, which may change from image to image.
    ///   - tape: an empty one.
    ///   - generator: for sampling.
    package init(
        _ example: Example, resizedTo size: Settings.Input, through model: Model, settings: TrainingSettings,
        tape: Tape, using generator: inout SeededGenerator
    ) {
        let input = NetworkInput(example.image, conventions: model.conventions.input, settings: size)
        var modelSettings = model.settings
        modelSettings.proposals = settings.proposals.applied(to: modelSettings.proposals)
        let lesson = Lesson(
            objects: ScaledObjects(example, to: input.size), model: model, settings: settings,
            generator: generator)
        model.with(settings: modelSettings).predict(
            from: input, as: tape.constant(input.tensor), in: PipelineRun(steps: lesson.steps))
        generator = lesson.generator
        losses = lesson.losses
        self.tape = tape
    }
}

/// What is to be learnt from one picture: targets, and the losses so far.
private final class Lesson {
    let objects: ScaledObjects
    let model: Model
    let settings: TrainingSettings
    var generator: SeededGenerator
    private(set) var losses: [LossKind: LossSum] = [:]
    /// The proposals that the heads learn from, once they are selected.
    private var sample: ProposalSample?
    /// The right cells of the keypoints of a sampled proposal that has any.
    private var keypointTargets: [Int: [Int?]] = [:]

    init(objects: ScaledObjects, model: Model, settings: TrainingSettings, generator: SeededGenerator) {
        self.objects = objects
        self.model = model
        self.settings = settings
        self.generator = generator
    }

    /// The pipeline's steps, with losses.
    var steps: PipelineSteps<Taped> {
        var steps = PipelineSteps<Taped>()
        steps.selectProposals = { [self] selection in
            addProposalLosses(selection.outputs, anchors: selection.anchors)
            let sample = ProposalSample(
                selection.proposals().boxes + objects.boxes, objects: objects, settings: settings,
                using: &generator)
            self.sample = sample
            return Proposals(boxes: sample.boxes, scores: sample.boxes.map { _ in 1 })
        }
        steps.selectDetections = { [self] selection in
            addBoxLosses(selection.output)
            return regions(sample?.regions { _ in true } ?? [])
        }
        steps.selectMaskRegions = { [self] _ in regions(maskRegions()) }
        steps.maskProbabilities = { [self] prediction in
            addMaskLoss(prediction)
            return Tensor(shape: [0, 0, 0])
        }
        steps.selectKeypointRegions = { [self] _ in regions(keypointRegions()) }
        steps.decodeKeypoints = { [self] prediction in
            addKeypointLoss(prediction)
            return []
        }
        return steps
    }

    /// Sampled proposals as if they were detections, each with its true class.
    private func regions(_ rows: [Int]) -> Detections {
        guard let sample else { return Detections() }
        regionRows = rows
        return Detections(
            boxes: rows.map { sample.boxes[$0] }, scores: rows.map { _ in 1 },
            classes: rows.map { sample.labels[$0] }, proposals: rows)
    }

    /// The rows of the sample that the head at work sees.
    private var regionRows: [Int] = []

    // MARK: Region proposal network

    private func addProposalLosses(_ outputs: [RPNHead.Output<Taped>], anchors: [AnchorGrid]) {
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

    private func addBoxLosses(_ output: BoxHead.Output<Taped>) {
        guard let sample, !sample.boxes.isEmpty else { return }
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

    private func maskRegions() -> [Int] {
        settings.proposalSampler.select(
            settings.maskCount ?? .max, from: sample?.regions { $0.mask != nil } ?? [], using: &generator)
    }

    private func addMaskLoss(_ prediction: MaskPrediction<Taped>) {
        let logits = prediction.logits
        guard let sample, !regionRows.isEmpty else { return }
        let targets = MaskTargets(
            side: logits.value.shape[1],
            subtractsHalfPixel: model.conventions.pooling.layer.subtractsHalfPixel,
            areBinary: settings.masksAreBinary)
        let loss = maskLoss(
            logits.value, targets: sample.maskTargets(targets, regions: regionRows),
            labels: prediction.classes, output: prediction.output)
        losses[.masks] = LossSum(
            sum: loss.sum, count: Double(logits.value.shape.prefix(3).reduce(1, *)),
            seeds: [LossSeed(logits, gradient: loss.gradient)])
    }

    private func keypointRegions() -> [Int] {
        guard let sample, let keypoints = model.architecture.keypoints else { return [] }
        let side = 4 * keypoints.poolSize
        // Regions in which no keypoint has a target would add nothing but work.
        keypointTargets = Dictionary(
            uniqueKeysWithValues: sample.regions { $0.keypoints?.count == keypoints.count }
                .map { ($0, sample.keypointTargets(of: $0, side: side)) }
                .filter { $0.1.contains { $0 != nil } })
        return settings.proposalSampler.select(
            settings.keypointCount ?? .max, from: keypointTargets.keys.sorted(), using: &generator)
    }

    private func addKeypointLoss(_ prediction: KeypointPrediction<Taped>) {
        guard !regionRows.isEmpty else { return }
        let targets = regionRows.compactMap { keypointTargets[$0] }
        let loss = keypointLoss(prediction.heatmaps.value, targets: targets)
        losses[.keypoints] = LossSum(
            sum: loss.sum, count: Double(targets.reduce(0) { $0 + $1.count { $0 != nil } }),
            seeds: [LossSeed(prediction.heatmaps, gradient: loss.gradient)])
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

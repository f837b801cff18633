import Geometry
import Kernels
import Inference
import Tensors

// The forward pass of one training image (Mask R-CNN, section 3.1, "Training"). It runs the same pipeline as inference,
// `Model.predict`, on values that record their computation, and replaces steps without parameters by its own, which add
// targets and losses:
//
// 1. Selecting proposals: anchors are matched to objects and sampled, which gives the region proposal network's two
//    losses. Proposals are selected as at inference, but more of them, and without a gradient. The ground-truth boxes
//    are added, so that there are good proposals from the first step on. All are matched and sampled; the heads run on
//    the sample.
// 2. Selecting detections: the box head's two losses. The "detections" are the sampled proposals that are matched to
//    objects.
// 3. Mask probabilities and keypoint decoding: the losses of these heads, each on the regions that have a target.

/// The forward pass of one image, with its losses.
package struct ForwardPass: Sendable {
    /// The tape that recorded the network's computation.
    let tape: Tape
    /// The terms of the loss. A term without targets is absent.
    package let losses: [LossKind: LossSum]

    /// Runs the network on one image and computes the losses.
    ///
    /// - Parameters:
    ///   - size: the size that the image is resized to, which may differ between images.
    ///   - tape: an empty one.
    ///   - generator: the random numbers for sampling anchors and proposals.
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

/// The targets of one image, and the losses computed so far.
private final class Lesson {
    let objects: ScaledObjects
    let model: Model
    let settings: TrainingSettings
    var generator: SeededGenerator
    private(set) var losses: [LossKind: LossSum] = [:]
    /// The sampled proposals that the heads run on; nil until they are selected.
    private var sample: ProposalSample?
    /// The target cells of the keypoints, by index into the sample, of proposals that have any.
    private var keypointTargets: [Int: [Int?]] = [:]

    init(objects: ScaledObjects, model: Model, settings: TrainingSettings, generator: SeededGenerator) {
        self.objects = objects
        self.model = model
        self.settings = settings
        self.generator = generator
    }

    /// The pipeline's steps, replaced by ones that compute losses.
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

    /// The given rows of the sample as detections, each with its true class.
    private func regions(_ rows: [Int]) -> Detections {
        guard let sample else { return Detections() }
        regionRows = rows
        return Detections(
            boxes: rows.map { sample.boxes[$0] }, scores: rows.map { _ in 1 },
            classes: rows.map { sample.labels[$0] }, proposals: rows)
    }

    /// The rows of the sample that the current head runs on.
    private var regionRows: [Int] = []

    // MARK: Region proposal network

    private func addProposalLosses(_ outputs: [RPNHead.Output<Taped>], anchors: [AnchorGrid]) {
        let matches = settings.anchorMatcher(
            anchors.joined(), with: objects.boxes, crowds: objects.crowds)
        let sample = settings.anchorSampler(matches, using: &generator)
        var objectnessSum = 0.0
        var deltaSum = 0.0
        var levels = outputs.map(LevelGradients.init)
        // Samples are in ascending order, so the level never decreases.
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
        let columns = output.deltas.value.shape[1]
        for (row, label) in sample.labels.enumerated() where label > 0 {
            let index = (row * columns + firstDelta(ofClass: label, columns: columns)) / 4
            let loss = settings.boxLoss(
                output.deltas.value.delta(index), from: sample.boxes[row], to: sample.targets[row],
                coder: model.conventions.detections.coder)
            deltaSum += Double(loss.value)
            gradient.setDelta(index, to: loss.gradient)
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
        // Regions in which no keypoint has a target do not contribute to the loss, and are skipped to save time.
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

/// The gradients with respect to the region proposal network's outputs on one level, initially zero.
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
    /// Whether the RoI layer places values at the centres of cells; mask targets must be computed in the same way.
    var subtractsHalfPixel: Bool {
        if case .align(_, let subtractsHalfPixel, _) = self { subtractsHalfPixel } else { false }
    }
}

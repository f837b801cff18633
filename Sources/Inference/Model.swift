import Geometry
import Kernels
import Tensors

/// Mask R-CNN, ready for inference: a network with its parameters, its configuration, and the names of its classes.
///
/// ```swift
/// let model = try Model(checkpoint, profile: .torchvision)
/// for instance in model.detect(image) { … }
/// ```
public struct Model: Sendable {
    /// Everything besides the parameters that determines the results.
    public let configuration: Configuration
    /// The network with its parameters.
    public let network: Network
    /// Names and category ids of the classes.
    public let classes: ClassTable

    /// The network's architecture.
    public var architecture: Architecture { configuration.architecture }
    /// The choices in which implementations of the same network differ.
    public var conventions: Conventions { configuration.conventions }
    /// Limits and thresholds.
    public var settings: Settings { configuration.settings }

    /// Builds a model with parameters from `source`.
    /// - Throws: the source's error for a parameter that is missing or has another shape.
    public init(
        _ configuration: Configuration, classes: ClassTable? = nil,
        from source: inout some ParameterSource
    ) throws {
        self.configuration = configuration
        network = try Network(configuration.architecture, from: &source)
        // Only after building the network is the architecture's number of classes known to match the parameters.
        self.classes = classes ?? .standard(for: configuration.architecture)
    }

    /// Builds a model with a profile's conventions and settings.
    /// - Throws: the source's error for a parameter that is missing or has another shape.
    public init(
        architecture: Architecture, profile: Profile, classes: ClassTable? = nil,
        from source: inout some ParameterSource
    ) throws {
        try self.init(profile.configuration(for: architecture), classes: classes, from: &source)
    }

    /// The same network with other conventions or settings, to compare two ways of running the same weights.
    ///
    /// - Parameters:
    ///   - conventions: replaces the model's own; nil keeps them.
    ///   - settings: replaces the model's own; nil keeps them.
    ///   - maskOutput: replaces how mask logits become probabilities; no parameter depends on it.
    public func with(
        conventions: Conventions? = nil, settings: Settings? = nil,
        maskOutput: Architecture.Masks.Output? = nil
    ) -> Model {
        var configuration = configuration
        if let conventions { configuration.conventions = conventions }
        if let settings { configuration.settings = settings }
        if let maskOutput { configuration.architecture.masks?.output = maskOutput }
        return Model(configuration: configuration, network: network, classes: classes)
    }

    private init(configuration: Configuration, network: Network, classes: ClassTable) {
        self.configuration = configuration
        self.network = network
        self.classes = classes
    }

    /// Detects the objects in an image, highest score first: the whole pipeline (Mask R-CNN, section 3).
    ///
    /// - Parameters:
    ///   - image: the decoded image, at its original size.
    ///   - observer: receives every stage that it asks for, as soon as the stage is computed.
    /// - Returns: boxes, classes, scores, masks and keypoints in coordinates of `image`.
    public func detect(_ image: Image, observer: (any Observer)? = nil) -> [Instance] {
        detect(image, in: PipelineRun(observer: observer))
    }

    /// The same, in a run that may replace stages and steps.
    public func detect(_ image: Image, in run: PipelineRun<Tensor>) -> [Instance] {
        let input = prepare(image, in: run)
        return restore(predict(from: input, as: input.tensor, in: run), to: input, in: run)
    }

    /// Runs everything between the network's input and the output: network, proposals, detections, masks and keypoints.
    ///
    /// Training runs the same steps on activations that record their derivatives, and adds targets and losses by
    /// replacing steps.
    /// - Parameters:
    ///   - input: the prepared image; all boxes are in coordinates of its resized image.
    ///   - tensor: the input's tensor as an activation, `[height, width, 3]`.
    @discardableResult
    public func predict<A: Activation>(
        from input: NetworkInput, as tensor: A, in run: PipelineRun<A>
    ) -> Prediction {
        let features = network.features(tensor, in: run)
        let proposals = propose(from: features, for: input, in: run)
        let detections = detect(proposals, from: features, size: input.size, in: run)
        let masks = predictMasks(of: detections, from: features, size: input.size, in: run)
        let keypoints = predictKeypoints(of: detections, from: features, size: input.size, in: run)
        return Prediction(detections: detections, masks: masks, keypoints: keypoints)
    }

    // MARK: The steps

    /// Resizes, normalises and pads an image.
    public func prepare<A: Activation>(_ image: Image, in run: PipelineRun<A> = PipelineRun<Tensor>())
        -> NetworkInput
    {
        let image = run.value(.image, .image) { image }
        lazy var input = NetworkInput(image, conventions: conventions.input, settings: settings.input)
        let tensor = run.value(.inputTensor, .map(channels: 3)) { input.tensor }
        let size = run.value(.inputSize, .indices(rows: 2)) { [input.size.height, input.size.width] }
        run.finished(.input)
        if run.hasForeignValues, size.contains(where: { $0 < 1 || $0 > 1 << 20 }) {
            run.fail(.inputSize, "is \(size), expected a height and a width")
        }
        return NetworkInput(
            tensor: tensor, size: PixelSize(height: size.first ?? 0, width: size.last ?? 0),
            original: PixelSize(height: image.height, width: image.width))
    }

    /// The names of the feature maps that the region proposal network reads, finest first: `p2` … `p6`, `c4` or `c5`.
    public var levelNames: [String] {
        switch architecture.features {
        case .pyramid: architecture.proposals.anchorSizes.indices.map { "p\($0 + 2)" }
        case .c4: ["c4"]
        case .c5: ["c5"]
        }
    }

    /// The anchors of one level.
    /// - Parameters:
    ///   - level: an index into ``levelNames``.
    ///   - size: height and width of the level's map.
    ///   - padded: size of the network's input.
    ///   - resized: size of the resized image in it, needed by profiles that pad on all sides.
    public func anchors(
        level: Int, size: PixelSize, padded: PixelSize, resized: PixelSize? = nil
    ) -> AnchorGrid {
        AnchorGrid(
            shapes: AnchorShapes(
                sizes: architecture.proposals.anchorSizes[level],
                aspectRatios: architecture.proposals.aspectRatios, conventions: conventions.anchors),
            size: size, nominalStride: 1 << (firstLevel + level), padded: padded,
            window: resized.map { conventions.input.window(of: $0, in: padded) },
            conventions: conventions.anchors)
    }

    /// Runs the region proposal network on every level and selects proposals.
    public func propose<A: Activation>(
        from features: [A], for input: NetworkInput, in run: PipelineRun<A> = PipelineRun()
    ) -> Proposals {
        let outputs = zip(features, levelNames).map { network.rpn($0, level: $1, in: run) }
        run.finished(.rpn)
        let anchors = anchors(of: features, for: input)
        let counts = candidateCounts(
            outputs.map(\.objectness.value), preNMSTopN: settings.proposals.preNMSTopN,
            conventions: conventions.proposals)
        var candidates = outputs.indices.map { level in
            selectCandidates(
                level: level, outputs[level], anchors: anchors[level], count: counts[level],
                size: input.size, ranksByLogit: ranksByLogit(outputs), in: run)
        }
        if levelNames.contains(where: { run.isReplaced(.candidateScores($0)) }) {
            // Replaced scores are meant to decide the ranking; the logits do not belong to them.
            for level in candidates.indices { candidates[level].ranks = candidates[level].scores }
        }
        lazy var selected = run.steps.selectProposals(
            ProposalSelection(
                outputs: outputs, anchors: anchors, candidates: candidates,
                size: input.size, settings: settings.proposals, conventions: conventions.proposals))
        let boxes = run.value(.proposalBoxes, .boxes()) { selected.boxes }
        let scores = run.value(.proposalScores, .numbers(rows: boxes.nonzeroCount)) { selected.scores }
        run.finished(.proposals)
        return Proposals(boxes: boxes, scores: scores)
    }

    /// Whether suppression ranks candidates by their logits. False if any level's logits are unavailable: probabilities
    /// of one level and logits of another cannot be compared.
    private func ranksByLogit<A: Activation>(_ outputs: [RPNHead.Output<A>]) -> Bool {
        conventions.proposals.ranksByLogit && outputs.allSatisfy { $0.objectness.value.count > 0 }
    }

    /// The best anchors of one level.
    private func selectCandidates<A: Activation>(
        level: Int, _ output: RPNHead.Output<A>, anchors: AnchorGrid, count: Int, size: PixelSize,
        ranksByLogit: Bool, in run: PipelineRun<A>
    ) -> Candidates {
        let name = levelNames[level]
        let logits = output.objectness.value
        let otherAnchors = run.aside(.anchors(name), .boxes(rows: logits.nonzeroCount)) { Array(anchors) }
        lazy var selected = run.steps.selectCandidates(
            CandidateSelection(
                level: level, objectness: logits, deltas: output.deltas.value,
                anchors: otherAnchors.map(AnchorBoxes.boxes) ?? .grid(anchors), count: count, size: size,
                conventions: conventions.proposals))
        let boxes = run.value(.candidateBoxes(name), .boxes()) { selected.boxes }
        let scores = run.value(.candidateScores(name), .numbers(rows: boxes.nonzeroCount)) { selected.scores }
        guard run.hasForeignValues else { return selected }
        if boxes.count > logits.count && logits.count > 0 {
            run.fail(.candidateBoxes(name), "has more rows than '\(Stage.objectness(name))' has logits")
        }
        return Candidates(
            boxes: boxes, scores: scores, ranks: ranksByLogit ? logits.largest(boxes.count) : nil)
    }

    /// The anchors of every level.
    public func anchors<A: Activation>(of features: [A], for input: NetworkInput) -> [AnchorGrid] {
        let padded = PixelSize(height: input.tensor.shape[0], width: input.tensor.shape[1])
        return features.enumerated().map { level, feature in
            let shape = feature.value.shape
            return anchors(
                level: level, size: PixelSize(height: shape[0], width: shape[1]), padded: padded,
                resized: input.size)
        }
    }

    /// The maps that regions are pooled from: all of a pyramid's but the coarsest.
    public func pooledMaps<A: Activation>(_ features: [A], size: PixelSize) -> PooledMaps<A> {
        let finest = features[0].value.shape
        let padded = PixelSize(height: finest[0] << firstLevel, width: finest[1] << firstLevel)
        return PooledMaps(
            features.count > 1 ? Array(features.dropLast()) : features, firstLevel: firstLevel, size: size,
            window: conventions.input.window(of: size, in: padded), conventions: conventions.pooling)
    }

    /// Runs the box head on the proposals, and selects detections.
    public func detect<A: Activation>(
        _ proposals: Proposals, from features: [A], size: PixelSize, in run: PipelineRun<A> = PipelineRun()
    ) -> Detections {
        let pooled = pool(
            proposals.boxes, from: features, size: size, side: boxPoolSize, stages: (.boxLevel, .boxPooled),
            in: run)
        let output = network.box.output(network.box.hidden(pooled, in: run), in: run)
        run.finished(.boxes)
        let selection = DetectionSelection(
            output: output, proposals: proposals.boxes, size: size, settings: settings.boxes,
            conventions: conventions.detections)
        lazy var selected = fits(selection, in: run) ? run.steps.selectDetections(selection) : Detections()
        let boxes = run.value(.detectionBoxes, .boxes()) { selected.boxes }
        let rows = boxes.nonzeroCount
        let detections = Detections(
            boxes: boxes, scores: run.value(.detectionScores, .numbers(rows: rows)) { selected.scores },
            classes: run.value(.detectionClasses, .indices(rows: rows)) { selected.classes },
            proposals: run.value(.detectionProposals, .indices(rows: rows)) { selected.proposals })
        run.finished(.detections)
        return detections
    }

    /// Whether probabilities and deltas have one row per proposal, which values from outside may not.
    private func fits<A: Activation>(_ selection: DetectionSelection<A>, in run: PipelineRun<A>) -> Bool {
        let rows = [selection.proposals.count, selection.probabilities.shape[0], selection.deltas.shape[0]]
        guard run.hasForeignValues, Set(rows).count > 1 else { return true }
        run.fail(
            .boxDeltas,
            "has \(rows[2]) rows, '\(Stage.boxProbabilities)' \(rows[1]), for \(rows[0]) proposals")
        return false
    }

    /// Pools the features of regions, after the stage of their levels if there is one.
    private func pool<A: Activation>(
        _ boxes: [Box], from features: [A], size: PixelSize, side: Int,
        stages: (level: Stage?, pooled: Stage),
        in run: PipelineRun<A>
    ) -> A {
        lazy var maps = pooledMaps(features, size: size)
        let levels = stages.level.flatMap { stage in
            run.aside(stage, .indices(rows: boxes.nonzeroCount)) { boxes.map(maps.level) }
        }
        let channels = network.rpn.hidden[0].convolution.inputs
        return run.stage(
            stages.pooled, .regionMaps(rows: boxes.nonzeroCount, side: side, channels: channels)
        ) {
            if let stage = stages.level, let other = levels?.first(where: { !maps.levels.contains($0) }) {
                run.fail(stage, "has the level \(other), the model pools from \(maps.levels)")
                return features[0]
            }
            return run.steps.pool(RegionPooling(maps: maps, boxes: boxes, levels: levels, side: side))
        }
    }

    /// The mask probabilities of each detection's class, `[detections, side, side]`; nil without a mask head.
    public func predictMasks<A: Activation>(
        of detections: Detections, from features: [A], size: PixelSize,
        in run: PipelineRun<A> = PipelineRun()
    ) -> Tensor? {
        guard let head = network.mask, let masks = architecture.masks else { return nil }
        let regions = run.steps.selectMaskRegions(detections)
        let pooled = pool(
            regions.boxes, from: features, size: size, side: masks.poolSize,
            stages: (.maskLevel, .maskPooled), in: run)
        let logits = network.masks(pooled, by: head, in: run)
        let rows = regions.boxes.nonzeroCount
        let probabilities = run.value(.maskProbabilities, .squares(rows: rows)) {
            let (count, channels) = (logits.value.shape[0], logits.value.shape[3])
            guard regions.classes.count == count,
                channels == 1 || regions.classes.allSatisfy({ 0..<channels ~= $0 })
            else {
                run.fail(.detectionClasses, "does not fit '\(Stage.maskLogits)'")
                return Tensor.nothing
            }
            return run.steps.maskProbabilities(
                MaskPrediction(logits: logits, classes: regions.classes, output: masks.output))
        }
        run.finished(.masks)
        return probabilities
    }

    /// The keypoints of each detection, in coordinates of the resized image; nil without a keypoint head.
    public func predictKeypoints<A: Activation>(
        of detections: Detections, from features: [A], size: PixelSize,
        in run: PipelineRun<A> = PipelineRun()
    ) -> [[Keypoint]]? {
        guard let head = network.keypoints, let shape = architecture.keypoints else { return nil }
        let regions = run.steps.selectKeypointRegions(detections)
        let pooled = pool(
            regions.boxes, from: features, size: size, side: shape.poolSize,
            stages: (nil, .keypointPooled), in: run)
        let heatmaps = head(pooled, in: run)
        let keypoints = run.derived(from: [.keypointHeatmaps, .detectionBoxes]) {
            checkKeypointMaps(heatmaps.value, boxes: regions.boxes, size: size, in: run)
                ? run.steps.decodeKeypoints(
                    KeypointPrediction(
                        heatmaps: heatmaps, boxes: regions.boxes, score: conventions.output.keypointScore))
                : []
        }
        run.finished(.keypoints)
        return keypoints
    }

    /// Checks boxes from outside before heat maps are enlarged to them: none may be larger than the image.
    private func checkKeypointMaps(
        _ heatmaps: Tensor, boxes: [Box], size: PixelSize, in run: PipelineRun<some Activation>
    ) -> Bool {
        guard run.hasForeignValues else { return true }
        let (height, width) = (Float(size.height) + 1, Float(size.width) + 1)
        if heatmaps.shape[0] != boxes.count {
            run.fail(
                .keypointHeatmaps, "has \(heatmaps.shape[0]) regions for \(boxes.count) detections")
        } else if !boxes.allSatisfy({ $0.width <= width && $0.height <= height })
            || Double(width) * Double(height) * Double(boxes.count) > 0x1p36
        {
            run.fail(.detectionBoxes, "has boxes larger than '\(Stage.inputSize)'")
        } else {
            return true
        }
        return false
    }

    /// Maps boxes, masks and keypoints back to the original image.
    public func restore<A: Activation>(
        _ prediction: Prediction, to input: NetworkInput, in run: PipelineRun<A> = PipelineRun<Tensor>()
    ) -> [Instance] {
        lazy var instances = makeInstances(
            prediction.detections, keypoints: prediction.keypoints, resized: input.size,
            original: input.original, settings: settings.masks, conventions: conventions.output)
        let boxes = run.aside(.outputBoxes, .boxes()) { instances.map(\.box) }
        let scores = run.aside(.outputScores, .numbers()) { instances.map(\.score) }
        let classes = run.aside(.outputClasses, .indices()) { instances.map(\.label) }
        var masks: [InstanceMask]?
        if let probabilities = prediction.masks {
            masks = run.value(.outputMasks, .masks(of: input.original)) {
                if run.hasForeignValues,
                    Double(instances.count) * Double(input.original.height * input.original.width) > 0x1p32
                {
                    run.fail(.detectionBoxes, "asks for masks of more than 4 GiB")
                    return []
                }
                return paste(
                    probabilities, onto: instances, imageSize: input.original,
                    threshold: settings.masks.threshold, conventions: conventions.output,
                    by: run.steps.paste)
            }
        }
        var keypoints: Tensor?
        if network.keypoints != nil, let count = architecture.keypoints?.count {
            keypoints = run.aside(.outputKeypoints, .groupedTable(groups: count, columns: 3)) {
                Tensor(
                    shape: [instances.count, count, 3],
                    elements: instances.flatMap { ($0.keypoints ?? []).flatMap { [$0.x, $0.y, $0.score] } })
            }
        }
        run.finished(.output)
        let needed: [Stage] = [.image, .inputSize, .detectionBoxes, .detectionScores, .detectionClasses]
        return run.derived(from: needed + (masks == nil ? [] : [.outputMasks])) {
            if let masks { for (index, mask) in masks.enumerated() { instances[index].mask = mask } }
            if let boxes { for (index, box) in boxes.enumerated() { instances[index].box = box } }
            if let scores { for (index, score) in scores.enumerated() { instances[index].score = score } }
            if let classes { for (index, label) in classes.enumerated() { instances[index].label = label } }
            if let keypoints { instances.setKeypoints(keypoints) }
            if let label = instances.lazy.map(\.label).first(where: { !(0...architecture.classes ~= $0) }) {
                run.fail(
                    .detectionClasses,
                    "has the class \(label), the model has \(architecture.classes) classes")
                return []
            }
            return instances
        } ?? []
    }

    /// The side of a pooled proposal, in bins: in a C4 model twice the configured size, which its head's stride of 2
    /// halves.
    public var boxPoolSize: Int {
        architecture.boxes.head == .residualStage
            ? 2 * architecture.boxes.poolSize : architecture.boxes.poolSize
    }

    /// The index of the finest level, whose stride is 2 to this power.
    private var firstLevel: Int {
        switch architecture.features {
        case .pyramid: 2
        case .c4: 4
        case .c5: architecture.backbone.lastStageDilation > 1 ? 4 : 5
        }
    }

    /// Repacks the weights for the algorithms that use them, which otherwise happens during the first image.
    public func prepareWeights() { network.prepare() }
}

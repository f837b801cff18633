import Geometry
import Kernels
import Tensors

/// Mask R-CNN, ready to look at pictures: a network, the conventions to run it with, and names for its classes.
///
/// ```swift
/// let model = try Model(checkpoint, profile: .torchvision)
/// for instance in model.detect(picture) { … }
/// ```
public struct Model: Sendable {
    /// All that decides what it makes of an image, besides its parameters.
    public let configuration: Configuration
    /// The parts with parameters.
    public let network: Network
    /// Names and category ids of the classes.
    public let classes: ClassTable

    /// Which network.
    public var architecture: Architecture { configuration.architecture }
    /// How it computes where implementations differ.
    public var conventions: Conventions { configuration.conventions }
    /// Limits and thresholds.
    public var settings: Settings { configuration.settings }

    /// Builds a model with parameters from `source`.
    /// - Throws: what the source throws for a parameter that is missing or of another shape.
    public init(
        _ configuration: Configuration, classes: ClassTable? = nil,
        from source: inout some ParameterSource
    ) throws {
        self.configuration = configuration
        network = try Network(configuration.architecture, from: &source)
        // Only now is it certain that there are as many classes as the architecture says.
        self.classes = classes ?? .standard(for: configuration.architecture)
    }

    /// Builds a model by a profile's conventions and settings.
    /// - Throws: what the source throws for a parameter that is missing or of another shape.
    public init(
        architecture: Architecture, profile: Profile, classes: ClassTable? = nil,
        from source: inout some ParameterSource
    ) throws {
        try self.init(profile.configuration(for: architecture), classes: classes, from: &source)
    }

    /// The same network run by other conventions or settings: for comparing two ways of running the same weights.
    ///
    /// - Parameters:
    ///   - conventions: in place of its own.
    ///   - settings: in place of its own.
    ///   - maskOutput: how mask logits become probabilities, which no parameter depends on.
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

    /// Finds the objects in a picture, best first: the whole pipeline (Mask R-CNN, section 3).
    ///
    /// - Parameters:
    ///   - image: as decoded.
    ///   - observer: is handed every stage that it wants, as soon as it exists.
    /// - Returns: boxes, classes, scores, masks and keypoints in the frame of `image`.
    public func detect(_ image: Image, observer: (any Observer)? = nil) -> [Instance] {
        let input = prepare(image, observer: observer)
        let features = network.features(input.tensor, observer: observer)
        let proposals = propose(from: features, for: input, observer: observer)
        let regions = pooledMaps(features, size: input.size)
        let detections = detect(proposals, in: regions, size: input.size, observer: observer)
        let masks = predictMasks(of: detections, in: regions, observer: observer)
        let keypoints = predictKeypoints(of: detections, in: regions, observer: observer)
        return restore(detections, masks: masks, keypoints: keypoints, to: input, observer: observer)
    }

    // MARK: The steps

    /// Resizes, normalises and pads a picture.
    public func prepare(_ image: Image, observer: (any Observer)? = nil) -> NetworkInput {
        observer.record(.image, .image(image))
        let input = NetworkInput(image, conventions: conventions.input, settings: settings.input)
        observer.record(.inputTensor, .map(input.tensor))
        observer.record(.inputSize, .indices([input.size.height, input.size.width]))
        observer.finished(.input)
        return input
    }

    /// The names of the maps that the region proposal network reads, finest first.
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
    ///   - size: of the level's map.
    ///   - padded: of the network's input.
    ///   - resized: of the picture in it, for profiles that pad on all sides.
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

    /// Where objects may be: runs the region proposal network on every level and selects.
    public func propose(
        from features: [Tensor], for input: NetworkInput, observer: (any Observer)? = nil
    ) -> Proposals {
        let outputs = proposalMaps(features, observer: observer)
        observer.finished(.rpn)
        let proposals = selectProposals(
            outputs, anchors: anchors(of: features, for: input), size: input.size,
            settings: settings.proposals, observer: observer)
        observer.finished(.proposals)
        return proposals
    }

    /// What the region proposal network says of every level's anchors.
    public func proposalMaps<A: Activation>(_ features: [A], observer: (any Observer)? = nil)
        -> [RPNHead.Output<A>]
    {
        zip(features, levelNames).map { network.rpn($0, level: $1, observer: observer) }
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

    /// Selects proposals from all levels' anchors.
    ///
    /// - Parameters:
    ///   - outputs: what the region proposal network says of each level.
    ///   - anchors: the grid of each level.
    ///   - size: the resized picture, without padding.
    ///   - settings: how many to keep, which training sets higher, and how much they may overlap.
    ///   - observer: is handed candidates and proposals.
    public func selectProposals<A: Activation>(
        _ outputs: [RPNHead.Output<A>], anchors: [AnchorGrid], size: PixelSize,
        settings: Settings.Proposals, observer: (any Observer)? = nil
    ) -> Proposals {
        var candidates: [Candidates] = []
        let counts = candidateCounts(
            outputs.map(\.objectness.value), preNMSTopN: settings.preNMSTopN,
            conventions: conventions.proposals)
        for (level, output) in outputs.enumerated() {
            let name = levelNames[level]
            observer.record(.anchors(name), .boxes(Array(anchors[level])))
            candidates.append(
                selectCandidates(
                    objectness: output.objectness.value, deltas: output.deltas.value,
                    anchors: anchors[level], count: counts[level], size: size,
                    conventions: conventions.proposals))
            observer.record(.candidateBoxes(name), .boxes(candidates[level].boxes))
            observer.record(.candidateScores(name), .numbers(candidates[level].scores))
        }
        let proposals = Inference.selectProposals(
            candidates, settings: settings, conventions: conventions.proposals)
        observer.record(.proposalBoxes, .boxes(proposals.boxes))
        observer.record(.proposalScores, .numbers(proposals.scores))
        return proposals
    }

    /// The maps that regions are pooled from: all but the coarsest of a pyramid.
    public func pooledMaps<A: Activation>(_ features: [A], size: PixelSize) -> PooledMaps<A> {
        let finest = features[0].value.shape
        let padded = PixelSize(height: finest[0] << firstLevel, width: finest[1] << firstLevel)
        return PooledMaps(
            features.count > 1 ? Array(features.dropLast()) : features, firstLevel: firstLevel, size: size,
            window: conventions.input.window(of: size, in: padded), conventions: conventions.pooling)
    }

    /// Classifies and refines proposals, and selects detections.
    public func detect(
        _ proposals: Proposals, in maps: PooledMaps<Tensor>, size: PixelSize, observer: (any Observer)? = nil
    ) -> Detections {
        observer.record(.boxLevel, .indices(proposals.boxes.map(maps.level)))
        let pooled = maps.pooled(proposals.boxes, size: boxPoolSize)
        observer.record(.boxPooled, .regionMaps(pooled))
        let output = network.box.output(network.box.hidden(pooled, observer: observer))
        let count = proposals.boxes.count
        observer.record(.boxLogits, .table(output.logits))
        let probabilities = softmax(output.logits)
        observer.record(.boxProbabilities, .table(probabilities))
        observer.record(
            .boxDeltas, .table(output.deltas.reshaped(to: [count, architecture.classes + 1, 4])))
        observer.finished(.boxes)
        let detections = selectDetections(
            probabilities: probabilities, deltas: output.deltas, proposals: proposals.boxes, size: size,
            settings: settings.boxes, conventions: conventions.detections)
        observer.record(.detectionBoxes, .boxes(detections.boxes))
        observer.record(.detectionScores, .numbers(detections.scores))
        observer.record(.detectionClasses, .indices(detections.classes))
        observer.record(.detectionProposals, .indices(detections.proposals))
        observer.finished(.detections)
        return detections
    }

    /// The probabilities of each detection's mask, `[detections, side, side]`, or nil without a mask head.
    public func predictMasks(
        of detections: Detections, in maps: PooledMaps<Tensor>, observer: (any Observer)? = nil
    ) -> Tensor? {
        guard let head = network.mask, let masks = architecture.masks else { return nil }
        observer.record(.maskLevel, .indices(detections.boxes.map(maps.level)))
        let pooled = maps.pooled(detections.boxes, size: masks.poolSize)
        observer.record(.maskPooled, .regionMaps(pooled))
        let logits = network.masks(pooled, by: head, observer: observer)
        let probabilities = maskProbabilities(logits, classes: detections.classes, output: masks.output)
        observer.record(.maskProbabilities, .table(probabilities))
        observer.finished(.masks)
        return probabilities
    }

    /// The keypoints of each detection, in the resized frame, or nil without a keypoint head.
    public func predictKeypoints(
        of detections: Detections, in maps: PooledMaps<Tensor>, observer: (any Observer)? = nil
    ) -> [[Keypoint]]? {
        guard let head = network.keypoints, let shape = architecture.keypoints else { return nil }
        let pooled = maps.pooled(detections.boxes, size: shape.poolSize)
        observer.record(.keypointPooled, .regionMaps(pooled))
        let heatmaps = head(pooled, observer: observer)
        let keypoints = decodeKeypoints(
            heatmaps, boxes: detections.boxes, score: conventions.output.keypointScore)
        observer.finished(.keypoints)
        return keypoints
    }

    /// Takes everything back to the frame of the picture as decoded.
    public func restore(
        _ detections: Detections, masks: Tensor?, keypoints: [[Keypoint]]?, to input: NetworkInput,
        observer: (any Observer)? = nil
    ) -> [Instance] {
        let instances = makeInstances(
            detections, masks: masks, keypoints: keypoints, resized: input.size, original: input.original,
            settings: settings.masks, conventions: conventions.output)
        observer.record(.outputBoxes, .boxes(instances.map(\.box)))
        observer.record(.outputScores, .numbers(instances.map(\.score)))
        observer.record(.outputClasses, .indices(instances.map(\.label)))
        if masks != nil {
            observer.record(.outputMasks, .masks(instances.compactMap(\.mask), input.original))
        }
        if keypoints != nil {
            observer.record(.outputKeypoints) {
                let numbers = instances.flatMap { ($0.keypoints ?? []).flatMap { [$0.x, $0.y, $0.score] } }
                let count = architecture.keypoints?.count ?? 0
                return .table(Tensor(shape: [instances.count, count, 3], elements: numbers))
            }
        }
        observer.finished(.output)
        return instances
    }

    /// The side of a pooled proposal. A C4 head's own stride of 2 brings it down to the configured size.
    public var boxPoolSize: Int {
        architecture.boxes.head == .residualStage
            ? 2 * architecture.boxes.poolSize : architecture.boxes.poolSize
    }

    /// The pyramid index of the finest level: its stride is 2 to this power.
    private var firstLevel: Int {
        switch architecture.features {
        case .pyramid: 2
        case .c4: 4
        case .c5: 5
        }
    }

    /// Repacks the weights for the algorithms that will use them, so that the first picture does not pay for
    /// it.
    public func prepareWeights() { network.prepare() }
}

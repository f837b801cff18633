import Geometry
import Kernels
import Inference

/// A value of a ``Configuration`` that cannot be inferred from tensors, with its name in configuration files
/// and after `--set`.
///
/// ``all`` is the only list of keys: printing, storing, reading and setting values all derive from it.
package struct ConfigurationKey: Sendable {
    /// The part of the configuration that a key belongs to.
    package enum Owner: Sendable {
        /// ``Architecture``: a different value gives a different network.
        case architecture
        /// ``Conventions``.
        case conventions
        /// ``Settings``.
        case settings
    }

    /// The part of the pipeline and the value's name: `boxes.nmsThreshold`.
    package let name: String
    /// A sentence that explains it.
    package let comment: String
    /// The part of the configuration that it belongs to.
    package let owner: Owner
    /// The key's value in a configuration; nil if the network has no such part.
    package let value: @Sendable (Configuration) -> ConfigurationValue?
    /// What a value must be, for messages.
    private let expectation: String
    /// Sets the value; returns false if it has the wrong type, or the network has no such part.
    private let apply: @Sendable (ConfigurationValue, inout Configuration) -> Bool

    /// Checks and sets a value.
    /// - Throws: ``ConfigurationError``, which names the key, for a value of the wrong type or an invalid
    ///   one.
    package func set(_ value: ConfigurationValue, in configuration: inout Configuration) throws {
        guard self.value(configuration) != nil else {
            throw ConfigurationError(description: "\(name): the model has no such part")
        }
        var changed = configuration
        guard apply(value, &changed) else {
            throw ConfigurationError(description: "\(name) must be \(expectation), not \(value.text)")
        }
        do {
            try changed.validate()
        } catch let error as ConfigurationError {
            throw ConfigurationError(
                description: error.description.hasPrefix(name) ? error.description : "\(name): \(error)")
        }
        configuration = changed
    }

    /// The key of that name; nil if there is none.
    package static func named(_ name: String) -> ConfigurationKey? { byName[name] }

    private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

    /// The names of keys that are most similar to an unknown name.
    package static func nearest(to name: String) -> [String] {
        let last = name.split(separator: ".").last.map(String.init) ?? name
        let distances = all.map { key in
            let own = key.name.split(separator: ".").last.map(String.init) ?? key.name
            return (key.name, min(editDistance(name, key.name), editDistance(last, own)))
        }
        let best = distances.map(\.1).min() ?? 0
        return distances.filter { $0.1 <= best + 1 }.sorted { $0.1 < $1.1 }.prefix(3).map(\.0)
    }
}

/// The Levenshtein distance between two words, ignoring case.
package func editDistance(_ first: String, _ second: String) -> Int {
    let (first, second) = (Array(first.lowercased().utf8.prefix(64)), Array(second.lowercased().utf8))
    var row = Array(0...second.count)
    for (index, letter) in first.enumerated() {
        var diagonal = row[0]
        row[0] = index + 1
        for column in second.indices {
            let exchanged = diagonal + (letter == second[column] ? 0 : 1)
            diagonal = row[column + 1]
            row[column + 1] = min(exchanged, row[column] + 1, diagonal + 1)
        }
    }
    return row[second.count]
}

// MARK: - The list

extension ConfigurationKey {
    /// Every key, in the order of the pipeline.
    package static let all: [ConfigurationKey] =
        input + backbone + anchors + proposals + pooling + boxes + masks + keypoints + output

    private static let input: [ConfigurationKey] = [
        .setting(
            "input.minimumSide", \.settings.input.minimumSide, "The shorter side becomes so many pixels…"),
        .setting(
            "input.maximumSide", \.settings.input.maximumSide,
            "…unless the longer one would then have more than this, which it gets instead."),
        .convention("input.resize", \.input.resize, "Whose rule rounds the target size."),
        .convention("input.filter", \.input.filter, "How values between pixels come about."),
        .convention(
            "input.channelOrder", \.input.channelOrder,
            "The order in which the network expects red, green and blue."),
        .convention(
            "input.mean", \.input.mean,
            "Subtracted from each channel, in that order, on the scale from 0 to the white point."),
        .convention(
            "input.standardDeviation", \.input.standardDeviation, "Each channel is then divided by this."),
        .convention("input.whitePoint", \.input.whitePoint, "Full brightness before normalising: 1 or 255."),
        .convention(
            "input.padMultiple", \.input.padMultiple, "Height and width are padded to a multiple of this."),
        .convention("input.padding", \.input.padding, "Where padding goes."),
        .convention(
            "input.normalizesPadding", \.input.normalizesPadding,
            "Whether padding is black before normalising rather than 0 after it."),
    ]

    private static let backbone: [ConfigurationKey] = [
        .architecture(
            "backbone.stridePlacement", \.backbone.stridePlacement,
            "Which convolution of a block that halves the map has the stride: the 1×1 or the 3×3."),
        ConfigurationKey(
            "backbone.batchNormEpsilon", "Added to the variance in all batch norms.", .architecture,
            value: { $0.architecture.batchNormEpsilon },
            set: { $0.architecture = $0.architecture.with(batchNormEpsilon: $1) }),
        ConfigurationKey(
            "backbone.lastStageDilation",
            "Dilation of c5's 3×3 convolutions; above 1 that stage does not halve the map (DC5).",
            .architecture,
            value: { $0.architecture.features == .c5 ? $0.architecture.backbone.lastStageDilation : nil },
            set: { $0.architecture.backbone.lastStageDilation = $1 }),
        ConfigurationKey(
            "groupNorms.standardizeWeights",
            "Whether convolutions before group norms have their weights standardised (Qiao et al., arXiv 1903.10520).",
            .architecture,
            value: { $0.architecture.standardizesWeights },
            set: { $0.architecture = $0.architecture.with(standardizedWeights: $1) }),
        .groups("backbone", \.backboneNorm),
        .groups("pyramid", \.pyramidNorm),
    ]

    private static let anchors: [ConfigurationKey] = [
        .architecture(
            "anchors.sizes", \.proposals.anchorSizes, "Anchor sides in pixels, a list for each level."),
        .architecture("anchors.aspectRatios", \.proposals.aspectRatios, "Anchor heights over widths."),
        .convention(
            "anchors.aspectRatio", \.anchors.aspectRatio,
            "Which of the two an aspect ratio divides by the other."
        ),
        .convention(
            "anchors.ratiosAreOuter", \.anchors.ratiosAreOuter,
            "Whether the anchors of a position run over ratios first and sizes within."),
        .convention(
            "anchors.roundsCorners", \.anchors.roundsCorners,
            "Whether corners around (0, 0) are rounded to whole pixels."),
        .convention("anchors.stride", \.anchors.stride, "How far apart neighbouring anchors are."),
        .convention(
            "anchors.offset", \.anchors.offset,
            "How far the first anchor's centre lies from the image's corner, in strides."),
    ]

    private static let proposals: [ConfigurationKey] =
        [
            .setting(
                "proposals.preNMSTopN", \.settings.proposals.preNMSTopN,
                "Anchors taken before non-maximum suppression (NMS)."),
            .convention(
                "proposals.preNMSTopNIsPerLevel", \.proposals.preNMSTopNIsPerLevel,
                "Whether so many are taken on each level, or over all of them."),
            .setting(
                "proposals.nmsThreshold", \.settings.proposals.nmsThreshold,
                "Of two proposals with a larger IoU than this, the worse one is dropped."),
            .setting(
                "proposals.postNMSTopN", \.settings.proposals.postNMSTopN, "Proposals kept, over all levels."),
            .convention(
                "proposals.minimumSide", \.proposals.minimumSide, "A proposal is at least so wide and high…"),
            .convention(
                "proposals.minimumIsExcluded", \.proposals.minimumIsExcluded, "…or, if true, more than that."),
            .convention(
                "proposals.selectsByLogit", \.proposals.selectsByLogit,
                "Whether the best anchors are chosen by logit rather than by probability."),
            .convention(
                "proposals.ranksByLogit", \.proposals.ranksByLogit,
                "Whether suppression ranks by logit rather than by probability."),
        ] + suppression("proposals", \.proposals.suppression, among: "levels")
        + coder("proposals", \.proposals.coder)

    private static let pooling: [ConfigurationKey] = [
        ConfigurationKey(
            "pooling.level", "How a box's size gives its level: the formula, with its small number.",
            .conventions,
            value: { $0.conventions.pooling.level }, set: { $0.conventions.pooling.level = $1 }),
        .convention("pooling.scale", \.pooling.scale, "How map positions relate to pixels."),
        ConfigurationKey(
            "pooling.layer", "How regions are pooled.", .conventions,
            value: { $0.conventions.pooling.layer.name },
            set: { $0.conventions.pooling.layer = $0.conventions.pooling.layer.replaced(by: $1) }),
        ConfigurationKey(
            "pooling.samplingRatio", "Samples along each axis of a bin; 0 for as many as it is long.",
            .conventions, value: { $0.conventions.pooling.layer.samplingRatio },
            set: { $0.conventions.pooling.layer.samplingRatio = $1 }),
        ConfigurationKey(
            "pooling.subtractsHalfPixel", "Whether RoIAlign subtracts half a position (\"aligned\").",
            .conventions, value: { $0.conventions.pooling.layer.subtracted },
            set: { $0.conventions.pooling.layer.subtracted = $1 }),
    ]

    private static let boxes: [ConfigurationKey] =
        [
            .groups("boxes", \.boxNorm),
            ConfigurationKey(
                "boxes.poolSize", "Side of a region after the fifth stage.", .architecture,
                value: {
                    $0.architecture.boxes.head == .residualStage ? $0.architecture.boxes.poolSize : nil
                },
                set: { $0.architecture.boxes.poolSize = $1 }),
            .setting(
                "boxes.scoreThreshold", \.settings.boxes.scoreThreshold,
                "Boxes whose class has a smaller probability are dropped."),
            .convention(
                "boxes.scoreThresholdIsIncluded", \.detections.scoreThresholdIsIncluded,
                "Whether a probability of exactly the threshold is enough."),
            .convention(
                "boxes.keepsBestClassOnly", \.detections.keepsBestClassOnly,
                "Whether a proposal can only be a detection of its most probable class."),
            .setting(
                "boxes.nmsThreshold", \.settings.boxes.nmsThreshold,
                "Of two detections of one class with a larger IoU than this, the worse one is dropped."),
            .setting(
                "boxes.detectionsPerImage", \.settings.boxes.detectionsPerImage,
                "Detections kept, over all classes."),
            .convention(
                "boxes.minimumSide", \.detections.minimumSide,
                "A detection is at least so wide and high, in pixels of the resized image."),
        ] + suppression("boxes", \.detections.suppression, among: "classes")
        + coder("boxes", \.detections.coder)

    private static let masks: [ConfigurationKey] = [
        .groups("masks", \.maskNorm),
        ConfigurationKey(
            "masks.poolSize", "Side of a pooled detection.", .architecture,
            value: { $0.architecture.masks?.poolSize }, set: { $0.architecture.masks?.poolSize = $1 }),
        ConfigurationKey(
            "masks.output", "How mask logits become probabilities.", .architecture,
            value: { $0.architecture.masks?.output }, set: { $0.architecture.masks?.output = $1 }),
        ConfigurationKey(
            "masks.threshold", "Pixels of at least this probability belong to the mask.", .settings,
            value: { $0.architecture.masks == nil ? nil : $0.settings.masks.threshold },
            set: { $0.settings.masks.threshold = $1 }),
        ConfigurationKey(
            "masks.pasting", "How a small mask is enlarged to its box.", .conventions,
            value: { $0.architecture.masks == nil ? nil : $0.conventions.output.pasting },
            set: { $0.conventions.output.pasting = $1 }),
    ]

    private static let keypoints: [ConfigurationKey] = [
        .groups("keypoints", \.keypointNorm),
        ConfigurationKey(
            "keypoints.poolSize", "Side of a pooled detection.", .architecture,
            value: { $0.architecture.keypoints?.poolSize }, set: { $0.architecture.keypoints?.poolSize = $1 }),
        ConfigurationKey(
            "keypoints.score", "What the third number of a keypoint is.", .conventions,
            value: { $0.architecture.keypoints == nil ? nil : $0.conventions.output.keypointScore },
            set: { $0.conventions.output.keypointScore = $1 }),
    ]

    private static let output: [ConfigurationKey] = [
        .convention(
            "output.clipsBoxes", \.output.clipsBoxes,
            "Whether boxes are clipped to the image once more, and those without area dropped."),
        .convention("output.roundsBoxes", \.output.roundsBoxes, "Whether edges are rounded to whole pixels."),
    ]
}

// MARK: - Making keys

extension ConfigurationKey {
    private init<Value: ConfigurationConvertible>(
        _ name: String, _ comment: String, _ owner: Owner,
        value: @escaping @Sendable (Configuration) -> Value?,
        set: @escaping @Sendable (inout Configuration, Value) -> Void
    ) {
        self.name = name
        self.comment = comment
        self.owner = owner
        self.value = { value($0)?.configurationValue }
        expectation = Value.expectation
        apply = { stated, configuration in
            guard let value = Value(configurationValue: stated) else { return false }
            set(&configuration, value)
            return true
        }
    }

    private static func setting<Value: ConfigurationConvertible>(
        _ name: String, _ path: WritableKeyPath<Configuration, Value> & Sendable, _ comment: String
    ) -> ConfigurationKey {
        ConfigurationKey(
            name, comment, .settings, value: { $0[keyPath: path] }, set: { $0[keyPath: path] = $1 })
    }

    private static func convention<Value: ConfigurationConvertible>(
        _ name: String, _ path: WritableKeyPath<Conventions, Value> & Sendable, _ comment: String
    ) -> ConfigurationKey {
        ConfigurationKey(
            name, comment, .conventions, value: { $0.conventions[keyPath: path] },
            set: { $0.conventions[keyPath: path] = $1 })
    }

    private static func architecture<Value: ConfigurationConvertible>(
        _ name: String, _ path: WritableKeyPath<Architecture, Value> & Sendable, _ comment: String
    ) -> ConfigurationKey {
        ConfigurationKey(
            name, comment, .architecture, value: { $0.architecture[keyPath: path] },
            set: { $0.architecture[keyPath: path] = $1 })
    }

    /// The key for the number of groups of a part's group norms.
    private static func groups(
        _ part: String, _ path: WritableKeyPath<Architecture, Normalization?> & Sendable
    )
        -> ConfigurationKey
    {
        ConfigurationKey(
            "\(part).groupNormGroups", "Groups of the group norms.", .architecture,
            value: { configuration -> Int? in
                guard case .group(let groups, _)? = configuration.architecture[keyPath: path] else {
                    return nil
                }
                return groups
            },
            set: { configuration, groups in
                guard case .group(_, let isStandardized)? = configuration.architecture[keyPath: path] else {
                    return
                }
                configuration.architecture[keyPath: path] = .group(
                    groups: groups, standardizesWeights: isStandardized)
            })
    }

    private static func suppression(
        _ part: String, _ path: WritableKeyPath<Conventions, Conventions.Suppression> & Sendable,
        among: String
    ) -> [ConfigurationKey] {
        [
            ConfigurationKey(
                "\(part).nmsSeparation", "How \(among) are kept from suppressing each other.", .conventions,
                value: { $0.conventions[keyPath: path].classSeparation },
                set: { $0.conventions[keyPath: path].classSeparation = $1 }),
            ConfigurationKey(
                "\(part).nmsComparison", "Whether an IoU of exactly the threshold suppresses.", .conventions,
                value: { $0.conventions[keyPath: path].comparison },
                set: { $0.conventions[keyPath: path].comparison = $1 }),
            ConfigurationKey(
                "\(part).nmsEdgesAreInclusive",
                "Whether suppression takes edges for indices of pixels: widths are one more.", .conventions,
                value: { $0.conventions[keyPath: path].edgesAreInclusive },
                set: { $0.conventions[keyPath: path].edgesAreInclusive = $1 }),
        ]
    }

    private static func coder(_ part: String, _ path: WritableKeyPath<Conventions, BoxCoder> & Sendable)
        -> [ConfigurationKey]
    {
        [
            ConfigurationKey(
                "\(part).deltaScaling",
                "What predicted dx, dy, dw, dh are divided by (weights) or multiplied with.", .conventions,
                value: { $0.conventions[keyPath: path].scaling },
                set: { $0.conventions[keyPath: path].scaling = $1 }),
            ConfigurationKey(
                "\(part).centre", "How the reference box's centre is computed.", .conventions,
                value: { $0.conventions[keyPath: path].centre },
                set: { $0.conventions[keyPath: path].centre = $1 }),
            ConfigurationKey(
                "\(part).farEdge", "How the decoded box's right and lower edges are computed.", .conventions,
                value: { $0.conventions[keyPath: path].farEdge },
                set: { $0.conventions[keyPath: path].farEdge = $1 }),
            ConfigurationKey(
                "\(part).sizeLimit", "On which side dw and dh are held back before exp.", .conventions,
                value: { $0.conventions[keyPath: path].sizeLimit },
                set: { $0.conventions[keyPath: path].sizeLimit = $1 }),
            ConfigurationKey(
                "\(part).edgesAreInclusive",
                "Whether decoding takes edges for indices of pixels: a box of one pixel has x2 = x1.",
                .conventions, value: { $0.conventions[keyPath: path].edgesAreInclusive },
                set: { $0.conventions[keyPath: path].edgesAreInclusive = $1 }),
        ]
    }
}

// MARK: - Parts of the three values

extension Architecture {
    fileprivate var batchNormEpsilon: Float? {
        for norm in [backboneNorm, pyramidNorm, boxNorm, maskNorm, keypointNorm] {
            if case .frozenBatch(let epsilon)? = norm { return epsilon }
        }
        return nil
    }

    fileprivate var backboneNorm: Normalization? {
        get { backbone.norm }
        set { if let newValue { backbone.norm = newValue } }
    }

    fileprivate var pyramidNorm: Normalization? {
        get {
            guard case .pyramid(let pyramid) = features else { return nil }
            return pyramid.norm
        }
        set {
            guard case .pyramid(var pyramid) = features, let newValue else { return }
            pyramid.norm = newValue
            features = .pyramid(pyramid)
        }
    }

    fileprivate var boxNorm: Normalization? {
        get {
            guard case .convolutions(_, _, let norm, _) = boxes.head else { return nil }
            return norm
        }
        set {
            guard case .convolutions(let count, let channels, _, let hidden) = boxes.head, let newValue
            else { return }
            boxes.head = .convolutions(count: count, channels: channels, norm: newValue, hidden: hidden)
        }
    }

    fileprivate var maskNorm: Normalization? {
        get {
            guard case .fullyConvolutional(_, _, let norm)? = masks?.head else { return nil }
            return norm
        }
        set {
            guard case .fullyConvolutional(let convolutions, let channels, _)? = masks?.head, let newValue
            else { return }
            masks?.head = .fullyConvolutional(convolutions: convolutions, channels: channels, norm: newValue)
        }
    }

    fileprivate var keypointNorm: Normalization? {
        get { keypoints?.norm }
        set { if let newValue { keypoints?.norm = newValue } }
    }
}

extension PoolingLayer {
    /// The names of the layers in configuration files.
    fileprivate enum Name: String, CaseIterable, ConfigurationConvertible {
        case align = "roialign"
        case alignMaximum = "roialign-max"
        case pool = "roipool"
        case truncatingPool = "roipool-truncating"
        case warp = "roiwarp"
        case warpMaximum = "roiwarp-max"
        case crop = "crop"
    }

    fileprivate var name: Name {
        switch self {
        case .pool(.nearest): .pool
        case .pool(.truncating): .truncatingPool
        case .warp(_, .average): .warp
        case .warp(_, .maximum): .warpMaximum
        case .crop: .crop
        case .align(_, _, .average): .align
        case .align(_, _, .maximum): .alignMaximum
        }
    }

    /// The layer of the given name, with this layer's sampling parameters where it has them.
    fileprivate func replaced(by name: Name) -> PoolingLayer {
        if name == self.name { return self }
        switch name {
        case .align: return replaced(by: Kind.align)
        case .alignMaximum: return replaced(by: Kind.alignMaximum)
        case .pool: return replaced(by: Kind.pool)
        case .truncatingPool: return .pool(.truncating)
        case .warp: return replaced(by: Kind.warp)
        case .warpMaximum:
            guard case .warp(let samples, _) = replaced(by: Kind.warp) else { return self }
            return .warp(samplesPerAxis: samples, .maximum)
        case .crop: return .crop
        }
    }

    /// The sampling ratio; 0 if the number of samples depends on the bin size, nil for a layer without
    /// samples.
    fileprivate var samplingRatio: Int? {
        get {
            switch self {
            case .warp(let samples, _), .align(let samples, _, _): samples ?? 0
            case .pool, .crop: nil
            }
        }
        set {
            let samples = newValue == 0 ? nil : newValue
            switch self {
            case .warp(_, let reduction): self = .warp(samplesPerAxis: samples, reduction)
            case .align(_, let subtracts, let reduction):
                self = .align(samplesPerAxis: samples, subtractsHalfPixel: subtracts, reduction)
            case .pool, .crop: break
            }
        }
    }

    /// Whether half a pixel is subtracted (`aligned=True`); nil for a layer without this switch.
    fileprivate var subtracted: Bool? {
        get {
            guard case .align(_, let subtracts, _) = self else { return nil }
            return subtracts
        }
        set {
            guard case .align(let samples, _, let reduction) = self, let newValue else { return }
            self = .align(samplesPerAxis: samples, subtractsHalfPixel: newValue, reduction)
        }
    }
}

// MARK: - Types of values

extension ResizeRule: ConfigurationConvertible {}
extension ResizeFilter: ConfigurationConvertible {}
extension Conventions.Input.ChannelOrder: ConfigurationConvertible {}
extension Conventions.Input.Padding: ConfigurationConvertible {}
extension Conventions.Anchors.Stride: ConfigurationConvertible {}
extension Conventions.Anchors.AspectRatio: ConfigurationConvertible {}
extension Conventions.Pooling.Scale: ConfigurationConvertible {}
extension Conventions.Output.Pasting: ConfigurationConvertible {}
extension Conventions.Output.KeypointScore: ConfigurationConvertible {}
extension Architecture.Backbone.StridePlacement: ConfigurationConvertible {}
extension Architecture.Masks.Output: ConfigurationConvertible {}
extension NonMaximumSuppression.Comparison: ConfigurationConvertible {}
extension BoxCoder.Centre: ConfigurationConvertible {}
extension BoxCoder.FarEdge: ConfigurationConvertible {}
extension BoxCoder.SizeLimit: ConfigurationConvertible {}

extension NonMaximumSuppression.ClassSeparation: ConfigurationConvertible {
    static var expectation: String {
        "\"coordinateOffsets\", \"perClass\", \"none\" or {\"automatic\": number of boxes}"
    }

    var configurationValue: ConfigurationValue {
        switch self {
        case .coordinateOffsets: .string("coordinateOffsets")
        case .perClass: .string("perClass")
        case .none: .string("none")
        case .automatic(let count): .members(["automatic": count.configurationValue])
        }
    }

    init?(configurationValue value: ConfigurationValue) {
        switch value {
        case .string("coordinateOffsets"): self = .coordinateOffsets
        case .string("perClass"): self = .perClass
        case .string("none"): self = .none
        case .members(let members):
            guard members.count == 1,
                let count = members["automatic"].flatMap({ Int(configurationValue: $0) }),
                count >= 0
            else { return nil }
            self = .automatic(above: count)
        default: return nil
        }
    }
}

extension BoxCoder.Scaling: ConfigurationConvertible {
    static var expectation: String {
        "{\"weights\": four positive numbers} or {\"standardDeviations\": four positive numbers}"
    }

    var configurationValue: ConfigurationValue {
        func list(_ delta: BoxDelta) -> ConfigurationValue {
            [delta.dx, delta.dy, delta.dw, delta.dh].configurationValue
        }
        return switch self {
        case .weights(let delta): .members(["weights": list(delta)])
        case .standardDeviations(let delta): .members(["standardDeviations": list(delta)])
        }
    }

    init?(configurationValue value: ConfigurationValue) {
        guard case .members(let members) = value, members.count == 1, let (name, list) = members.first,
            let numbers = [Float](configurationValue: list), numbers.count == 4,
            numbers.allSatisfy({ $0 > 0 })
        else { return nil }
        let delta = BoxDelta(dx: numbers[0], dy: numbers[1], dw: numbers[2], dh: numbers[3])
        switch name {
        case "weights": self = .weights(delta)
        case "standardDeviations": self = .standardDeviations(delta)
        default: return nil
        }
    }
}

extension Conventions.Pooling.LevelRule: ConfigurationConvertible {
    static var expectation: String {
        "{\"epsilonOutside\": number}, {\"epsilonInside\": number}, {\"epsilonInsideFromFinest\": number} or "
            + "\"rounded\""
    }

    var configurationValue: ConfigurationValue {
        switch self {
        case .epsilonOutside(let epsilon): .members(["epsilonOutside": ConfigurationValue(epsilon)])
        case .epsilonInside(let epsilon): .members(["epsilonInside": ConfigurationValue(epsilon)])
        case .epsilonInsideFromFinest(let epsilon):
            .members(["epsilonInsideFromFinest": ConfigurationValue(epsilon)])
        case .rounded: .string("rounded")
        }
    }

    init?(configurationValue value: ConfigurationValue) {
        if value == .string("rounded") {
            self = .rounded
            return
        }
        guard case .members(let members) = value, members.count == 1, let (name, number) = members.first,
            let epsilon = Float(configurationValue: number)
        else { return nil }
        switch name {
        case "epsilonOutside": self = .epsilonOutside(epsilon)
        case "epsilonInside": self = .epsilonInside(epsilon)
        case "epsilonInsideFromFinest": self = .epsilonInsideFromFinest(epsilon)
        default: return nil
        }
    }
}

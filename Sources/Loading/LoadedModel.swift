import Formats
import Kernels
import Inference
import Tensors

/// Options for loading a checkpoint: values that cannot be inferred from its tensors. For options that are
/// nil, ``LoadedModel/decisions`` tells where the value came from.
public struct LoadingOptions: Sendable {
    /// The profile: numeric conventions and default settings.
    public var profile: Profile?
    /// The epsilon added to the variance in batch norms.
    public var batchNormEpsilon: Float?
    /// Which convolution of a downsampling block has the stride.
    public var stridePlacement: Architecture.Backbone.StridePlacement?
    /// The channel order of the input, RGB or BGR.
    public var channelOrder: Conventions.Input.ChannelOrder?
    /// The backbone's style, which most MMDetection files do not state.
    public var backboneStyle: BackboneStyle?
    /// The RoI layer, if it is not the profile's.
    public var roiLayer: PoolingLayer.Kind?
    /// The score threshold: detections with a lower probability are dropped.
    public var scoreThreshold: Float?
    /// Which of several networks in a file to load: a key of the checkpoint, or the prefix of the parameters'
    /// names.
    public var entry: String?
    /// Names of tensors to leave out of a file, in which `*` stands for anything.
    public var ignoredTensors: [String] = []
    /// What a bundle says of the model that it was recorded from.
    public var recorded: StatedConfiguration?
    /// The values of a configuration file.
    public var configuration: StatedConfiguration?
    /// The values of `--set`, which take precedence over all others.
    public var assignments: StatedConfiguration?
    /// A file of class names: one name per line, or COCO annotations.
    public var classes: String?

    /// The profile that is given by an option or a file, if any.
    var chosenProfile: Profile? {
        profile ?? assignments?.profile ?? configuration?.profile ?? recorded?.profile
    }

    /// Options, all nil by default.
    public init(
        profile: Profile? = nil, batchNormEpsilon: Float? = nil,
        stridePlacement: Architecture.Backbone.StridePlacement? = nil,
        channelOrder: Conventions.Input.ChannelOrder? = nil, backboneStyle: BackboneStyle? = nil,
        roiLayer: PoolingLayer.Kind? = nil, scoreThreshold: Float? = nil
    ) {
        self.profile = profile
        self.batchNormEpsilon = batchNormEpsilon
        self.stridePlacement = stridePlacement
        self.channelOrder = channelOrder
        self.backboneStyle = backboneStyle
        self.roiLayer = roiLayer
        self.scoreThreshold = scoreThreshold
    }
}

/// A model, with the sources of its configuration.
public struct LoadedModel: Sendable {
    /// A value that cannot be inferred from the tensors of a checkpoint, and its source.
    public struct Decision: Sendable {
        /// What the value is for.
        public let subject: String
        /// The value that is used.
        public let value: String
        /// The source of the value.
        public let reason: String
    }

    /// The model, ready to run.
    public let model: Model
    /// The source of each value of the configuration, by key; values without one are the profile's.
    public let sources: [String: String]
    /// The values that could not be inferred from the tensors.
    public let decisions: [Decision]
    /// Remarks on the file: a hash that does not match, keys that no part of the model uses.
    public let remarks: [String]
    /// The file of the model's parameters; nil for a model that does not come from a file.
    public let file: TensorFile?

    /// Opens a checkpoint: infers the architecture from its keys and shapes, resolves the remaining
    /// configuration, and loads every parameter strictly.
    ///
    /// - Throws: `FileError` when the file cannot be read, does not contain a known model, lacks a parameter,
    ///   or has one with another shape or with NaN.
    public init(contentsOf path: String, options: LoadingOptions = LoadingOptions()) throws {
        var checkpoint = try Checkpoint(
            contentsOf: path, entry: options.entry, ignoring: options.ignoredTensors)
        if checkpoint.keyMap == .mmdetection, checkpoint.unrecognizedKeys.contains("bbox_head.fc_cls.weight")
        {
            throw FileError(
                path: path,
                fault:
                    "is of MMDetection 1, whose order of classes, anchors and RoI layer are others and not read"
            )
        }
        if let other = OtherNetwork(in: checkpoint.unrecognizedKeys) {
            throw FileError(
                path: path,
                fault:
                    "\(other.fault); --ignore leaves tensors out, and runs another network than was trained")
        }
        do {
            let resolved = try ResolvedConfiguration(checkpoint, options)
            let count = resolved.configuration.architecture.classes
            let own = ModelMetadata.classes(in: checkpoint.metadata, count: count)
            let given = try options.classes.map { try ClassTable(contentsOf: $0, count: count) }
            model = try Model(
                resolved.configuration, classes: given ?? own.table ?? resolved.standardClasses,
                from: &checkpoint)
            sources = resolved.sources
            decisions = resolved.decisions
            remarks =
                resolved.remarks
                + (own.isForeign
                    ? ["The file's own 'classes' is not in this program's form, and passed over."] : [])
                + [checkpoint.file.remark].compactMap { $0 }
                + Self.remarks(on: checkpoint, ignored: options.ignoredTensors)
        } catch let error as ParameterError {
            throw FileError(path: path, fault: error.description)
        } catch let error as InferenceError {
            throw FileError(path: path, fault: error.description)
        } catch let error as ConfigurationError {
            throw FileError(path: path, fault: error.description)
        }
        let unused = checkpoint.unusedKeys
        guard unused.isEmpty else {
            throw FileError(
                path: path,
                fault: "has \(Self.list(unused)) that belong\(unused.count == 1 ? "s" : "") to no part of "
                    + "\(checkpoint.keyMap.framework)'s network as it is built here (--ignore 'name*' leaves such "
                    + "tensors out)")
        }
        file = checkpoint.file
    }

    /// How many keys there are, with the first of them.
    private static func list(_ keys: [String]) -> String {
        "\(keys.count) tensor\(keys.count == 1 ? "" : "s") (\(keys.prefix(3).joined(separator: ", "))"
            + (keys.count > 3 ? ", …)" : ")")
    }

    /// What to know of tensors that were left out.
    private static func remarks(on checkpoint: Checkpoint, ignored patterns: [String]) -> [String] {
        var remarks: [String] = []
        if !patterns.isEmpty {
            remarks.append(
                "Tensors named \(patterns.joined(separator: ", ")) are ignored: this is another network than the "
                    + "file was trained as.")
        }
        if !checkpoint.keysOutsidePrefix.isEmpty {
            remarks.append(
                "\(list(checkpoint.keysOutsidePrefix)) of the file did not begin with \(quoted(checkpoint.prefix)), "
                    + "as those of the model do.")
        }
        return remarks
    }

    /// A model with random parameters, for use without weights: every stage runs and has the right shape, but
    /// the detections are meaningless.
    public init(randomSeed seed: UInt64, options: LoadingOptions = LoadingOptions()) throws {
        var source = RandomParameters(seed: seed)
        var configuration = Configuration(.narrow(), profile: options.chosenProfile ?? .torchvision)
        configuration.settings.input = Settings.Input(minimumSide: 320, maximumSide: 533)
        // The same image size for every profile, so that runs can be compared.
        configuration.conventions.input.resize = .torchvision
        if configuration.conventions.proposals.preNMSTopNIsPerLevel {
            configuration.settings.proposals.preNMSTopN = 300
        }
        configuration.settings.proposals.postNMSTopN = 300
        // Random scores are all similar, and a hundred boxes would hide the image.
        configuration.settings.boxes = Settings.Boxes(detectionsPerImage: 6)
        let resolved: ResolvedConfiguration
        do {
            resolved = try ResolvedConfiguration(configuration, options)
        } catch let error as ConfigurationError {
            throw FileError(path: "the random weights", fault: error.description)
        }
        let classes = try options.classes.map {
            try ClassTable(contentsOf: $0, count: configuration.architecture.classes)
        }
        sources = resolved.sources
        model = try Model(resolved.configuration, classes: classes, from: &source)
        decisions = [
            Decision(subject: "weights", value: "random, seed \(seed)", reason: "none were given")
        ]
        remarks = ["The weights are random numbers: the stages are real, what they find means nothing."]
        file = nil
    }
}

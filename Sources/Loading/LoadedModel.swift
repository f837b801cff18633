import Formats
import Kernels
import Inference
import Tensors

/// What a user can say about a checkpoint that its tensors do not tell. Whatever is nil is found elsewhere, and
/// ``LoadedModel/decisions`` says where.
public struct LoadingOptions: Sendable {
    /// Numeric conventions.
    public var profile: Profile?
    /// Added to the variance in batch norms.
    public var batchNormEpsilon: Float?
    /// Which convolution of a downsampling block has the stride.
    public var stridePlacement: Architecture.Backbone.StridePlacement?
    /// Red or blue first.
    public var channelOrder: Conventions.Input.ChannelOrder?
    /// What the backbone expects; for files of MMDetection, most of which do not say it.
    public var backboneStyle: BackboneStyle?
    /// Another RoI layer than the profile's.
    public var roiLayer: PoolingLayer.Kind?
    /// Detections below this probability are dropped.
    public var scoreThreshold: Float?
    /// Which of several networks in a file: a key of a checkpoint, or what the names of its parameters begin with.
    public var entry: String?
    /// What a bundle says of the model that it was recorded from.
    public var recorded: StatedConfiguration?
    /// What a configuration file says.
    public var configuration: StatedConfiguration?
    /// What single assignments say, which have the last word.
    public var assignments: StatedConfiguration?
    /// The names of the classes, in a file: one name a line, or COCO's annotations.
    public var classes: String?

    /// The profile that options and files choose, if they do.
    var chosenProfile: Profile? {
        profile ?? assignments?.profile ?? configuration?.profile ?? recorded?.profile
    }

    /// Options, all of them left open.
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

/// A model and where it came from.
public struct LoadedModel: Sendable {
    /// One thing that the tensors of a checkpoint do not tell, what was taken for it, and on whose word.
    public struct Decision: Sendable {
        /// What it is about.
        public let subject: String
        /// What was taken.
        public let value: String
        /// On whose word.
        public let reason: String
    }

    /// Ready to run.
    public let model: Model
    /// Who says each value of the configuration, by its key; those without a source are the profile's.
    public let sources: [String: String]
    /// What the tensors did not tell.
    public let decisions: [Decision]
    /// What a reader of the decisions should know: a hash that does not match, keys that no part of the model
    /// took.
    public let remarks: [String]
    /// The SHA-256 of the file, computed when asked for; nil for a model that no file holds.
    public let file: TensorFile?

    /// Opens a checkpoint: reads the architecture off its keys and shapes, settles what these do not tell, and
    /// loads every parameter strictly.
    ///
    /// - Throws: `FileError`, in one line, when the file cannot be read, holds no model that is known, lacks a
    ///   parameter, or has one of another shape or with NaN in it.
    public init(contentsOf path: String, options: LoadingOptions = LoadingOptions()) throws {
        var checkpoint = try Checkpoint(contentsOf: path, entry: options.entry)
        if checkpoint.keyMap == .mmdetection, checkpoint.unrecognizedKeys.contains("bbox_head.fc_cls.weight")
        {
            throw FileError(
                path: path,
                fault:
                    "is of MMDetection 1, whose order of classes, anchors and RoI layer are others and not read"
            )
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
                + [checkpoint.file.remark].compactMap { $0 } + unusedRemarks(checkpoint)
        } catch let error as ParameterError {
            throw FileError(path: path, fault: error.description)
        } catch let error as InferenceError {
            throw FileError(path: path, fault: error.description)
        } catch let error as ConfigurationError {
            throw FileError(path: path, fault: error.description)
        }
        file = checkpoint.file
    }

    /// A model of random numbers, for whoever has no weights at hand: every stage runs and shows its shape, and
    /// what it finds means nothing.
    public init(randomSeed seed: UInt64, options: LoadingOptions = LoadingOptions()) throws {
        var source = RandomParameters(seed: seed)
        var configuration = Configuration(.narrow(), profile: options.chosenProfile ?? .torchvision)
        configuration.settings.input = Settings.Input(minimumSide: 320, maximumSide: 533)
        // One size of image whatever the profile, so that runs can be laid side by side.
        configuration.conventions.input.resize = .torchvision
        if configuration.conventions.proposals.preNMSTopNIsPerLevel {
            configuration.settings.proposals.preNMSTopN = 300
        }
        configuration.settings.proposals.postNMSTopN = 300
        // Random scores are all alike, and a hundred boxes would hide the picture.
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

private func unusedRemarks(_ checkpoint: Checkpoint) -> [String] {
    func remark(_ keys: [String], _ fault: String) -> [String] {
        guard !keys.isEmpty else { return [] }
        return [
            "\(keys.count) tensor\(keys.count == 1 ? "" : "s") of the file \(fault): "
                + keys.prefix(3).joined(separator: ", ") + (keys.count > 3 ? ", …" : "")
        ]
    }
    return remark(checkpoint.unusedKeys, "did not belong to the model")
        + remark(
            checkpoint.keysOutsidePrefix,
            "did not begin with \(quoted(checkpoint.prefix)), as those of the model do")
}

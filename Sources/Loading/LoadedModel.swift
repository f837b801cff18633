import Formats
import Kernels
import MaskRCNN
import Tensors

/// What a user can say about a checkpoint that its tensors do not tell. Whatever is nil is found elsewhere, and
/// ``LoadedModel/decisions`` says where.
public struct LoadingOptions: Sendable {
    /// Numeric conventions.
    public var profile: Profile?
    /// Added to the variance in batch norms.
    public var batchNormEpsilon: Float?
    /// Which convolution of a downsampling block has the stride.
    public var stridePlacement: Configuration.Backbone.StridePlacement?
    /// Red or blue first.
    public var channelOrder: Profile.Input.ChannelOrder?
    /// Another RoI layer than the profile's.
    public var roiLayer: PoolingLayer.Kind?
    /// Detections below this probability are dropped.
    public var scoreThreshold: Float?

    /// Options, all of them left open.
    public init(
        profile: Profile? = nil, batchNormEpsilon: Float? = nil,
        stridePlacement: Configuration.Backbone.StridePlacement? = nil,
        channelOrder: Profile.Input.ChannelOrder? = nil, roiLayer: PoolingLayer.Kind? = nil,
        scoreThreshold: Float? = nil
    ) {
        self.profile = profile
        self.batchNormEpsilon = batchNormEpsilon
        self.stridePlacement = stridePlacement
        self.channelOrder = channelOrder
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
        var checkpoint = try Checkpoint(contentsOf: path)
        let settled = try Settled(checkpoint, options)
        do {
            var configuration = try settled.configuration(of: checkpoint)
            if let threshold = options.scoreThreshold { configuration.boxes.scoreThreshold = threshold }
            let classes = try ModelMetadata.classes(
                in: checkpoint.metadata, count: configuration.classes, path: path)
            model = try Model(
                configuration: configuration, profile: settled.profile, classes: classes, from: &checkpoint)
        } catch let error as ParameterError {
            throw FileError(path: path, fault: error.description)
        } catch let error as InferenceError {
            throw FileError(path: path, fault: error.description)
        }
        decisions = settled.decisions
        remarks = settled.remarks + unusedRemarks(checkpoint)
        file = checkpoint.file
    }

    /// A model of random numbers, for whoever has no weights at hand: every stage runs and shows its shape, and
    /// what it finds means nothing.
    public init(randomSeed seed: UInt64, options: LoadingOptions = LoadingOptions()) throws {
        var source = RandomParameters(seed: seed)
        var profile = options.profile ?? .torchvision
        profile.input.resize = .torchvision(minimum: 320, maximum: 533)
        if let order = options.channelOrder { profile.input.channelOrder = order }
        if let kind = options.roiLayer { profile.pooling.layer = profile.pooling.layer.replaced(by: kind) }
        var configuration = Configuration.narrow()
        // Random scores are all alike, and a hundred boxes would hide the picture.
        configuration.boxes.count = 6
        if let threshold = options.scoreThreshold { configuration.boxes.scoreThreshold = threshold }
        if let placement = options.stridePlacement { configuration.backbone.stridePlacement = placement }
        model = try Model(configuration: configuration, profile: profile, from: &source)
        decisions = [
            Decision(subject: "weights", value: "random, seed \(seed)", reason: "none were given")
        ]
        remarks = ["The weights are random numbers: the stages are real, what they find means nothing."]
        file = nil
    }
}

private func unusedRemarks(_ checkpoint: Checkpoint) -> [String] {
    let unused = checkpoint.unusedKeys
    guard !unused.isEmpty else { return [] }
    let some = unused.prefix(3).joined(separator: ", ")
    return [
        "\(unused.count) tensor\(unused.count == 1 ? "" : "s") of the file did not belong to the model: "
            + some + (unused.count > 3 ? ", …" : "")
    ]
}

/// Everything that the tensors of a checkpoint do not tell, settled in one place: an option has the first word,
/// then the file's own metadata, then the profile.
private struct Settled {
    var profile: Profile
    var decisions: [LoadedModel.Decision] = []
    var remarks: [String] = []
    private var groupNormGroups = 32
    /// What the file's metadata say of the network.
    private var stored: Configuration?

    init(_ checkpoint: Checkpoint, _ options: LoadingOptions) throws {
        stored = try ModelMetadata.configuration(in: checkpoint.metadata, path: checkpoint.file.path)
        if let chosen = options.profile {
            profile = chosen
            decide("profile", chosen.name, "given")
        } else if let name = checkpoint.metadata["profile"] {
            guard let known = Profile.named(name) else {
                throw FileError(
                    path: checkpoint.file.path, fault: "names the unknown profile \(quoted(name))")
            }
            profile = known
            decide("profile", name, "from the file")
        } else {
            profile = checkpoint.keyMap == .torchvisionV2 ? .torchvisionV2 : .torchvision
            decide("profile", profile.name, "from the names of the parameters")
        }
        if let lengths = try ModelMetadata.lengths(in: checkpoint.metadata, path: checkpoint.file.path) {
            profile.input.resize = profile.input.resize.with(
                minimum: lengths.minimum, maximum: lengths.maximum)
            decide("size", "\(lengths.minimum) to \(lengths.maximum) pixels", "from the file")
        }
        try settleEpsilon(checkpoint, options)
        try settleGroupNorm(checkpoint)
        let kernel = checkpoint.shapes["backbone.c2.0.conv2.weight"] ?? []
        let isGrouped = kernel.count == 4 && kernel[0] != kernel[1]
        let usual =
            isGrouped ? profile.parameters.groupedStridePlacement : profile.parameters.stridePlacement
        let placement = options.stridePlacement ?? stored?.backbone.stridePlacement ?? usual
        profile.parameters.stridePlacement = placement
        stored?.backbone.stridePlacement = placement
        decide(
            "stride", placement == .conv1 ? "in the 1×1 convolution" : "in the 3×3 convolution",
            options.stridePlacement != nil ? "given" : stored != nil ? "from the file" : "from the profile")
        let order = options.channelOrder ?? profile.input.channelOrder
        if order != profile.input.channelOrder {
            profile.input.mean.reverse()
            profile.input.standardDeviation.reverse()
        }
        profile.input.channelOrder = order
        decide(
            "channels", order.rawValue.uppercased(),
            options.channelOrder == nil ? "from the profile" : "given")
        if let kind = options.roiLayer {
            profile.pooling.layer = profile.pooling.layer.replaced(by: kind)
            decide("RoI layer", kind.rawValue, "given")
        }
    }

    /// The number of groups of group norms, which only the file's own metadata can tell.
    private mutating func settleGroupNorm(_ checkpoint: Checkpoint) throws {
        guard checkpoint.contains("backbone.stem.norm.weight"),
            !checkpoint.contains("backbone.stem.norm.running_mean"),
            let text = checkpoint.metadata["group_norm_groups"]
        else { return }
        guard let groups = Int(text), groups > 0 else {
            throw FileError(
                path: checkpoint.file.path, fault: "has \(quoted(text)) as the number of groups of its norms")
        }
        groupNormGroups = groups
        decide("group-norm groups", text, "from the file")
    }

    private mutating func settleEpsilon(_ checkpoint: Checkpoint, _ options: LoadingOptions) throws {
        var reason = "from the profile"
        guard checkpoint.contains("backbone.stem.norm.running_mean") else { return }
        switch checkpoint.publishedHash() {
        case .matches(let file):
            remarks.append("The file is torchvision's published \(file.fileName).")
            if file == .keypointRCNNLegacy && options.profile == nil {
                profile.parameters.batchNormEpsilon = 1e-5
                reason = "known of this file"
            }
        case .contradicted(let claimed, let hash):
            remarks.append(
                "The name claims the published \(claimed.fileName), but the content's SHA-256 begins with "
                    + "\(hash.prefix(8)).")
        case .none: break
        }
        if let epsilon = options.batchNormEpsilon {
            profile.parameters.batchNormEpsilon = epsilon
            decide("batch-norm epsilon", "\(epsilon)", "given")
        } else if let text = checkpoint.metadata["batch_norm_epsilon"] {
            guard let epsilon = Float(text), epsilon >= 0, epsilon.isFinite else {
                throw FileError(
                    path: checkpoint.file.path, fault: "has the batch-norm epsilon \(quoted(text))")
            }
            profile.parameters.batchNormEpsilon = epsilon
            decide("batch-norm epsilon", text, "from the file")
        } else {
            decide("batch-norm epsilon", "\(profile.parameters.batchNormEpsilon)", reason)
            if profile.parameters.batchNormEpsilon == 0
                && checkpoint.file.names.contains(where: { $0.hasSuffix("num_batches_tracked") })
            {
                remarks.append(
                    "The file has batch-norm counters, which published files lack: a model built without "
                        + "weights runs with epsilon 1e-5 (--batch-norm-epsilon 1e-5).")
            }
        }
    }

    private mutating func decide(_ subject: String, _ value: String, _ reason: String) {
        decisions.append(LoadedModel.Decision(subject: subject, value: value, reason: reason))
    }

    /// The network: as the file's metadata say, or else read off the shapes of its parameters.
    func configuration(of checkpoint: Checkpoint) throws -> Configuration {
        if let stored { return stored }
        return try Configuration(
            inferredFrom: checkpoint.shapes, profile: profile, groupNormGroups: groupNormGroups)
    }
}

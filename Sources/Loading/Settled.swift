import Formats
import Kernels
import Inference

/// Everything that the tensors of a checkpoint do not tell, settled in one place: an option has the first word,
/// then the file's own metadata, then the profile.
struct Settled {
    var profile: Profile
    var decisions: [LoadedModel.Decision] = []
    var remarks: [String] = []
    private var groupNormGroups = 32
    /// What the file's metadata say of the network.
    private var stored: Configuration?
    /// The stride's place by the style of the backbone, and on whose word channels and stride are.
    private var styled: Configuration.Backbone.StridePlacement?
    private var styleReason = "from the profile"
    private var channelReason = "from the profile"

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
            profile = Self.profile(ofNames: checkpoint.keyMap)
            decide("profile", profile.name, "from the names of the parameters")
        }
        if let lengths = try ModelMetadata.lengths(in: checkpoint.metadata, path: checkpoint.file.path) {
            profile.input.resize = profile.input.resize.with(
                minimum: lengths.minimum, maximum: lengths.maximum)
            decide("size", "\(lengths.minimum) to \(lengths.maximum) pixels", "from the file")
        }
        // detectron2 pads only for a pyramid.
        if profile.name == Profile.detectron2.name, checkpoint.contains("box.c5.0.conv2.weight") {
            profile.input.padMultiple = 1
        }
        try settleEpsilon(checkpoint, options)
        try settleStyle(checkpoint, options)
        try settleGroupNorm(checkpoint)
        let kernel = checkpoint.shapes["backbone.c2.0.conv2.weight"] ?? []
        let isGrouped = kernel.count == 4 && kernel[0] != kernel[1]
        let usual =
            isGrouped ? profile.parameters.groupedStridePlacement : profile.parameters.stridePlacement
        let placement = options.stridePlacement ?? stored?.backbone.stridePlacement ?? styled ?? usual
        profile.parameters.stridePlacement = placement
        stored?.backbone.stridePlacement = placement
        decide(
            "stride", placement == .conv1 ? "in the 1×1 convolution" : "in the 3×3 convolution",
            options.stridePlacement != nil ? "given" : stored != nil ? "from the file" : styleReason)
        let order = options.channelOrder ?? profile.input.channelOrder
        if order != profile.input.channelOrder {
            profile.input.mean.reverse()
            profile.input.standardDeviation.reverse()
        }
        profile.input.channelOrder = order
        decide(
            "channels", order.rawValue.uppercased(),
            options.channelOrder == nil ? channelReason : "given")
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
        guard checkpoint.contains("backbone.stem.norm.running_mean") else {
            guard options.batchNormEpsilon == nil else {
                throw FileError(
                    path: checkpoint.file.path, fault: "has no batch norm that an epsilon could be given for")
            }
            return
        }
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
            stored = stored?.with(batchNormEpsilon: epsilon)
            decide("batch-norm epsilon", "\(epsilon)", "given")
        } else if case .frozenBatch(let epsilon)? = stored?.backbone.norm {
            profile.parameters.batchNormEpsilon = epsilon
            decide("batch-norm epsilon", "\(epsilon)", "from the file")
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

    /// The conventions of the framework whose names a file has.
    private static func profile(ofNames keyMap: KeyMap) -> Profile {
        switch keyMap {
        case .native, .torchvision: .torchvision
        case .torchvisionV2: .torchvisionV2
        case .detectron2, .detectron2C4: .detectron2
        case .mmdetection: .mmdetection
        }
    }

    /// What the backbone expects of its input, and where it halves maps. A given profile has the last word,
    /// unless it is the one that the names suggest anyway.
    private mutating func settleStyle(_ checkpoint: Checkpoint, _ options: LoadingOptions) throws {
        let known = try KnownStyle(checkpoint, given: options.backboneStyle)
        guard let known,
            known.isCertain || profile.name == Self.profile(ofNames: checkpoint.keyMap).name
        else { return }
        if let style = known.style { decide("backbone style", style.rawValue, known.reason) }
        known.channels?.apply(to: &profile.input)
        styled = known.stridePlacement
        let reason = known.style == nil ? known.reason : "from the backbone style"
        if styled != nil { styleReason = reason }
        if known.channels != nil { channelReason = reason }
        if let remark = known.remark { remarks.append(remark) }
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

import Formats
import Kernels
import Inference

/// The backbone's style as far as a file, its name or its framework determine it; fields that cannot be
/// determined are nil.
struct KnownStyle {
    /// The style, if it is one of those with a name.
    var style: BackboneStyle?
    var channels: InputChannels?
    var stridePlacement: Architecture.Backbone.StridePlacement?
    /// The source of this information, for messages.
    var reason: String
    /// Whether it takes precedence over the profile.
    var isCertain = false
    var remark: String?

    private init(
        channels: InputChannels?, stridePlacement: Architecture.Backbone.StridePlacement?, reason: String,
        isCertain: Bool = false
    ) {
        self.channels = channels
        self.stridePlacement = stridePlacement
        self.reason = reason
        self.isCertain = isCertain
        // The named style with these properties, if there is one.
        style = BackboneStyle.allCases.first {
            $0.channels == channels && $0.stridePlacement == stridePlacement
        }
    }

    private init(_ style: BackboneStyle, reason: String, isCertain: Bool = false) {
        self.init(
            channels: style.channels, stridePlacement: style.stridePlacement, reason: reason,
            isCertain: isCertain)
    }

    /// The known style of a checkpoint's backbone; nil when everything is left to the profile.
    /// - Throws: `FileError` for malformed metadata.
    init?(_ checkpoint: Checkpoint, given: BackboneStyle?, stored: EarlierMetadata) throws {
        if let given {
            self.init(given, reason: "given", isCertain: true)
        } else if stored.channels != nil || stored.stridePlacement != nil {
            self.init(
                channels: stored.channels, stridePlacement: stored.stridePlacement, reason: "from the file",
                isCertain: true)
        } else {
            switch checkpoint.keyMap {
            case .native, .torchvision, .torchvisionV2: return nil
            case .detectron2, .detectron2C4: try self.init(detectron2: checkpoint)
            case .mmdetection: self.init(mmdetection: checkpoint)
            }
        }
    }

    /// The number of channels per group of the 3×3 convolutions of c2; nil without groups.
    private static func groupWidth(_ checkpoint: Checkpoint) -> Int? {
        let kernel = checkpoint.shapes["backbone.c2.0.conv2.weight"] ?? []
        return kernel.count == 4 && kernel[0] != kernel[1] ? kernel[1] : nil
    }

    /// Older detectron2 files contain the mean and the standard deviations; of the others, only those with a
    /// ResNeXt differ from the profile's style.
    private init?(detectron2 checkpoint: Checkpoint) throws {
        let isGrouped = Self.groupWidth(checkpoint) != nil
        if let mean = checkpoint.stored("pixel_mean"), let deviation = checkpoint.stored("pixel_std") {
            let means = try mean.floats().array
            // Blue has the smallest mean, which reveals the channel order.
            let order: Conventions.Input.ChannelOrder =
                (means.first ?? 0) > (means.last ?? 0) ? .rgb : .bgr
            guard
                let channels = InputChannels(
                    order: order, means: means, deviations: try deviation.floats().array)
            else {
                throw FileError(
                    path: checkpoint.file.path, fault: "has a pixel_mean or pixel_std that makes no sense")
            }
            self.init(
                channels: channels, stridePlacement: isGrouped ? .conv2 : .conv1,
                reason: "from the file's pixel_mean and pixel_std")
        } else if isGrouped {
            self.init(.caffe2, reason: "known of detectron2's ResNeXt")
        } else {
            return nil
        }
    }

    /// MMDetection's files may contain the text of their configuration.
    private init(mmdetection checkpoint: Checkpoint) {
        if let text = checkpoint.metadata[CheckpointNotes.configuration] {
            let configuration = MMDetectionConfiguration(text)
            if let channels = configuration.channels {
                self.init(
                    channels: channels, stridePlacement: configuration.stridePlacement,
                    reason: "from the file's configuration")
                return
            }
        }
        let name = checkpoint.file.path.split(separator: "/").last ?? ""
        if let width = Self.groupWidth(checkpoint) {
            // Of the published ResNeXts, the 32×8d comes from Caffe2, the others from PyTorch.
            self.init(width == 8 ? .caffe2 : .pytorch, reason: "known of this ResNeXt")
        } else if name.contains("caffe") {
            self.init(.caffe, reason: "from the file's name")
        } else {
            self.init(.pytorch, reason: "the usual one")
            remark =
                "The file does not say of which style its backbone is; with the wrong one, results are plausible "
                + "and poor (--backbone-style caffe)."
        }
    }
}

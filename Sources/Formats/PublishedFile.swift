/// The checkpoints that torchvision publishes. The raw value is the start of the file's SHA-256, with which
/// torchvision also ends its name.
///
/// The exact file matters because the parameters do not determine everything: the first versions of Mask,
/// Faster and Keypoint R-CNN are meant to be run with a normalisation epsilon of zero, the legacy Keypoint
/// R-CNN and the second versions are not.
public enum PublishedFile: String, Sendable, CaseIterable {
    case maskRCNN = "bf2d0c1e"
    case maskRCNNV2 = "73cbd019"
    case keypointRCNN = "fc266e95"
    case keypointRCNNLegacy = "9f466800"
    case fasterRCNN = "258fb6c6"
    case fasterRCNNV2 = "dd69338a"

    /// torchvision's name of the file.
    package var fileName: String {
        let model =
            switch self {
            case .maskRCNN: "maskrcnn_resnet50_fpn"
            case .maskRCNNV2: "maskrcnn_resnet50_fpn_v2"
            case .keypointRCNN, .keypointRCNNLegacy: "keypointrcnn_resnet50_fpn"
            case .fasterRCNN: "fasterrcnn_resnet50_fpn"
            case .fasterRCNNV2: "fasterrcnn_resnet50_fpn_v2"
            }
        return "\(model)_coco-\(rawValue).pth"
    }
}

/// Whether a file is the published one that its name claims.
public enum PublishedHash: Sendable, Equatable {
    /// Its contents have the hash that its name claims.
    case matches(PublishedFile)
    /// Its name claims to be this file, but its contents have another hash: damaged, or something else.
    case contradicted(claimed: PublishedFile, sha256: String)
    /// Its name is not that of a known published file.
    case none

    /// Compares the hash in the name of `file`, if it has the form `…-xxxxxxxx.pth` and is known, with that
    /// of its contents. Only then is the whole file read, at a few hundred megabytes per second.
    package init(_ file: TensorFile) {
        guard let claimed = Self.claim(ofPath: file.path), let hash = file.sha256() else {
            self = .none
            return
        }
        self =
            hash.hasPrefix(claimed.rawValue)
            ? .matches(claimed) : .contradicted(claimed: claimed, sha256: hash)
    }

    private static func claim(ofPath path: String) -> PublishedFile? {
        guard let name = path.split(separator: "/").last, name.hasSuffix(".pth") else { return nil }
        let stem = name.dropLast(4)
        guard let dash = stem.lastIndex(of: "-") else { return nil }
        return PublishedFile(rawValue: String(stem[stem.index(after: dash)...]))
    }
}

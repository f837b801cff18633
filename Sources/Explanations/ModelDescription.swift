import Inference

/// A one-line description of an architecture: `Mask R-CNN, ResNet-50 with FPN, 90 classes`.
package func describe(_ architecture: Architecture) -> String {
    let kind =
        switch (architecture.masks != nil, architecture.keypoints != nil) {
        case (true, true): "Mask R-CNN with keypoints"
        case (true, false): "Mask R-CNN"
        case (false, true): "Keypoint R-CNN"
        case (false, false): "Faster R-CNN"
        }
    let backbone = architecture.backbone
    // The stem and the classifier that it was trained with count as well.
    let layers = 2 + (backbone.block == .basic ? 2 : 3) * backbone.blocks.reduce(0, +)
    let usual = backbone.block == .basic ? [64, 128, 256, 512] : [256, 512, 1024, 2048]
    let isWide = backbone.stem == 64 && backbone.outputs == usual
    let body =
        backbone.groups > 1
        ? "ResNeXt-\(layers) \(backbone.groups)×\(backbone.widths[0] / backbone.groups)d"
        : isWide ? "ResNet-\(layers)" : "narrow ResNet-\(layers)"
    let features =
        switch architecture.features {
        case .pyramid: "FPN"
        case .c4: "C4 features"
        case .c5: backbone.lastStageDilation > 1 ? "DC5 features" : "C5 features"
        }
    let classes = architecture.classes
    return "\(kind), \(body) with \(features), \(classes) class\(classes == 1 ? "" : "es") and background"
}

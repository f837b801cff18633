import Figures
import MaskRCNN
import Tensors

/// The picture with boxes, classes, scores, masks and keypoints drawn over it (figure 20).
/// - Throws: what the canvas throws when it cannot hold a picture of that size.
public func drawDetections(_ instances: [Instance], of model: Model, on image: Image) throws -> Image {
    let drawn = try instances.map { instance in
        DrawnInstance(
            x1: Double(instance.box.x1), y1: Double(instance.box.y1), x2: Double(instance.box.x2),
            y2: Double(instance.box.y2), classIndex: instance.label,
            className: model.classes.name(of: instance.label), score: Double(instance.score),
            mask: try instance.mask.map {
                try DrawnMask(
                    x: $0.region.x, y: $0.region.y, width: $0.region.width, height: $0.region.height,
                    bits: $0.bits)
            },
            keypoints: (instance.keypoints ?? []).map {
                DrawnKeypoint(x: Double($0.x), y: Double($0.y), isVisible: true)
            })
    }
    return try DetectionOverlay(image: image, instances: drawn).figure.image()
}

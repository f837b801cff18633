import Figures
import MaskRCNN
import Tensors

/// The picture with boxes, classes, scores, masks and keypoints drawn over it (figure 20).
/// - Throws: what the canvas throws when it cannot hold a picture of that size.
public func drawDetections(_ instances: [Instance], of model: Model, on image: Image) throws -> Image {
    try DetectionOverlay(
        image: image,
        instances: instances.map { instance in
            DrawnInstance(
                box: instance.box, label: instance.label, name: model.classes.name(of: instance.label),
                score: instance.score, mask: instance.mask, keypoints: instance.keypoints)
        }
    ).draw()
}

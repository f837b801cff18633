import Inference
import Tensors

/// The picture with boxes, classes, scores, masks and the keypoints of classes that have any drawn over it
/// (figure 20).
///
/// Of what was found, only what is likelier than not is drawn; all of it, if nothing is.
/// - Throws: what the canvas throws when it cannot hold a picture of that size.
public func drawDetections(_ instances: [Instance], of model: Model, on image: Image) throws -> Image {
    let likely = instances.filter { $0.score >= 0.5 }
    let drawn = (likely.isEmpty ? instances : likely).map { DrawnInstance($0, of: model) }
    return try DetectionOverlay(image: image, instances: drawn).figure.image()
}

extension DrawnInstance {
    /// One object that a model found.
    init(_ instance: Instance, of model: Model) {
        self.init(
            box: instance.box, classIndex: instance.label, className: model.classes.name(of: instance.label),
            score: Double(instance.score), mask: instance.mask,
            keypoints: model.classes.hasKeypoints(instance.label) ? instance.keypoints ?? [] : [])
    }
}

import COCO
import Geometry

extension Detection {
    /// A COCO result for an instance.
    ///
    /// Each Float32 becomes the Double of its shortest decimal representation: 0.1, not 0.10000000149. Files stay
    /// short, and evaluating a file gives the same result as evaluating the values in memory.
    package init(_ instance: Instance, imageID: Int, categoryID: Int) {
        let box = instance.box
        self.init(
            imageID: imageID, categoryID: categoryID, score: decimal(instance.score),
            box: AnnotationBox(
                x: decimal(box.x1), y: decimal(box.y1), width: decimal(box.width),
                height: decimal(box.height)),
            segmentation: instance.mask.map { .runLengths(RunLengths($0)) },
            keypoints: instance.keypoints?.map {
                AnnotationKeypoint(x: decimal($0.x), y: decimal($0.y), visibility: decimal($0.score))
            })
    }
}

/// The Double of the shortest decimal representation of `value`. JSON has no NaN or infinity, which only broken weights
/// produce.
private func decimal(_ value: Float) -> Double {
    value.isFinite ? Double(value.description) ?? Double(value) : 0
}

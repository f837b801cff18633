import COCO
import Geometry

extension Detection {
    /// What the network found, as COCO has it.
    ///
    /// Numbers become those that the shortest decimal fraction for the single-precision ones stands for: 0.1,
    /// not 0.10000000149. A file then holds few digits, and an evaluation of it and one of the values in
    /// memory see the same.
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

/// The number that `value` looks like. JSON has none for NaN and infinity, which only broken weights give.
private func decimal(_ value: Float) -> Double {
    value.isFinite ? Double(value.description) ?? Double(value) : 0
}

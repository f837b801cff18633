import Geometry

/// A detected object, as in COCO's results files.
public struct Detection: Hashable, Sendable {
    /// The ``Picture/id`` of its image.
    public var imageID: Int
    /// The ``Category/id`` of its predicted category.
    public var categoryID: Int
    /// The detector's score; only the order of scores matters.
    public var score: Double
    /// The box; nil if the detection has none.
    public var box: AnnotationBox?
    /// The mask or polygons; nil if the detection has none.
    public var segmentation: Segmentation?
    /// The keypoints; nil if the detection has none.
    public var keypoints: [AnnotationKeypoint]?

    /// A detection with the given properties; at least one of box, segmentation and keypoints is needed.
    public init(
        imageID: Int, categoryID: Int, score: Double, box: AnnotationBox? = nil,
        segmentation: Segmentation? = nil, keypoints: [AnnotationKeypoint]? = nil
    ) {
        self.imageID = imageID
        self.categoryID = categoryID
        self.score = score
        self.box = box
        self.segmentation = segmentation
        self.keypoints = keypoints
    }
}

/// A detector's detections in the images of a dataset.
public struct Results: Hashable, Sendable {
    /// The detections in any order, which decides between equal scores.
    public var detections: [Detection]

    /// Results with the given detections.
    public init(detections: [Detection] = []) { self.detections = detections }
}

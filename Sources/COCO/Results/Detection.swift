import Geometry

/// One object that a detector found, as COCO's results files have it.
public struct Detection: Hashable, Sendable {
    /// The ``Picture/id`` of the picture that it was found in.
    public var imageID: Int
    /// The ``Category/id`` of what it was taken for.
    public var categoryID: Int
    /// The detector's belief in it; only the order matters.
    public var score: Double
    /// The box around it.
    public var box: AnnotationBox?
    /// Which pixels it covers.
    public var segmentation: Segmentation?
    /// Its keypoints.
    public var keypoints: [AnnotationKeypoint]?

    /// An object of the given properties; at least one of box, segmentation and keypoints is needed.
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

/// What a detector found in the pictures of a dataset.
public struct Results: Hashable, Sendable {
    /// The detections in any order; equal scores are told apart by it.
    public var detections: [Detection]

    /// Results of the given detections.
    public init(detections: [Detection] = []) { self.detections = detections }
}

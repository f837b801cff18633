import Geometry

/// One object in one picture, as somebody drew it.
public struct Annotation: Hashable, Sendable {
    /// A number of its own. COCO's tools take 0 to mean *none*, so ids should begin at 1.
    public var id: Int
    /// The ``Picture/id`` of the picture that it is in.
    public var imageID: Int
    /// The ``Category/id`` of what it is.
    public var categoryID: Int
    /// The box around it.
    public var box: AnnotationBox
    /// The number of pixels that it covers, which decides whether it counts as small, medium or large. In
    /// COCO the polygons' area, not the box's, and in datasets without polygons usually the box's. As in COCO's
    /// tools, one that is no number lies in every range of sizes, and a negative one in none.
    public var area: Double
    /// Which pixels it covers; nil in a dataset of boxes only.
    public var segmentation: Segmentation?
    /// Whether it stands for many objects that nobody told apart. A detection in it is neither right nor wrong.
    public var isCrowd: Bool
    /// Its keypoints, as many as its category has, or none where nobody marked any; nil in a dataset without.
    public var keypoints: [AnnotationKeypoint]?
    /// How many keypoints are labelled. Evaluation ignores an object with none.
    public var keypointCount: Int

    /// An object of the given properties.
    /// - Parameter keypointCount: counted from `keypoints` when nil.
    public init(
        id: Int, imageID: Int, categoryID: Int, box: AnnotationBox, area: Double,
        segmentation: Segmentation? = nil, isCrowd: Bool = false, keypoints: [AnnotationKeypoint]? = nil,
        keypointCount: Int? = nil
    ) {
        self.id = id
        self.imageID = imageID
        self.categoryID = categoryID
        self.box = box
        self.area = area
        self.segmentation = segmentation
        self.isCrowd = isCrowd
        self.keypoints = keypoints
        self.keypointCount = keypointCount ?? keypoints?.count { $0.isLabelled } ?? 0
    }

    /// Whether somebody marked one of its keypoints.
    public var hasLabelledKeypoints: Bool { keypoints?.contains { $0.isLabelled } == true }
}

/// A box as COCO writes it: `[x, y, width, height]` in continuous image coordinates, in double precision, so
/// that what is read is what was written.
public struct AnnotationBox: Hashable, Sendable {
    /// The left edge.
    public var x: Double
    /// The upper edge.
    public var y: Double
    /// The width.
    public var width: Double
    /// The height.
    public var height: Double

    /// The box of the given size whose upper left corner is at (`x`, `y`).
    public init(x: Double, y: Double, width: Double, height: Double) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }

    /// A network's box; its size is the difference of the corners in single precision.
    public init(_ box: Box) {
        self.init(
            x: Double(box.x1), y: Double(box.y1), width: Double(box.width), height: Double(box.height))
    }

    /// The box around whole pixels.
    public init(_ region: PixelRegion) {
        self.init(
            x: Double(region.x), y: Double(region.y), width: Double(region.width),
            height: Double(region.height))
    }

    /// `width · height`.
    public var area: Double { width * height }
}

/// Which pixels an object covers.
public enum Segmentation: Hashable, Sendable {
    /// Outlines; together they cover the object. An object behind a post has two.
    case polygons([Polygon])
    /// A mask of the picture's size.
    case runLengths(RunLengths)
}

/// A keypoint in double precision, so that what is read is what was written.
public struct AnnotationKeypoint: Hashable, Sendable {
    /// Distance from the picture's left edge, in pixels.
    public var x: Double
    /// Distance from the picture's upper edge, in pixels.
    public var y: Double
    /// COCO's visibility: 0 not labelled, 1 labelled but hidden, 2 visible. In a detection its score, which
    /// evaluation does not look at.
    public var visibility: Double

    /// A keypoint at (`x`, `y`).
    public init(x: Double, y: Double, visibility: Double) {
        self.x = x
        self.y = y
        self.visibility = visibility
    }

    /// A network's keypoint, or one of an annotation.
    public init(_ keypoint: Keypoint) {
        self.init(x: Double(keypoint.x), y: Double(keypoint.y), visibility: Double(keypoint.score))
    }

    /// Whether somebody marked it.
    public var isLabelled: Bool { visibility > 0 }
}

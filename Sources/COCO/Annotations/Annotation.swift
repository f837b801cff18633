import Geometry

/// An annotated object in an image.
public struct Annotation: Hashable, Sendable {
    /// A unique number. COCO's tools use 0 for *none*, so ids should start at 1.
    public var id: Int
    /// The ``Picture/id`` of its image.
    public var imageID: Int
    /// The ``Category/id`` of its category.
    public var categoryID: Int
    /// The object's box.
    public var box: AnnotationBox
    /// The area in pixels, which decides whether the object counts as small, medium or large. In COCO it is
    /// the polygons' area, not the box's; in datasets without polygons it is usually the box's. As in COCO's
    /// tools, NaN lies in every area range and a negative area in none.
    public var area: Double
    /// The pixels of the object; nil in a dataset of boxes only.
    public var segmentation: Segmentation?
    /// Whether the annotation is a crowd: a region of many objects that are not annotated one by one.
    /// Detections in it count neither as true nor as false positives.
    public var isCrowd: Bool
    /// The keypoints, as many as the category has, or none if none is labelled; nil in a dataset without
    /// keypoints.
    public var keypoints: [AnnotationKeypoint]?
    /// How many keypoints are labelled. Evaluation ignores an object with none.
    public var keypointCount: Int

    /// An annotation with the given properties.
    /// - Parameter keypointCount: the number of labelled keypoints; nil counts them in `keypoints`.
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

    /// Whether at least one keypoint is labelled.
    public var hasLabelledKeypoints: Bool { keypoints?.contains { $0.isLabelled } == true }
}

/// A box as COCO writes it: `[x, y, width, height]` in continuous image coordinates, in pixels. Double
/// precision, so that values survive reading and writing unchanged.
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

    /// A network's box; its width and height are the differences of the edges in single precision.
    public init(_ box: Box) {
        self.init(
            x: Double(box.x1), y: Double(box.y1), width: Double(box.width), height: Double(box.height))
    }

    /// The box around a region of whole pixels.
    public init(_ region: PixelRegion) {
        self.init(
            x: Double(region.x), y: Double(region.y), width: Double(region.width),
            height: Double(region.height))
    }

    /// `width · height`.
    public var area: Double { width * height }
}

/// The pixels of an object, as polygons or as a mask.
public enum Segmentation: Hashable, Sendable {
    /// Polygons that together cover the object. An object split in two by an occluder has two.
    case polygons([Polygon])
    /// A mask of the image's size.
    case runLengths(RunLengths)
}

/// A keypoint in double precision, so that values survive reading and writing unchanged.
public struct AnnotationKeypoint: Hashable, Sendable {
    /// Distance from the image's left edge, in pixels.
    public var x: Double
    /// Distance from the image's upper edge, in pixels.
    public var y: Double
    /// COCO's visibility: 0 not labelled, 1 labelled but hidden, 2 visible. For a detection, the keypoint's
    /// score, which evaluation ignores.
    public var visibility: Double

    /// A keypoint at (`x`, `y`).
    public init(x: Double, y: Double, visibility: Double) {
        self.x = x
        self.y = y
        self.visibility = visibility
    }

    /// A keypoint in single precision; its score becomes the visibility.
    public init(_ keypoint: Keypoint) {
        self.init(x: Double(keypoint.x), y: Double(keypoint.y), visibility: Double(keypoint.score))
    }

    /// Whether the keypoint is labelled: its visibility is above 0.
    public var isLabelled: Bool { visibility > 0 }
}

import Geometry

/// What a COCO annotation file holds: pictures, the objects in them, and the categories of objects.
///
/// The references between them are numbers: an annotation names its picture and its category by their ids.
/// Nothing checks them in memory; reading and writing do.
public struct Dataset: Hashable, Sendable {
    /// The pictures; ids are all different.
    public var images: [Picture]
    /// The objects of all pictures, in any order; ids are all different.
    public var annotations: [Annotation]
    /// The categories; ids are all different, and need not be consecutive.
    public var categories: [Category]

    /// A dataset of the given parts.
    public init(images: [Picture] = [], annotations: [Annotation] = [], categories: [Category] = []) {
        self.images = images
        self.annotations = annotations
        self.categories = categories
    }
}

/// A kind of object, such as *dog*.
public struct Category: Hashable, Sendable {
    /// What annotations and results refer to it by. COCO's go from 1 to 90 with gaps.
    public var id: Int
    /// Its name, such as `dog`; one that a file does not name is called after its id: `category 3`.
    public var name: String
    /// The name of the group that it belongs to, such as `animal`.
    public var supercategory: String?
    /// The names of the keypoints that its objects have, in the order of their coordinates; empty for a
    /// category without.
    public var keypoints: [String]
    /// The lines that draw its keypoints: pairs of positions in ``keypoints``, which count from 1.
    public var skeleton: [[Int]]
    /// The id as its file writes it, where that is text; nil where it is ``id``.
    public var textID: String?

    /// A category with the given id and name.
    public init(
        id: Int, name: String, supercategory: String? = nil, keypoints: [String] = [], skeleton: [[Int]] = []
    ) {
        self.id = id
        self.name = name
        self.supercategory = supercategory
        self.keypoints = keypoints
        self.skeleton = skeleton
    }
}

/// A picture of a dataset: not its pixels, only where they are and how many.
public struct Picture: Hashable, Sendable {
    /// What annotations and results refer to it by.
    public var id: Int
    /// The file's name, relative to the dataset's folder of pictures; nil where the annotation file gives none, which
    /// matters only to those who want the pixels.
    public var fileName: String?
    /// Its size in pixels; nil where the annotation file gives none, which matters only to masks.
    public var size: PixelSize?
    /// The id as its file writes it, where that is text; nil where it is ``id``.
    public var textID: String?

    /// A picture of the given id, file name and size.
    public init(id: Int, fileName: String?, size: PixelSize?) {
        self.id = id
        self.fileName = fileName
        self.size = size
    }
}

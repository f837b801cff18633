import Geometry

/// The contents of a COCO annotation file: images, the objects in them, and the categories of objects.
///
/// An annotation refers to its image and its category by id. These references are not checked in memory, only
/// by reading and writing.
public struct Dataset: Hashable, Sendable {
    /// The images; ids are unique.
    public var images: [Picture]
    /// The objects of all images, in any order; ids are unique.
    public var annotations: [Annotation]
    /// The categories; ids are unique, not necessarily consecutive.
    public var categories: [Category]

    /// A dataset with the given lists.
    public init(images: [Picture] = [], annotations: [Annotation] = [], categories: [Category] = []) {
        self.images = images
        self.annotations = annotations
        self.categories = categories
    }
}

/// A category of objects, such as *dog*.
public struct Category: Hashable, Sendable {
    /// The id by which annotations and results refer to it. COCO's ids range from 1 to 90, with gaps.
    public var id: Int
    /// Its name, such as `dog`; a category without a name in the file is named after its id: `category 3`.
    public var name: String
    /// The name of its group, such as `animal`.
    public var supercategory: String?
    /// The names of its keypoints, in the order of ``Annotation/keypoints``; empty for a category without
    /// keypoints.
    public var keypoints: [String]
    /// The lines drawn between its keypoints: pairs of 1-based indices into ``keypoints``.
    public var skeleton: [[Int]]
    /// The id in the file if that is text; nil if it is the number ``id``.
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

/// An image of a dataset: its file name and size, not its pixels.
public struct Picture: Hashable, Sendable {
    /// The id by which annotations and results refer to it.
    public var id: Int
    /// The file name, relative to the dataset's image folder; nil if the annotation file has none. Needed
    /// only to load the pixels.
    public var fileName: String?
    /// Its size in pixels; nil if the annotation file has none. Needed only for masks.
    public var size: PixelSize?
    /// The id in the file if that is text; nil if it is the number ``id``.
    public var textID: String?

    /// An image with the given id, file name and size.
    public init(id: Int, fileName: String?, size: PixelSize?) {
        self.id = id
        self.fileName = fileName
        self.size = size
    }
}

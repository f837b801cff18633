import Geometry
import Tensors

/// A training image with its annotated objects.
public struct Example: Sendable {
    /// The decoded image at its original size.
    public var image: Image
    /// The objects in it, in pixel coordinates of `image`.
    public var objects: [LabelledObject]

    /// An example with an image and its objects.
    public init(image: Image, objects: [LabelledObject]) {
        self.image = image
        self.objects = objects
    }

    /// The image's size in pixels.
    public var size: PixelSize { PixelSize(height: image.height, width: image.width) }
}

/// One object, or one crowd of objects, in a training image.
public struct LabelledObject: Sendable {
    /// The class index, from 1.
    public var label: Int
    /// The bounding box of its visible pixels.
    public var box: Box
    /// Its visible pixels; nil if the annotations have no segmentation.
    public var mask: InstanceMask?
    /// Its keypoints, with COCO's visibility (0, 1 or 2) as score; nil for an object without keypoints.
    public var keypoints: [Keypoint]?
    /// Whether this is a region of many objects (COCO's `iscrowd`) rather than one object.
    public var isCrowd: Bool

    /// An object of the given values.
    public init(
        label: Int, box: Box, mask: InstanceMask? = nil, keypoints: [Keypoint]? = nil, isCrowd: Bool = false
    ) {
        self.label = label
        self.box = box
        self.mask = mask
        self.keypoints = keypoints
        self.isCrowd = isCrowd
    }
}

/// Examples by index. The same index always gives the same example, on any thread.
public protocol ExampleSource: Sendable {
    /// The number of examples.
    var count: Int { get }
    /// The size that an image has when decoded, without decoding it.
    func size(of index: Int) -> PixelSize
    /// The example at `index`.
    /// - Throws: an error that names the file, if it cannot be read.
    func example(_ index: Int) throws -> Example
}

import Geometry
import Tensors

/// A picture with everything that is known of it.
public struct Example: Sendable {
    /// The picture as decoded.
    public var image: Image
    /// What is in it, in the frame of `image`.
    public var objects: [LabelledObject]

    /// An example.
    public init(image: Image, objects: [LabelledObject]) {
        self.image = image
        self.objects = objects
    }

    /// The picture's size.
    public var size: PixelSize { PixelSize(height: image.height, width: image.width) }
}

/// One object, or one crowd of them, in a training picture.
public struct LabelledObject: Sendable {
    /// From 1.
    public var label: Int
    /// Around its visible pixels.
    public var box: Box
    /// Its visible pixels, if they are known.
    public var mask: InstanceMask?
    /// Its keypoints, the score being COCO's visibility; nil for an object without any.
    public var keypoints: [Keypoint]?
    /// Whether this is a region full of objects rather than one.
    public var isCrowd: Bool

    /// An object.
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

/// Examples by number. The same number always gives the same example, on any thread.
public protocol ExampleSource: Sendable {
    /// How many there are.
    var count: Int { get }
    /// The size of a picture as decoded, without decoding it.
    func size(of index: Int) -> PixelSize
    /// One example.
    /// - Throws: an error that names the file when it cannot be read.
    func example(_ index: Int) throws -> Example
}

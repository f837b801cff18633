import Drawing
import Geometry

/// One detected object, as the final picture draws it. Coordinates are in pixels of the picture: (0, 0) is the
/// top left corner of its first pixel.
public struct DrawnInstance: Sendable {
    /// The box. One with a coordinate that is not finite is not drawn, nor is its label.
    public var box: Box
    /// The class, which chooses the colour; 0 is background.
    public var classIndex: Int
    /// The class's name, for the label. It may come from a file: it is shortened and drawn on one line.
    public var className: String
    /// The score, from 0 to 1; NaN leaves it out of the label.
    public var score: Double
    /// Which pixels belong to the object, if that is known.
    public var mask: InstanceMask?
    /// The object's keypoints, if it has any: as many as ``PersonKeypoint`` has are joined by its skeleton.
    public var keypoints: [Keypoint]

    /// A detected object with the given box, class, score, mask and keypoints.
    public init(
        box: Box, classIndex: Int, className: String, score: Double, mask: InstanceMask? = nil,
        keypoints: [Keypoint] = []
    ) {
        self.box = box
        self.classIndex = classIndex
        self.className = className
        self.score = score
        self.mask = mask
        self.keypoints = keypoints
    }

    /// The box on the canvas, with its corners in order; `nil` if it has a coordinate that is not finite.
    var rectangle: Rectangle? {
        guard box.x1.isFinite, box.y1.isFinite, box.x2.isFinite, box.y2.isFinite else { return nil }
        let (x1, y1, x2, y2) = (Double(box.x1), Double(box.y1), Double(box.x2), Double(box.y2))
        return Rectangle(x: min(x1, x2), y: min(y1, y2), width: abs(x2 - x1), height: abs(y2 - y1))
    }
}

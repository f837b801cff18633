/// One detected object, as the final picture draws it. Coordinates are in pixels of the picture: (0, 0) is the
/// top left corner of its first pixel.
public struct DrawnInstance: Sendable {
    /// The left, top, right and bottom edge of the box.
    public var x1, y1, x2, y2: Double
    /// The class, which chooses the colour; 0 is background.
    public var classIndex: Int
    /// The class's name, for the label. It may come from a file: it is shortened and drawn on one line.
    public var className: String
    /// The score, from 0 to 1; NaN leaves it out of the label.
    public var score: Double
    /// Which pixels belong to the object, if that is known.
    public var mask: DrawnMask?
    /// The object's keypoints, if it has any.
    public var keypoints: [DrawnKeypoint]

    /// A detected object with the given box, class, score, mask and keypoints.
    public init(
        x1: Double, y1: Double, x2: Double, y2: Double, classIndex: Int, className: String, score: Double,
        mask: DrawnMask? = nil, keypoints: [DrawnKeypoint] = []
    ) {
        (self.x1, self.y1, self.x2, self.y2) = (x1, y1, x2, y2)
        self.classIndex = classIndex
        self.className = className
        self.score = score
        self.mask = mask
        self.keypoints = keypoints
    }

    /// The box, with its corners in order; `nil` if it has a coordinate that is not finite.
    var box: Rectangle? {
        guard x1.isFinite, y1.isFinite, x2.isFinite, y2.isFinite else { return nil }
        return Rectangle(x: min(x1, x2), y: min(y1, y2), width: abs(x2 - x1), height: abs(y2 - y1))
    }
}

/// The pixels of an object, within a region of the picture; outside the region there are none. The region may
/// reach beyond the picture.
public struct DrawnMask: Sendable {
    /// The column and row of the region's first pixel in the picture.
    public let x, y: Int
    /// The region's size in pixels.
    public let width, height: Int
    /// `height · width` values, row after row: 0 outside the object, anything else inside.
    public let bits: [UInt8]

    /// A mask of the given region and bits.
    /// - Throws: ``FigureError`` unless the sides are not negative and `bits.count` is `width · height`.
    public init(x: Int, y: Int, width: Int, height: Int, bits: [UInt8]) throws {
        let (area, overflows) = width.multipliedReportingOverflow(by: height)
        guard width >= 0, height >= 0, !overflows, bits.count == area else {
            throw FigureError(
                subject: "mask", fault: "\(bits.count) bits do not fill a region of \(width)×\(height) pixels"
            )
        }
        (self.x, self.y, self.width, self.height, self.bits) = (x, y, width, height, bits)
    }
}

/// A keypoint of a detected object.
public struct DrawnKeypoint: Sendable, Equatable {
    /// The place, in pixels of the picture.
    public var x, y: Double
    /// Whether it is drawn.
    public var isVisible: Bool

    /// A keypoint at (x, y).
    public init(x: Double, y: Double, isVisible: Bool) {
        (self.x, self.y, self.isVisible) = (x, y, isVisible)
    }

    /// The place on the canvas, if it is to be drawn.
    var point: Point? { isVisible && x.isFinite && y.isFinite ? Point(x: x, y: y) : nil }
}

/// A line of a skeleton: the indices of the two keypoints that it joins.
public struct Limb: Sendable, Equatable {
    /// The keypoint at one end.
    public let start: Int
    /// The keypoint at the other end.
    public let end: Int

    /// A line between two keypoints.
    public init(_ start: Int, _ end: Int) {
        self.start = start
        self.end = end
    }

    /// The skeleton of COCO's 17 keypoints of a person: nose, eyes, ears, shoulders, elbows, wrists, hips,
    /// knees, ankles; left before right (the `skeleton` of COCO's person category, counted from 0).
    public static let cocoPerson: [Limb] = [
        Limb(15, 13), Limb(13, 11), Limb(16, 14), Limb(14, 12), Limb(11, 12), Limb(5, 11), Limb(6, 12),
        Limb(5, 6), Limb(5, 7), Limb(6, 8), Limb(7, 9), Limb(8, 10), Limb(1, 2), Limb(0, 1), Limb(0, 2),
        Limb(1, 3), Limb(2, 4), Limb(3, 5), Limb(4, 6),
    ]
}

/// A rectangle of whole pixels: columns `x ..< x + width` of rows `y ..< y + height`.
public struct PixelRegion: Hashable, Sendable {
    /// The first column.
    public var x: Int
    /// The first row.
    public var y: Int
    /// The number of columns.
    public var width: Int
    /// The number of rows.
    public var height: Int

    /// The region of `width` × `height` pixels whose upper left pixel is in column `x`, row `y`.
    public init(x: Int, y: Int, width: Int, height: Int) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }

    /// The region without pixels, which COCO writes as `[0, 0, 0, 0]`.
    public static let empty = PixelRegion(x: 0, y: 0, width: 0, height: 0)

    /// Whether the region has no pixels.
    public var isEmpty: Bool { width <= 0 || height <= 0 }

    /// The same rectangle in continuous coordinates: from the left edge of its first pixel to the right edge
    /// of its last.
    public var box: Box {
        Box(x1: Float(x), y1: Float(y), x2: Float(x + width), y2: Float(y + height))
    }

    /// The pixels in both regions; ``empty`` if there are none.
    public func intersection(with other: PixelRegion) -> PixelRegion {
        let left = max(x, other.x), right = min(x + width, other.x + other.width)
        let top = max(y, other.y), bottom = min(y + height, other.y + other.height)
        if left >= right || top >= bottom { return .empty }
        return PixelRegion(x: left, y: top, width: right - left, height: bottom - top)
    }
}

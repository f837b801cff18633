/// An axis-aligned rectangle in continuous image coordinates, in pixels.
///
/// The pixel in row 0 and column 0 covers the square from (0, 0) to (1, 1) and has its centre at (0.5, 0.5).
/// A box around whole pixels has `x2 = x1 + width`: `width` is simply the difference of the corners.
/// Detectron 1 treats corners as pixel indices instead (`width = x2 − x1 + 1`); ``BoxCoder`` and
/// ``NonMaximumSuppression`` have a switch for that.
///
/// All arithmetic is Float32 in torchvision's order of operations, so that comparisons with a threshold have
/// the same outcome.
public struct Box: Hashable, Sendable {
    /// The left edge.
    public var x1: Float
    /// The upper edge.
    public var y1: Float
    /// The right edge.
    public var x2: Float
    /// The lower edge.
    public var y2: Float

    /// A box with the given left, upper, right and lower edge.
    @inlinable
    public init(x1: Float, y1: Float, x2: Float, y2: Float) {
        self.x1 = x1
        self.y1 = y1
        self.x2 = x2
        self.y2 = y2
    }

    /// `x2 − x1`; negative when the edges are in the wrong order.
    @inlinable public var width: Float { x2 - x1 }
    /// `y2 − y1`; negative when the edges are in the wrong order.
    @inlinable public var height: Float { y2 - y1 }
    /// `width · height`.
    @inlinable public var area: Float { width * height }

    /// The area of the intersection of two boxes; 0 when they only touch or are disjoint.
    @inlinable
    public func intersection(with other: Box) -> Float {
        let shared = sharedSides(with: other)
        return shared.width * shared.height
    }

    /// The sides of the intersection of two boxes; 0 along an axis on which they only touch or are disjoint.
    @inlinable
    public func sharedSides(with other: Box) -> (width: Float, height: Float) {
        (
            max(0, min(x2, other.x2) - max(x1, other.x1)),
            max(0, min(y2, other.y2) - max(y1, other.y1))
        )
    }

    /// Intersection over union (IoU): 0 for disjoint boxes, 1 for equal ones.
    ///
    /// NaN for two boxes without area, as in torchvision. NaN exceeds no threshold, so neither box suppresses
    /// the other.
    @inlinable
    public func overlap(with other: Box) -> Float {
        let shared = intersection(with: other)
        return shared / (area + other.area - shared)
    }

    /// The box clipped to an image of the given size: x to `0 … width`, y to `0 … height`. NaN stays NaN.
    @inlinable
    public func clipped(to size: PixelSize) -> Box {
        let width = Float(size.width), height = Float(size.height)
        return Box(
            x1: x1.clamped(to: width), y1: y1.clamped(to: height),
            x2: x2.clamped(to: width), y2: y2.clamped(to: height))
    }

    /// The box with its x coordinates multiplied by one factor and its y coordinates by another, as when the
    /// image is resized.
    @inlinable
    public func scaled(x: Float, y: Float) -> Box {
        Box(x1: x1 * x, y1: y1 * y, x2: x2 * x, y2: y2 * y)
    }
}

extension Float {
    /// The nearest number in `0 … limit`. Both comparisons are false for NaN, so NaN passes through.
    @inlinable
    func clamped(to limit: Float) -> Float { self < 0 ? 0 : self > limit ? limit : self }
}

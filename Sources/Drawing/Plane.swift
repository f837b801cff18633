/// A place on a canvas, in points; x grows to the right, y downwards.
package struct Point: Sendable, Equatable {
    /// Distance from the left edge.
    package var x: Double
    /// Distance from the top edge.
    package var y: Double

    /// The point at (x, y).
    package init(x: Double, y: Double) {
        self.x = x
        self.y = y
    }
}

/// An upright rectangle on a canvas, in points.
package struct Rectangle: Sendable, Equatable {
    /// The left edge.
    package var x: Double
    /// The top edge.
    package var y: Double
    /// From the left edge to the right one.
    package var width: Double
    /// From the top edge to the bottom one.
    package var height: Double

    /// The rectangle with its top left corner at (x, y).
    package init(x: Double, y: Double, width: Double, height: Double) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }

    /// The right edge.
    package var maxX: Double { x + width }
    /// The bottom edge.
    package var maxY: Double { y + height }
    /// The area; 0 if either side is negative.
    package var area: Double { max(width, 0) * max(height, 0) }

    /// The rectangle without a margin along each edge; a negative one makes it larger.
    package func inset(by margin: Double) -> Rectangle {
        Rectangle(x: x + margin, y: y + margin, width: width - 2 * margin, height: height - 2 * margin)
    }

    /// What two rectangles have in common; its area is 0 if they have nothing.
    package func intersection(_ other: Rectangle) -> Rectangle {
        let (left, top) = (max(x, other.x), max(y, other.y))
        return Rectangle(
            x: left, y: top, width: min(maxX, other.maxX) - left, height: min(maxY, other.maxY) - top)
    }

    /// The rectangle moved as little as needed to lie in `frame`, if it is no larger than that.
    package func moved(into frame: Rectangle) -> Rectangle {
        Rectangle(
            x: max(frame.x, min(x, frame.maxX - width)), y: max(frame.y, min(y, frame.maxY - height)),
            width: width, height: height)
    }
}

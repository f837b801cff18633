extension Canvas {
    /// Draws a line through points with an arrow's head at the last, whose tip is exactly there.
    ///
    /// The head is as wide as it is long, 4 points plus three times the line's width; the line ends within it.
    package func arrow(through points: [Point], _ stroke: Stroke) {
        guard points.count >= 2, let tip = points.last else { return }
        let before = points[points.count - 2]
        let (dx, dy) = (tip.x - before.x, tip.y - before.y)
        let length = (dx * dx + dy * dy).squareRoot()
        guard length > 0, length.isFinite else { return }
        let (ux, uy) = (dx / length, dy / length)
        let size = min(4 + 3 * stroke.width, length)
        let base = Point(x: tip.x - ux * size, y: tip.y - uy * size)
        // A hair further than the head's base, else a gap would shimmer through.
        let end = Point(x: base.x + ux * size * 0.2, y: base.y + uy * size * 0.2)
        polyline(points.dropLast() + [end], stroke)
        fill(
            polygon: [
                tip, Point(x: base.x - uy * size / 2, y: base.y + ux * size / 2),
                Point(x: base.x + uy * size / 2, y: base.y - ux * size / 2),
            ], stroke.color)
    }

    /// Draws a straight arrow whose tip is at `end`.
    package func arrow(from start: Point, to end: Point, _ stroke: Stroke) {
        arrow(through: [start, end], stroke)
    }
}

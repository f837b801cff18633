/// What an area is filled with.
package enum Paint: Sendable, Equatable {
    /// The same colour everywhere.
    case color(Color)
    /// Through colours at equal distances from the first at the start to the last at the end, and no further
    /// change beyond.
    case linearGradient(from: Point, to: Point, [Color])
    /// Through colours at equal distances from the first at the centre to the last at the radius, and no
    /// further change beyond.
    case radialGradient(center: Point, radius: Double, [Color])
}

extension Canvas {
    /// Fills a path. What an even number of its parts surround is outside: holes need no direction.
    package func fill(_ path: Path, _ paint: Paint) {
        if let shape = shape(path) { output.fill(shape, paint) }
    }

    /// Fills the whole canvas.
    package func fill(_ paint: Paint) { output.fillAll(paint) }

    /// Draws a line along a path.
    package func stroke(_ path: Path, _ stroke: Stroke) { draw(shape(path), stroke) }

    /// Draws what `body` draws only where something has been drawn, and only as far as that covers a pixel:
    /// the coverage stays the same. An SVG file has no way to say so: there the figure fails.
    package func withinDrawn(_ body: () -> Void) {
        attempt("figure") { try output.withinDrawn(body) }
    }

    /// Draws what `body` draws on a layer of its own, which is then laid over what is there. Only what is within
    /// the rectangle is drawn.
    package func layer(in rectangle: Rectangle, _ body: () -> Void) {
        clipped(to: rectangle) { output.layer(body) }
    }

    private func shape(_ path: Path) -> CanvasShape? {
        path.isDrawable && !path.elements.isEmpty ? .path(path) : nil
    }
}

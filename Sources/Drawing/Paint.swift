import CCairo

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
        guard trace(path) else { return }
        cairo_set_fill_rule(context, CAIRO_FILL_RULE_EVEN_ODD)
        withSource(paint) { cairo_fill(context) }
    }

    /// Fills the whole canvas.
    package func fill(_ paint: Paint) {
        withSource(paint) { cairo_paint(context) }
    }

    /// Draws a line along a path.
    package func stroke(_ path: Path, _ stroke: Stroke) {
        if trace(path) { strokePath(stroke) }
    }

    /// Draws what `body` draws only where something has been drawn, and only as far as that covers a pixel:
    /// the coverage stays the same.
    package func withinDrawn(_ body: () -> Void) {
        cairo_save(context)
        defer { cairo_restore(context) }
        cairo_set_operator(context, CAIRO_OPERATOR_ATOP)
        body()
    }

    /// Draws what `body` draws on a layer of its own, which is then laid over what is there. Only what is within
    /// the rectangle is drawn.
    package func layer(in rectangle: Rectangle, _ body: () -> Void) {
        clipped(to: rectangle) {
            cairo_push_group(context)
            body()
            cairo_pop_group_to_source(context)
            cairo_paint(context)
        }
    }

    /// Draws what `body` draws with its origin at a point.
    package func withOrigin(at point: Point, _ body: () -> Void) {
        guard point.x.isFinite, point.y.isFinite else { return }
        cairo_save(context)
        defer { cairo_restore(context) }
        cairo_translate(context, point.x, point.y)
        body()
    }

    private func trace(_ path: Path) -> Bool {
        guard path.isDrawable, !path.elements.isEmpty else { return false }
        cairo_new_path(context)
        for element in path.elements {
            switch element {
            case .move(let point): cairo_move_to(context, point.x, point.y)
            case .line(let point): cairo_line_to(context, point.x, point.y)
            case .curve(let control1, let control2, let end):
                cairo_curve_to(context, control1.x, control1.y, control2.x, control2.y, end.x, end.y)
            case .close: cairo_close_path(context)
            }
        }
        return true
    }

    private func withSource(_ paint: Paint, _ body: () -> Void) {
        let pattern: OpaquePointer?
        let colors: [Color]
        switch paint {
        case .color(let color):
            setSource(color)
            return body()
        case .linearGradient(let start, let end, let stops):
            pattern = cairo_pattern_create_linear(start.x, start.y, end.x, end.y)
            colors = stops
        case .radialGradient(let center, let radius, let stops):
            pattern = cairo_pattern_create_radial(center.x, center.y, 0, center.x, center.y, radius)
            colors = stops
        }
        defer { cairo_pattern_destroy(pattern) }
        for (index, color) in colors.enumerated() {
            let offset = Double(index) / Double(max(colors.count - 1, 1))
            cairo_pattern_add_color_stop_rgba(
                pattern, offset, color.red, color.green, color.blue, color.opacity)
        }
        cairo_set_source(context, pattern)
        body()
    }
}

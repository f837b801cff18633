import CCairo
import Formats
import Tensors

/// Draws through Cairo, on pixels or on the pages of a PDF file.
final class CairoOutput: CanvasOutput {
    private let context: OpaquePointer?
    private let surface: Surface
    /// The photographs drawn so far. Cairo writes a surface into a file once, and refers to it from then on.
    private var photographs: [(image: Image, surface: Surface)] = []

    init(_ surface: Surface, pixelsPerPoint: Double) {
        self.surface = surface
        context = cairo_create(surface.pointer)
        cairo_scale(context, pixelsPerPoint, pixelsPerPoint)
        context.configureText()
    }

    deinit { cairo_destroy(context) }

    /// Whether paths are written down rather than pixels filled.
    private var isVector: Bool { cairo_surface_get_type(surface.pointer) != CAIRO_SURFACE_TYPE_IMAGE }

    func fill(_ shape: CanvasShape, _ paint: Paint) {
        trace(shape)
        cairo_set_fill_rule(context, CAIRO_FILL_RULE_EVEN_ODD)
        withSource(paint) { cairo_fill(context) }
    }

    func fillAll(_ paint: Paint) { withSource(paint) { cairo_paint(context) } }

    func stroke(_ shape: CanvasShape, _ stroke: Stroke) {
        trace(shape)
        setSource(stroke.color)
        cairo_set_line_width(context, stroke.width)
        cairo_set_line_cap(context, stroke.isRound ? CAIRO_LINE_CAP_ROUND : CAIRO_LINE_CAP_BUTT)
        cairo_set_line_join(context, stroke.isRound ? CAIRO_LINE_JOIN_ROUND : CAIRO_LINE_JOIN_MITER)
        cairo_set_dash(context, stroke.dashes, Int32(stroke.dashes.count), 0)
        cairo_stroke(context)
    }

    func text(_ line: TextLine) {
        context.select(line.font, line.typeface)
        setSource(line.color)
        cairo_move_to(context, line.start.x, line.start.y)
        cairo_show_text(context, line.text)
        cairo_new_path(context)
    }

    func clipped(to shape: CanvasShape, _ body: () -> Void) {
        saved {
            trace(shape)
            cairo_clip(context)
            body()
        }
    }

    func transformed(_ transform: CanvasTransform, _ body: () -> Void) {
        saved {
            switch transform {
            case .placed(let point, let scaleX, let scaleY):
                cairo_translate(context, point.x, point.y)
                cairo_scale(context, scaleX, scaleY)
            case .turned(let degrees, let center):
                cairo_translate(context, center.x, center.y)
                cairo_rotate(context, degrees * .pi / 180)
                cairo_translate(context, -center.x, -center.y)
            }
            body()
        }
    }

    func layer(_ body: () -> Void) {
        cairo_push_group(context)
        body()
        cairo_pop_group_to_source(context)
        cairo_paint(context)
    }

    func withinDrawn(_ body: () -> Void) {
        saved {
            cairo_set_operator(context, CAIRO_OPERATOR_ATOP)
            body()
        }
    }

    func check() throws {
        let status = cairo_status(context)
        guard status == CAIRO_STATUS_SUCCESS else { throw FigureError(subject: surface.name, status: status) }
        try surface.check()
    }

    private func saved(_ body: () -> Void) {
        cairo_save(context)
        defer { cairo_restore(context) }
        body()
    }

    private func trace(_ shape: CanvasShape) {
        cairo_new_path(context)
        switch shape {
        case .rectangle(let rectangle, let radius) where radius > 0:
            let (left, top, right, bottom) = (rectangle.x, rectangle.y, rectangle.maxX, rectangle.maxY)
            let quarter = Double.pi / 2
            cairo_arc(context, right - radius, top + radius, radius, -quarter, 0)
            cairo_arc(context, right - radius, bottom - radius, radius, 0, quarter)
            cairo_arc(context, left + radius, bottom - radius, radius, quarter, 2 * quarter)
            cairo_arc(context, left + radius, top + radius, radius, 2 * quarter, 3 * quarter)
            cairo_close_path(context)
        case .rectangle(let rectangle, _):
            cairo_rectangle(context, rectangle.x, rectangle.y, rectangle.width, rectangle.height)
        case .circle(let center, let radius):
            cairo_arc(context, center.x, center.y, radius, 0, 2 * .pi)
        case .polyline(let points, let isClosed):
            cairo_move_to(context, points[0].x, points[0].y)
            for point in points.dropFirst() { cairo_line_to(context, point.x, point.y) }
            if isClosed { cairo_close_path(context) }
        case .path(let path):
            for element in path.elements {
                switch element {
                case .move(let point): cairo_move_to(context, point.x, point.y)
                case .line(let point): cairo_line_to(context, point.x, point.y)
                case .curve(let control1, let control2, let end):
                    cairo_curve_to(context, control1.x, control1.y, control2.x, control2.y, end.x, end.y)
                case .close: cairo_close_path(context)
                }
            }
        }
    }

    private func setSource(_ color: Color) {
        cairo_set_source_rgba(context, color.red, color.green, color.blue, color.opacity)
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

// Pictures.
extension CairoOutput {
    func draw(_ picture: CanvasPicture, in rectangle: Rectangle, filter: ImageFilter) throws {
        var source = try surface(of: picture, filter: filter)
        var (width, height) = (Double(picture.width), Double(picture.height))
        if filter == .nearest && isVector {
            // A PDF file cannot say that pixels are to stay sharp: they have to be made of many.
            let room = min((0x1p21 / (width * height)).squareRoot(), 0x1p14 / max(width, height))
            let factor = min(max(room.rounded(.down), 1), 8)
            source = try source.enlarged(by: factor)
            (width, height) = (width * factor, height * factor)
        }
        saved {
            cairo_translate(context, rectangle.x, rectangle.y)
            cairo_scale(context, rectangle.width / width, rectangle.height / height)
            cairo_set_source_surface(context, source.pointer, 0, 0)
            // Cairo's "good" is bilinear, but weighs in all pixels where there are several to one.
            cairo_pattern_set_filter(
                cairo_get_source(context), filter == .nearest ? CAIRO_FILTER_NEAREST : CAIRO_FILTER_GOOD)
            if isVector {
                cairo_paint(context)
            } else {
                // Beyond the edge the outermost pixels go on, else the edge would fade.
                cairo_pattern_set_extend(cairo_get_source(context), CAIRO_EXTEND_PAD)
                cairo_rectangle(context, 0, 0, width, height)
                cairo_fill(context)
            }
        }
    }

    private func surface(of picture: CanvasPicture, filter: ImageFilter) throws -> Surface {
        switch picture {
        case .translucent(let image): return try Surface(copying: image, name: "image")
        case .opaque(let image):
            guard isVector, filter == .bilinear else { return try Surface(copying: image, name: "image") }
            if let drawn = photographs.first(where: { $0.image == image }) { return drawn.surface }
            let surface = try Surface(copying: image, name: "image")
            if case .jpeg(let bytes) = try EmbeddedPicture(photograph: image) { surface.attach(jpeg: bytes) }
            photographs.append((image, surface))
            return surface
        }
    }
}

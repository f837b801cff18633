import CCairo
import Tensors

/// What a figure is drawn on. Lengths are in points, x grows to the right and y downwards from the top left
/// corner; each call says its colour, nothing is remembered between calls.
///
/// Numbers may come from anywhere: a shape with a coordinate that is not finite is left out, and coordinates
/// further than a million points away are drawn there. Cairo's failures are kept until the figure is finished,
/// which then throws.
public final class Canvas {
    /// The width in points.
    package let width: Double
    /// The height in points.
    package let height: Double
    let context: OpaquePointer?
    private let surface: Surface
    private var failure: FigureError?
    /// The photographs drawn so far. Cairo writes a surface into a file once, and refers to it from then on.
    var photographs: [(image: Image, surface: Surface)] = []

    /// The whole canvas.
    package var bounds: Rectangle { Rectangle(x: 0, y: 0, width: width, height: height) }

    init(surface: Surface, width: Double, height: Double, pixelsPerPoint: Double) {
        self.surface = surface
        self.width = width
        self.height = height
        context = cairo_create(surface.pointer)
        cairo_scale(context, pixelsPerPoint, pixelsPerPoint)
        configureText()
    }

    deinit { cairo_destroy(context) }

    /// Whether paths are written down rather than pixels filled.
    var isVector: Bool { cairo_surface_get_type(surface.pointer) != CAIRO_SURFACE_TYPE_IMAGE }

    /// Keeps the first of the errors that drawing calls run into.
    func fail(_ error: FigureError) { failure = failure ?? error }

    func finish() throws {
        if let failure { throw failure }
        let status = cairo_status(context)
        guard status == CAIRO_STATUS_SUCCESS else { throw FigureError(subject: surface.name, status: status) }
        try surface.check()
    }
}

/// How a line is drawn.
package struct Stroke: Sendable, Equatable {
    /// The line's colour.
    package var color: Color
    /// The line's width in points.
    package var width: Double
    /// Lengths of dashes and gaps, in points; empty for a solid line.
    package var dashes: [Double]
    /// Whether ends and corners are round, rather than cut straight and pointed.
    package var isRound: Bool

    /// A line of the given colour and width.
    package init(_ color: Color, width: Double = 1, dashes: [Double] = [], isRound: Bool = false) {
        self.color = color
        self.width = width
        self.dashes = dashes
        self.isRound = isRound
    }
}

extension Canvas {
    /// Fills the whole canvas.
    package func fill(_ color: Color) { fill(bounds, color) }

    /// Fills a rectangle, with corners of the given radius.
    package func fill(_ rectangle: Rectangle, _ color: Color, cornerRadius: Double = 0) {
        if path(rectangle, cornerRadius) { fillPath(color) }
    }

    /// Draws a rectangle's edges; the line's middle runs along them.
    package func stroke(_ rectangle: Rectangle, _ stroke: Stroke, cornerRadius: Double = 0) {
        if path(rectangle, cornerRadius) { strokePath(stroke) }
    }

    /// Draws a straight line.
    package func line(from start: Point, to end: Point, _ stroke: Stroke) { polyline([start, end], stroke) }

    /// Draws straight lines from point to point, and back to the first if `isClosed`.
    package func polyline(_ points: [Point], isClosed: Bool = false, _ stroke: Stroke) {
        if path(points, isClosed: isClosed) { strokePath(stroke) }
    }

    /// Fills the area within a closed polygon.
    package func fill(polygon points: [Point], _ color: Color) {
        if path(points, isClosed: true) { fillPath(color) }
    }

    /// Fills a disc.
    package func fill(circleAt center: Point, radius: Double, _ color: Color) {
        if path(circleAt: center, radius: radius) { fillPath(color) }
    }

    /// Draws a circle.
    package func stroke(circleAt center: Point, radius: Double, _ stroke: Stroke) {
        if path(circleAt: center, radius: radius) { strokePath(stroke) }
    }

    /// Draws what `body` draws within the rectangle only.
    package func clipped(to rectangle: Rectangle, _ body: () -> Void) {
        cairo_save(context)
        defer { cairo_restore(context) }
        if path(rectangle, 0) {
            cairo_clip(context)
            body()
        }
    }

    /// Draws what `body` draws turned clockwise by an angle in degrees about a point.
    package func rotated(by angle: Double, about center: Point, _ body: () -> Void) {
        guard angle.isFinite, let (x, y) = drawable(center) else { return }
        cairo_save(context)
        defer { cairo_restore(context) }
        cairo_translate(context, x, y)
        cairo_rotate(context, angle * .pi / 180)
        cairo_translate(context, -x, -y)
        body()
    }
}

// Paths: each function starts a new one, and answers whether there is one to draw.
extension Canvas {
    private func path(_ points: [Point], isClosed: Bool) -> Bool {
        let places = points.compactMap(drawable)
        guard places.count == points.count, let first = places.first else { return false }
        cairo_new_path(context)
        cairo_move_to(context, first.x, first.y)
        for place in places.dropFirst() { cairo_line_to(context, place.x, place.y) }
        if isClosed { cairo_close_path(context) }
        return true
    }

    private func path(circleAt center: Point, radius: Double) -> Bool {
        guard radius > 0, let (x, y) = drawable(center) else { return false }
        cairo_new_path(context)
        cairo_arc(context, x, y, min(radius, 1e6), 0, 2 * .pi)
        return true
    }

    private func path(_ rectangle: Rectangle, _ cornerRadius: Double) -> Bool {
        guard let (left, top) = drawable(Point(x: rectangle.x, y: rectangle.y)),
            let (right, bottom) = drawable(Point(x: rectangle.maxX, y: rectangle.maxY))
        else { return false }
        cairo_new_path(context)
        let radius = min(cornerRadius, abs(right - left) / 2, abs(bottom - top) / 2)
        if radius > 0 {
            let quarter = Double.pi / 2
            cairo_arc(context, right - radius, top + radius, radius, -quarter, 0)
            cairo_arc(context, right - radius, bottom - radius, radius, 0, quarter)
            cairo_arc(context, left + radius, bottom - radius, radius, quarter, 2 * quarter)
            cairo_arc(context, left + radius, top + radius, radius, 2 * quarter, 3 * quarter)
            cairo_close_path(context)
        } else {
            cairo_rectangle(context, left, top, right - left, bottom - top)
        }
        return true
    }

    private func drawable(_ point: Point) -> (x: Double, y: Double)? {
        guard point.x.isFinite, point.y.isFinite else { return nil }
        return (min(max(point.x, -1e6), 1e6), min(max(point.y, -1e6), 1e6))
    }

    private func fillPath(_ color: Color) {
        setSource(color)
        cairo_fill(context)
    }

    func strokePath(_ stroke: Stroke) {
        guard stroke.width > 0, stroke.width.isFinite else { return cairo_new_path(context) }
        setSource(stroke.color)
        cairo_set_line_width(context, stroke.width)
        cairo_set_line_cap(context, stroke.isRound ? CAIRO_LINE_CAP_ROUND : CAIRO_LINE_CAP_BUTT)
        cairo_set_line_join(context, stroke.isRound ? CAIRO_LINE_JOIN_ROUND : CAIRO_LINE_JOIN_MITER)
        cairo_set_dash(context, stroke.dashes, Int32(stroke.dashes.count), 0)
        cairo_stroke(context)
    }

    func setSource(_ color: Color) {
        cairo_set_source_rgba(context, color.red, color.green, color.blue, color.opacity)
    }
}

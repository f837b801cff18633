import Tensors

/// What a figure is drawn on. Lengths are in points, x grows to the right and y downwards from the top left
/// corner; each call says its colour, nothing is remembered between calls.
///
/// What becomes of the calls is up to the ``CanvasOutput`` behind: pixels and PDF pages by Cairo, or the elements of an
/// SVG file. Numbers may come from anywhere: a shape with a coordinate that is not finite is left out, and coordinates
/// further than a million points away are drawn there. Failures are kept until the figure is finished, which then
/// throws.
public final class Canvas {
    /// The width in points.
    package let width: Double
    /// The height in points.
    package let height: Double
    let output: any CanvasOutput
    let ruler: TextRuler
    private var failure: FigureError?

    /// The whole canvas.
    package var bounds: Rectangle { Rectangle(x: 0, y: 0, width: width, height: height) }

    init(output: any CanvasOutput, width: Double, height: Double, typeface: Typeface) {
        self.output = output
        self.width = width
        self.height = height
        ruler = TextRuler(typeface)
    }

    /// Keeps the first of the errors that drawing calls run into.
    func fail(_ error: FigureError) { failure = failure ?? error }

    /// Keeps what `body` throws.
    func attempt(_ subject: String, _ body: () throws -> Void) {
        do { try body() } catch let error as FigureError {
            fail(error)
        } catch {
            fail(FigureError(subject: subject, fault: "\(error)"))
        }
    }

    func finish() throws {
        if let failure { throw failure }
        try output.check()
    }
}

/// What a canvas turns drawing calls into. Coordinates are finite and within a million points, shapes have something
/// to draw.
protocol CanvasOutput: AnyObject {
    /// Fills a shape; what an even number of a path's parts surround is outside.
    func fill(_ shape: CanvasShape, _ paint: Paint)
    /// Fills everything.
    func fillAll(_ paint: Paint)
    /// Draws the line of a shape, of a width above 0.
    func stroke(_ shape: CanvasShape, _ stroke: Stroke)
    /// Draws one line of text that starts on its base line at a point.
    func text(_ line: TextLine)
    /// Draws a picture so that it fills a rectangle with an area.
    func draw(_ picture: CanvasPicture, in rectangle: Rectangle, filter: ImageFilter) throws
    /// Draws what `body` draws within a shape only.
    func clipped(to shape: CanvasShape, _ body: () -> Void)
    /// Draws what `body` draws moved, scaled or turned.
    func transformed(_ transform: CanvasTransform, _ body: () -> Void)
    /// Draws what `body` draws on a layer of its own, which is then laid over what is there.
    func layer(_ body: () -> Void)
    /// Draws what `body` draws only where something has been drawn.
    func withinDrawn(_ body: () -> Void) throws
    /// - Throws: ``FigureError`` when something could not be drawn.
    func check() throws
}

/// What is filled, stroked or clipped to.
enum CanvasShape {
    case rectangle(Rectangle, cornerRadius: Double)
    case circle(center: Point, radius: Double)
    case polyline([Point], isClosed: Bool)
    case path(Path)
}

/// How what is drawn next is moved.
enum CanvasTransform {
    /// By a distance, after both axes were stretched.
    case placed(at: Point, scaleX: Double, scaleY: Double)
    /// Clockwise by an angle in degrees about a point.
    case turned(degrees: Double, about: Point)
}

/// A picture to be drawn.
enum CanvasPicture {
    case opaque(Image)
    case translucent(TranslucentImage)

    var width: Int {
        switch self {
        case .opaque(let image): image.width
        case .translucent(let image): image.width
        }
    }

    var height: Int {
        switch self {
        case .opaque(let image): image.height
        case .translucent(let image): image.height
        }
    }
}

/// A line of text to be drawn.
struct TextLine {
    var text: String
    /// Where its base line starts.
    var start: Point
    var font: Font
    var typeface: Typeface
    var color: Color
    /// From its start to where further text would go on.
    var width: Double
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
        if let shape = shape(rectangle, cornerRadius) { output.fill(shape, .color(color)) }
    }

    /// Draws a rectangle's edges; the line's middle runs along them.
    package func stroke(_ rectangle: Rectangle, _ stroke: Stroke, cornerRadius: Double = 0) {
        draw(shape(rectangle, cornerRadius), stroke)
    }

    /// Draws a straight line.
    package func line(from start: Point, to end: Point, _ stroke: Stroke) { polyline([start, end], stroke) }

    /// Draws straight lines from point to point, and back to the first if `isClosed`.
    package func polyline(_ points: [Point], isClosed: Bool = false, _ stroke: Stroke) {
        draw(shape(points, isClosed: isClosed), stroke)
    }

    /// Fills the area within a closed polygon.
    package func fill(polygon points: [Point], _ color: Color) {
        if let shape = shape(points, isClosed: true) { output.fill(shape, .color(color)) }
    }

    /// Fills a disc.
    package func fill(circleAt center: Point, radius: Double, _ color: Color) {
        if let shape = shape(circleAt: center, radius: radius) { output.fill(shape, .color(color)) }
    }

    /// Draws a circle.
    package func stroke(circleAt center: Point, radius: Double, _ stroke: Stroke) {
        draw(shape(circleAt: center, radius: radius), stroke)
    }

    /// Draws what `body` draws within the rectangle only.
    package func clipped(to rectangle: Rectangle, _ body: () -> Void) {
        if let shape = shape(rectangle, 0) { output.clipped(to: shape, body) }
    }

    /// Draws what `body` draws turned clockwise by an angle in degrees about a point.
    package func rotated(by angle: Double, about center: Point, _ body: () -> Void) {
        guard angle.isFinite, let center = drawable(center) else { return }
        output.transformed(.turned(degrees: angle, about: center), body)
    }

    /// Draws what `body` draws with its origin at a point.
    package func withOrigin(at point: Point, _ body: () -> Void) {
        guard point.x.isFinite, point.y.isFinite else { return }
        output.transformed(.placed(at: point, scaleX: 1, scaleY: 1), body)
    }

    func draw(_ shape: CanvasShape?, _ stroke: Stroke) {
        guard let shape, stroke.width > 0, stroke.width.isFinite else { return }
        output.stroke(shape, stroke)
    }
}

// Shapes, if there is one to draw.
extension Canvas {
    private func shape(_ points: [Point], isClosed: Bool) -> CanvasShape? {
        let places = points.compactMap(drawable)
        guard places.count == points.count, !places.isEmpty else { return nil }
        return .polyline(places, isClosed: isClosed)
    }

    private func shape(circleAt center: Point, radius: Double) -> CanvasShape? {
        guard radius > 0, let center = drawable(center) else { return nil }
        return .circle(center: center, radius: min(radius, 1e6))
    }

    private func shape(_ rectangle: Rectangle, _ cornerRadius: Double) -> CanvasShape? {
        guard let start = drawable(Point(x: rectangle.x, y: rectangle.y)),
            let end = drawable(Point(x: rectangle.maxX, y: rectangle.maxY))
        else { return nil }
        let (width, height) = (end.x - start.x, end.y - start.y)
        return .rectangle(
            Rectangle(x: start.x, y: start.y, width: width, height: height),
            cornerRadius: max(min(cornerRadius, abs(width) / 2, abs(height) / 2), 0))
    }

    private func drawable(_ point: Point) -> Point? {
        guard point.x.isFinite, point.y.isFinite else { return nil }
        return Point(x: min(max(point.x, -1e6), 1e6), y: min(max(point.y, -1e6), 1e6))
    }
}

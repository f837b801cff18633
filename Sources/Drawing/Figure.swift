import CCairo
import Tensors

/// A drawing that does not know yet what it will be drawn on: pixels, or the elements of an SVG or PDF file.
public struct Figure {
    /// The width in points.
    public let width: Double
    /// The height in points.
    public let height: Double
    /// What it is, in a few words, for files that say so.
    public var title = ""
    /// What there is to see, in sentences, for files that say so.
    public var summary = ""
    /// Its letters.
    let typeface: Typeface
    private let draw: (Canvas) -> Void

    /// A figure of the given size in points, drawn by `draw`, which is called once for each output.
    public init(
        width: Double, height: Double, typeface: Typeface = .standard, draw: @escaping (Canvas) -> Void
    ) {
        self.width = width
        self.height = height
        self.typeface = typeface
        self.draw = draw
    }

    /// Draws the figure on a canvas, into a rectangle and nowhere else: bent if that has another shape. Letters are the
    /// canvas's.
    package func draw(on canvas: Canvas, in room: Rectangle) {
        guard width > 0, height > 0, room.width.isFinite, room.height.isFinite else { return }
        let place = CanvasTransform.placed(
            at: Point(x: room.x, y: room.y), scaleX: room.width / width, scaleY: room.height / height)
        // To the figure, what it is drawn on is as large as it asked for.
        let own = Canvas(
            output: canvas.output, width: width, height: height, typeface: canvas.ruler.typeface)
        canvas.output.transformed(place) { own.clipped(to: own.bounds) { draw(own) } }
        canvas.attempt("figure", own.finish)
    }

    /// The figure as pixels, drawn on black; the size is rounded up to whole ones, to whose ends the canvas reaches.
    /// - Throws: ``FigureError`` when it has no pixels or too many, or when Cairo could not draw it.
    public func image(pixelsPerPoint: Double = 1) throws -> Image {
        let surface = try raster(format: CAIRO_FORMAT_RGB24, pixelsPerPoint: pixelsPerPoint)
        // Else the last row and column would be black in part.
        try render(
            on: surface, pixelsPerPoint: pixelsPerPoint,
            width: Double(cairo_image_surface_get_width(surface.pointer)) / pixelsPerPoint,
            height: Double(cairo_image_surface_get_height(surface.pointer)) / pixelsPerPoint)
        return try surface.image()
    }

    /// The figure as pixels, drawn on nothing: where it does not cover a pixel fully, that is translucent. The
    /// size is rounded up to whole pixels.
    /// - Throws: ``FigureError`` when it has no pixels or too many, or when Cairo could not draw it.
    public func translucentImage(pixelsPerPoint: Double = 1) throws -> TranslucentImage {
        let surface = try raster(format: CAIRO_FORMAT_ARGB32, pixelsPerPoint: pixelsPerPoint)
        try render(on: surface, pixelsPerPoint: pixelsPerPoint)
        return try surface.translucentImage()
    }

    /// A surface without anything on it yet.

    private func raster(format: cairo_format_t, pixelsPerPoint: Double) throws -> Surface {
        // A millionth of a pixel is an error of rounding.
        let columns = (width * pixelsPerPoint - 1e-6).rounded(.up)
        let rows = (height * pixelsPerPoint - 1e-6).rounded(.up)
        // Cairo's own limit for a side, and one gigabyte.
        guard columns >= 1, rows >= 1, columns <= 32_767, rows <= 32_767, columns * rows <= 0x1p28 else {
            throw FigureError(subject: "figure", fault: "cannot draw \(columns) × \(rows) pixels")
        }
        return Surface(cairo_image_surface_create(format, Int32(columns), Int32(rows)), name: "figure")
    }

    /// The bytes of an SVG file, one point to a CSS pixel. Text stays text, in the figure's typeface or what is like
    /// it; title and summary are its `title` and `desc`.
    /// - Throws: ``FigureError`` when the figure has no area or too much, or what it draws cannot be said in SVG.
    public func svg() throws -> [UInt8] {
        try svg(size: ("\(SVGOutput.number(width, digits: 3))px", "\(SVGOutput.number(height, digits: 3))px"))
    }

    /// The same in a size of its own: `width` and `height` with their unit.
    package func svg(size: (width: String, height: String)) throws -> [UInt8] {
        try checkPoints()
        let output = SVGOutput(width: width, height: height)
        try render(on: output)
        return try output.file(size: size, title: title, description: summary, typeface: typeface)
    }

    /// The bytes of a PDF file of one page, without a date: the same figure gives the same bytes.
    /// - Throws: ``FigureError`` when the figure has no area or too much, or when Cairo could not draw it.
    public func pdf() throws -> [UInt8] { try pdf(scale: 1) }

    /// The same, so many times as large.
    package func pdf(scale: Double) throws -> [UInt8] {
        try checkPoints()
        guard scale > 0, max(width, height) * scale <= 0x1p17 else {
            throw FigureError(
                subject: "figure", fault: "cannot draw \(width * scale) × \(height * scale) points")
        }
        return try vector(scale: scale) { closure in
            let pointer = cairo_pdf_surface_create_for_stream(
                ByteSink.write, closure, width * scale, height * scale)
            cairo_pdf_surface_set_metadata(pointer, CAIRO_PDF_METADATA_CREATE_DATE, "")
            if !title.isEmpty { cairo_pdf_surface_set_metadata(pointer, CAIRO_PDF_METADATA_TITLE, title) }
            if !summary.isEmpty {
                cairo_pdf_surface_set_metadata(pointer, CAIRO_PDF_METADATA_SUBJECT, summary)
            }
            return pointer
        }
    }

    private func checkPoints() throws {
        guard width > 0, height > 0, width <= 0x1p17, height <= 0x1p17 else {
            throw FigureError(subject: "figure", fault: "cannot draw \(width) × \(height) points")
        }
    }

    /// `create` makes a surface that hands its bytes to a ``ByteSink``.
    private func vector(scale: Double, create: (_ closure: UnsafeMutableRawPointer) -> OpaquePointer?)
        throws -> [UInt8]
    {
        let sink = ByteSink()
        return try withExtendedLifetime(sink) {
            let surface = Surface(create(sink.closure), name: "figure")
            // However this ends, a finished surface never writes to the sink again, even if it outlives it.
            defer { cairo_surface_finish(surface.pointer) }
            try render(on: surface, pixelsPerPoint: scale)
            cairo_surface_finish(surface.pointer)
            try surface.check()
            return sink.bytes
        }
    }

    private func render(
        on surface: Surface, pixelsPerPoint: Double, width: Double? = nil, height: Double? = nil
    ) throws {
        try surface.check()
        try render(
            on: CairoOutput(surface, pixelsPerPoint: pixelsPerPoint), width: width, height: height)
    }

    /// - Parameters:
    ///   - width: of the canvas, where that is not the figure's.
    ///   - height: of the canvas, where that is not the figure's.
    private func render(on output: any CanvasOutput, width: Double? = nil, height: Double? = nil) throws {
        let canvas = Canvas(
            output: output, width: width ?? self.width, height: height ?? self.height, typeface: typeface)
        draw(canvas)
        try canvas.finish()
    }
}

/// Collects the bytes that Cairo makes of a drawing.
private final class ByteSink {
    private(set) var bytes: [UInt8] = []

    /// What to pass to Cairo along with ``write``; valid while the sink is alive.
    var closure: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

    /// Cairo's callback.
    static let write: cairo_write_func_t = { closure, bytes, count in
        guard let closure else { return CAIRO_STATUS_WRITE_ERROR }
        let sink = Unmanaged<ByteSink>.fromOpaque(closure).takeUnretainedValue()
        sink.bytes += UnsafeBufferPointer(start: bytes, count: Int(count))
        return CAIRO_STATUS_SUCCESS
    }
}

/// What went wrong with a figure.
public struct FigureError: Error, CustomStringConvertible, Equatable {
    /// The argument, or the part of the figure, that is at fault.
    public let subject: String
    /// What is wrong with it, in a few words.
    public let fault: String

    /// A fault in `subject`.
    public init(subject: String, fault: String) {
        self.subject = subject
        self.fault = fault
    }

    /// One line: the subject and the fault.
    public var description: String { "\(subject): \(fault)" }
}

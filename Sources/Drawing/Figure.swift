import CCairo
import Tensors

/// A drawing that does not know yet what it will be drawn on: pixels, or the paths of an SVG or PDF file.
public struct Figure {
    /// The width in points.
    public let width: Double
    /// The height in points.
    public let height: Double
    private let draw: (Canvas) -> Void

    /// A figure of the given size in points, drawn by `draw`, which is called once for each output.
    public init(width: Double, height: Double, draw: @escaping (Canvas) -> Void) {
        self.width = width
        self.height = height
        self.draw = draw
    }

    /// Draws the figure on a canvas, into a rectangle: bent if that has another shape.
    package func draw(on canvas: Canvas, in room: Rectangle) {
        guard width > 0, height > 0 else { return }
        cairo_save(canvas.context)
        defer { cairo_restore(canvas.context) }
        cairo_translate(canvas.context, room.x, room.y)
        cairo_scale(canvas.context, room.width / width, room.height / height)
        draw(canvas)
    }

    /// The figure as pixels, drawn on black; the size is rounded up to whole ones.
    /// - Throws: ``FigureError`` when it has no pixels or too many, or when Cairo could not draw it.
    public func image(pixelsPerPoint: Double = 1) throws -> Image {
        try raster(format: CAIRO_FORMAT_RGB24, pixelsPerPoint: pixelsPerPoint).image()
    }

    /// The figure as pixels, drawn on nothing: where it does not cover a pixel fully, that is translucent. The
    /// size is rounded up to whole pixels.
    /// - Throws: ``FigureError`` when it has no pixels or too many, or when Cairo could not draw it.
    public func translucentImage(pixelsPerPoint: Double = 1) throws -> TranslucentImage {
        try raster(format: CAIRO_FORMAT_ARGB32, pixelsPerPoint: pixelsPerPoint).translucentImage()
    }

    private func raster(format: cairo_format_t, pixelsPerPoint: Double) throws -> Surface {
        let columns = (width * pixelsPerPoint).rounded(.up)
        let rows = (height * pixelsPerPoint).rounded(.up)
        // Cairo's own limit for a side, and one gigabyte.
        guard columns >= 1, rows >= 1, columns <= 32_767, rows <= 32_767, columns * rows <= 0x1p28 else {
            throw FigureError(subject: "figure", fault: "cannot draw \(columns) × \(rows) pixels")
        }
        let surface = Surface(
            cairo_image_surface_create(format, Int32(columns), Int32(rows)), name: "figure")
        try render(on: surface, pixelsPerPoint: pixelsPerPoint)
        return surface
    }

    /// The bytes of an SVG file, one point to a CSS pixel. Text becomes outlines: it looks the same everywhere.
    /// - Throws: ``FigureError`` when the figure has no area or too much, or when Cairo could not draw it.
    public func svg() throws -> [UInt8] {
        try vector { closure in
            let pointer = cairo_svg_surface_create_for_stream(ByteSink.write, closure, width, height)
            cairo_svg_surface_set_document_unit(pointer, CAIRO_SVG_UNIT_PX)
            return pointer
        }
    }

    /// The bytes of a PDF file of one page, without a date: the same figure gives the same bytes.
    /// - Throws: ``FigureError`` when the figure has no area or too much, or when Cairo could not draw it.
    public func pdf() throws -> [UInt8] {
        try vector { closure in
            let pointer = cairo_pdf_surface_create_for_stream(ByteSink.write, closure, width, height)
            cairo_pdf_surface_set_metadata(pointer, CAIRO_PDF_METADATA_CREATE_DATE, "")
            return pointer
        }
    }

    /// `create` makes a surface that hands its bytes to a ``ByteSink``.
    private func vector(create: (_ closure: UnsafeMutableRawPointer) -> OpaquePointer?) throws -> [UInt8] {
        guard width > 0, height > 0, width <= 0x1p17, height <= 0x1p17 else {
            throw FigureError(subject: "figure", fault: "cannot draw \(width) × \(height) points")
        }
        let sink = ByteSink()
        return try withExtendedLifetime(sink) {
            let surface = Surface(create(sink.closure), name: "figure")
            // However this ends, a finished surface never writes to the sink again, even if it outlives it.
            defer { cairo_surface_finish(surface.pointer) }
            try render(on: surface, pixelsPerPoint: 1)
            cairo_surface_finish(surface.pointer)
            try surface.check()
            return sink.bytes
        }
    }

    private func render(on surface: Surface, pixelsPerPoint: Double) throws {
        try surface.check()
        let canvas = Canvas(surface: surface, width: width, height: height, pixelsPerPoint: pixelsPerPoint)
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

import CCairo
import Tensors

/// A drawing that does not know yet what it will be drawn on: pixels, or the paths of an SVG or PDF file.
///
/// Output files appear whole, by rename, or not at all.
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

    /// The figure as pixels, drawn on black; the size is rounded up to whole ones.
    /// - Throws: ``FigureError`` when it has no pixels or too many, or when Cairo could not draw it.
    public func image(pixelsPerPoint: Double = 1) throws -> Image {
        let columns = (width * pixelsPerPoint).rounded(.up)
        let rows = (height * pixelsPerPoint).rounded(.up)
        // Cairo's own limit for a side, and one gigabyte.
        guard columns >= 1, rows >= 1, columns <= 32_767, rows <= 32_767, columns * rows <= 0x1p28 else {
            throw FigureError(subject: "figure", fault: "cannot draw \(columns) × \(rows) pixels")
        }
        let surface = Surface(
            cairo_image_surface_create(CAIRO_FORMAT_RGB24, Int32(columns), Int32(rows)), name: "figure")
        try render(on: surface, pixelsPerPoint: pixelsPerPoint)
        return try surface.image()
    }

    /// Writes the figure as a PNG file.
    /// - Throws: ``FigureError``
    public func writePNG(to path: String, pixelsPerPoint: Double = 1) throws {
        let drawn = try image(pixelsPerPoint: pixelsPerPoint)
        let surface = try Surface(copying: drawn, name: path)
        try writeFile(path) { sink in
            let status = cairo_surface_write_to_png_stream(surface.pointer, FileSink.write, sink.closure)
            try sink.check(status)
        }
    }

    /// Writes the figure as an SVG file, one point to a CSS pixel. Text becomes outlines: it looks the same
    /// everywhere.
    /// - Throws: ``FigureError``
    public func writeSVG(to path: String) throws {
        try writeVector(to: path) { sink in
            let pointer = cairo_svg_surface_create_for_stream(FileSink.write, sink.closure, width, height)
            cairo_svg_surface_set_document_unit(pointer, CAIRO_SVG_UNIT_PX)
            return pointer
        }
    }

    /// Writes the figure as a PDF file of one page, without a date: the same figure gives the same file.
    /// - Throws: ``FigureError``
    public func writePDF(to path: String) throws {
        try writeVector(to: path) { sink in
            let pointer = cairo_pdf_surface_create_for_stream(FileSink.write, sink.closure, width, height)
            cairo_pdf_surface_set_metadata(pointer, CAIRO_PDF_METADATA_CREATE_DATE, "")
            return pointer
        }
    }

    private func writeVector(to path: String, create: (FileSink) -> OpaquePointer?) throws {
        guard width > 0, height > 0, width <= 0x1p17, height <= 0x1p17 else {
            throw FigureError(subject: path, fault: "cannot draw \(width) × \(height) points")
        }
        try writeFile(path) { sink in
            // The surface writes while it is drawn on, and last when it is finished.
            let surface = Surface(create(sink), name: path)
            try render(on: surface, pixelsPerPoint: 1)
            cairo_surface_finish(surface.pointer)
            try sink.check(cairo_surface_status(surface.pointer))
        }
    }

    private func render(on surface: Surface, pixelsPerPoint: Double) throws {
        try surface.check()
        let canvas = Canvas(surface: surface, width: width, height: height, pixelsPerPoint: pixelsPerPoint)
        draw(canvas)
        try canvas.finish()
    }
}

/// What went wrong with a figure.
public struct FigureError: Error, CustomStringConvertible, Equatable {
    /// The file that was to be written, or the argument or figure that is at fault.
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

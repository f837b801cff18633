import Drawing
import Formats
import Tensors

/// The kinds of files that figures are written as.
public enum FigureFormat: String, CaseIterable, Sendable {
    /// Pixels, two for each point: sharp where two pixels of a screen make one.
    case png
    /// Shapes and text, for the web.
    case svg
    /// Shapes and text, for print.
    case pdf

    /// Of a PNG file whose width is left open, and of an inch on its paper.
    private static let (pixelsPerPoint, dotsPerInch) = (2.0, 144.0)
    /// The widest file that is written.
    private static let widthLimit = 16_384

    /// The format that a file's name asks for; nil if it ends in none of them.
    public init?(path: String) {
        guard let dot = path.lastIndex(of: ".") else { return nil }
        self.init(rawValue: path[path.index(after: dot)...].lowercased())
    }

    /// Writes a figure, as wide as the style says.
    /// - Throws: `FileError` when the file cannot be written; `FigureError`.
    public func write(_ figure: Figure, to path: String, style: FigureStyle = FigureStyle()) throws {
        if let width = style.width, !(1...Self.widthLimit).contains(width) {
            throw FigureError(subject: "width", fault: "\(width) is not from 1 to \(Self.widthLimit) pixels")
        }
        if let dots = style.dotsPerInch, !(1...10_000).contains(dots) {
            throw FigureError(subject: "dpi", fault: "\(dots) is not from 1 to 10000")
        }
        let pixelsPerPoint = style.width.map { Double($0) / figure.width }
        switch self {
        case .png:
            try figure.image(pixelsPerPoint: pixelsPerPoint ?? Self.pixelsPerPoint)
                .writeReducedPNG(to: path, dotsPerInch: style.dotsPerInch ?? Self.dotsPerInch)
        case .svg:
            let scale = (pixelsPerPoint ?? 1) / (style.dotsPerInch ?? 1)
            let unit = style.dotsPerInch == nil ? "px" : "in"
            func length(_ points: Double) -> String {
                let thousandths = (points * scale * 1000).rounded() / 1000
                return
                    "\(thousandths == thousandths.rounded() ? "\(Int(thousandths))" : "\(thousandths)")\(unit)"
            }
            try OutputFile.write(
                try figure.svg(size: (length(figure.width), length(figure.height))), to: path)
        case .pdf:
            let pixels = pixelsPerPoint ?? Self.pixelsPerPoint
            // A point of a PDF file is a 72nd of an inch.
            let scale = pixels / (style.dotsPerInch ?? Self.dotsPerInch) * 72
            try OutputFile.write(try figure.pdf(scale: scale), to: path)
        }
    }
}

extension Figure {
    /// Writes the figure in the format that the file's name ends in: `.png`, `.svg` or `.pdf`.
    /// - Throws: `FileError` when the name ends in none of these or the file cannot be written; `FigureError`.
    public func write(to path: String) throws {
        guard let format = FigureFormat(path: path) else {
            throw FileError(path: path, fault: "must end in .png, .svg or .pdf")
        }
        try format.write(self, to: path)
    }
}

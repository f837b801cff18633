import Drawing
import Formats
import Tensors

/// The kinds of files that figures are written as.
public enum FigureFormat: String, CaseIterable, Sendable {
    /// Pixels, two for each point: sharp where two pixels of a screen make one.
    case png
    /// Outlines, for the web.
    case svg
    /// Outlines, for print.
    case pdf

    private static let pixelsPerPoint = 2.0

    /// The format that a file's name asks for; nil if it ends in none of them.
    public init?(path: String) {
        guard let dot = path.lastIndex(of: ".") else { return nil }
        self.init(rawValue: path[path.index(after: dot)...].lowercased())
    }

    /// Writes a figure.
    /// - Throws: `FileError` when the file cannot be written; `FigureError`.
    public func write(_ figure: Figure, to path: String) throws {
        switch self {
        case .png: try figure.image(pixelsPerPoint: Self.pixelsPerPoint).writeReducedPNG(to: path)
        case .svg: try OutputFile.write(try figure.svg(), to: path)
        case .pdf: try OutputFile.write(try figure.pdf(), to: path)
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

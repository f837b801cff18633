import COCO
import Formats
import Foundation
import Geometry
import Tensors

/// The folder that holds the pictures of a dataset.
public struct PictureFolder: Sendable {
    /// The folder.
    public let path: String

    /// The folder at `path`.
    public init(path: String) { self.path = path }

    /// Where the file of a picture is. Tools on Windows write backslashes between folders; where there is no file of
    /// that very name, they are taken for slashes.
    /// - Throws: `FileError` when the picture has no file name.
    public func path(of picture: Picture) throws -> String {
        guard let name = picture.fileName else {
            throw FileError(
                path: path, fault: "image \(picture.textID ?? String(picture.id)) has no file_name")
        }
        let written = (path as NSString).appendingPathComponent(name)
        guard name.contains("\\"), !FileManager.default.fileExists(atPath: written) else { return written }
        return (path as NSString).appendingPathComponent(name.replacingOccurrences(of: "\\", with: "/"))
    }

    /// Reads a picture.
    /// - Parameter annotations: the annotation file, for errors.
    /// - Throws: `FileError` when it is missing, broken, or of another size than the annotations say.
    public func image(of picture: Picture, annotations: String) throws -> Image {
        let path = try path(of: picture)
        let image = try Image(contentsOf: path)
        if let size = picture.size, image.width != size.width || image.height != size.height {
            let isTurned = (try? ImageHeader(contentsOf: path, searchesAll: true))?.isTurned ?? false
            throw Self.sizeError(
                path, found: PixelSize(height: image.height, width: image.width), isTurned: isTurned,
                expected: size, annotations: annotations)
        }
        return image
    }

    /// The size of a picture as its file's header has it, in the upright position.
    /// - Throws: `FileError` when it is missing, its header is broken, or the annotations give another size.
    public func size(of picture: Picture, annotations: String) throws -> PixelSize {
        let path = try path(of: picture)
        var header = try ImageHeader(contentsOf: path)
        if picture.size != PixelSize(height: header.height, width: header.width) {
            header = try ImageHeader(contentsOf: path, searchesAll: true)
        }
        let found = PixelSize(height: header.height, width: header.width)
        if let size = picture.size, size != found {
            throw Self.sizeError(
                path, found: found, isTurned: header.isTurned, expected: size, annotations: annotations)
        }
        return found
    }

    private static func sizeError(
        _ path: String, found: PixelSize, isTurned: Bool, expected: PixelSize, annotations: String
    ) -> FileError {
        var fault =
            "is \(found.width)×\(found.height) pixels (width × height), \(annotations) says "
            + "\(expected.width)×\(expected.height)"
        if isTurned && expected == PixelSize(height: found.width, width: found.height) {
            fault += ", which is the picture as stored: its EXIF orientation turns it"
        }
        return FileError(path: path, fault: fault)
    }
}

extension PictureFolder {
    /// What is to be said of file names that were found in another way than they are written; nil if none were.
    public func remark(on pictures: [Picture]) -> String? {
        let names = pictures.lazy.compactMap(\.fileName).filter { $0.contains("\\") }
        guard let first = names.first else { return nil }
        return "file names with backslashes are looked up with slashes in their place (first: '\(first)')"
    }
}

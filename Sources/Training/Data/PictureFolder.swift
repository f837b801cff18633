import COCO
import Formats
import Foundation
import Geometry
import Tensors

/// The folder that holds the pictures of a dataset.
package struct PictureFolder: Sendable {
    /// The folder.
    package let path: String

    /// Whether pictures are turned as EXIF says: as the program did in which they were annotated.
    package let turning: ImageFile.Turning

    /// The folder at `path`.
    package init(path: String, turning: ImageFile.Turning = .upright) {
        self.path = path
        self.turning = turning
    }

    /// Where the file of a picture is. Tools on Windows write backslashes between folders; where there is no file of
    /// that very name, they are taken for slashes.
    /// - Throws: `FileError` when the picture has no file name.
    package func path(of picture: Picture) throws -> String {
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
    package func image(of picture: Picture, annotations: String) throws -> Image {
        try file(of: picture, annotations: annotations).image
    }

    /// Reads a picture, and what should be known of its file.
    /// - Parameter annotations: the annotation file, for errors.
    /// - Throws: `FileError` when it is missing, broken, or of another size than the annotations say.
    package func file(of picture: Picture, annotations: String) throws -> ImageFile {
        let path = try path(of: picture)
        let file = try ImageFile(contentsOf: path, turning: turning)
        let found = PixelSize(height: file.image.height, width: file.image.width)
        if let size = picture.size, found != size {
            throw sizeError(
                path, found: found, swapsSides: file.swapsSides, expected: size, annotations: annotations)
        }
        return file
    }

    /// The size of a picture as its file's header has it: upright, unless pictures are taken as they are stored.
    /// - Throws: `FileError` when it is missing, its header is broken, or the annotations give another size.
    package func size(of picture: Picture, annotations: String) throws -> PixelSize {
        let path = try path(of: picture)
        func size(_ header: ImageHeader) -> PixelSize {
            let upright = PixelSize(height: header.height, width: header.width)
            return turning == .asStored && header.isTurned
                ? PixelSize(height: upright.width, width: upright.height) : upright
        }
        var header = try ImageHeader(contentsOf: path)
        if picture.size != size(header) { header = try ImageHeader(contentsOf: path, searchesAll: true) }
        let found = size(header)
        if let size = picture.size, size != found {
            throw sizeError(
                path, found: found, swapsSides: header.isTurned, expected: size, annotations: annotations)
        }
        return found
    }

    private func sizeError(
        _ path: String, found: PixelSize, swapsSides: Bool, expected: PixelSize, annotations: String
    ) -> FileError {
        var fault =
            "is \(found.width)×\(found.height) pixels (width × height), \(annotations) says "
            + "\(expected.width)×\(expected.height)"
        if swapsSides && expected == PixelSize(height: found.width, width: found.height) {
            fault +=
                turning == .upright
                ? ", which is the picture as stored: its EXIF orientation turns it (not with --ignore-orientation)"
                : ", which is the picture as its EXIF orientation turns it (without --ignore-orientation)"
        }
        return FileError(path: path, fault: fault)
    }
}

extension PictureFolder {
    /// What is to be said of file names that were found in another way than they are written; nil if none were.
    package func remark(on pictures: [Picture]) -> String? {
        let names = pictures.lazy.compactMap(\.fileName).filter { $0.contains("\\") }
        guard let first = names.first else { return nil }
        return "file names with backslashes are looked up with slashes in their place (first: '\(first)')"
    }
}

import COCO
import Formats
import Foundation
import Geometry
import Tensors

/// The folder that contains the images of a dataset.
package struct PictureFolder: Sendable {
    /// The folder's path.
    package let path: String

    /// Whether images are rotated as their EXIF orientation says. It must match the program in which they were
    /// annotated.
    package let turning: ImageFile.Turning

    /// The folder at `path`.
    package init(path: String, turning: ImageFile.Turning = .upright) {
        self.path = path
        self.turning = turning
    }

    /// The path of an image's file. Backslashes, which tools on Windows write between folders, are read as slashes if
    /// no file has the literal name.
    /// - Throws: `FileError` if the annotations have no file name for the image.
    package func path(of picture: Picture) throws -> String {
        guard let name = picture.fileName else {
            throw FileError(
                path: path, fault: "image \(picture.textID ?? String(picture.id)) has no file_name")
        }
        let written = (path as NSString).appendingPathComponent(name)
        guard name.contains("\\"), !FileManager.default.fileExists(atPath: written) else { return written }
        return (path as NSString).appendingPathComponent(name.replacingOccurrences(of: "\\", with: "/"))
    }

    /// Reads an image.
    /// - Parameter annotations: the path of the annotation file, for error messages.
    /// - Throws: `FileError` if it is missing, broken, or differs in size from the annotations.
    package func image(of picture: Picture, annotations: String) throws -> Image {
        try file(of: picture, annotations: annotations).image
    }

    /// Reads an image with remarks about its file.
    /// - Parameter annotations: the path of the annotation file, for error messages.
    /// - Throws: `FileError` if it is missing, broken, or differs in size from the annotations.
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

    /// The size of an image from its file's header, after rotation by the EXIF orientation unless `turning` ignores it.
    /// - Throws: `FileError` if it is missing, its header is broken, or the annotations give another size.
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
    /// A remark on file names whose backslashes were read as slashes; nil if there are none.
    package func remark(on pictures: [Picture]) -> String? {
        let names = pictures.lazy.compactMap(\.fileName).filter { $0.contains("\\") }
        guard let first = names.first else { return nil }
        return "file names with backslashes are looked up with slashes in their place (first: '\(first)')"
    }
}

/// The size and orientation in the header of a PNG or JPEG file. The pixels are not decoded.
package struct ImageHeader: Equatable, Sendable {
    /// The width of the upright image, in pixels.
    package let width: Int
    /// The height of the upright image, in pixels.
    package let height: Int
    /// Whether the EXIF orientation swaps width and height.
    package let isTurned: Bool

    /// Reads the header of the file at `path`, in most cases without reading the rest of the file.
    /// - Parameter searchesAll: whether to search the whole file: in a PNG the orientation can come after the
    ///   pixels.
    /// - Throws: ``FileError`` when it is missing, not a PNG or JPEG file, or its header is broken.
    package init(contentsOf path: String, searchesAll: Bool = false) throws {
        let limit = 1 << 30, usual = 1 << 14
        do {
            let start = try searchesAll ? readFile(path, limit: limit) : readStart(of: path, count: usual)
            do { self = try Self(start) } catch is ImageFault where !searchesAll && start.count == usual {
                // In a JPEG, colour profiles and thumbnails can precede the frame header.
                self = try Self(try readFile(path, limit: limit))
            }
        } catch let fault as ImageFault {
            throw FileError(path: path, fault: fault.description)
        }
    }

    private init(_ bytes: [UInt8]) throws {
        let size: ImageSize, orientation: Orientation
        if bytes.starts(with: PNG.signature) {
            let file = OrderedBytes(bytes: bytes[...], order: .bigEndian)
            guard file.slice(at: 12, count: 4)?.elementsEqual("IHDR".utf8) == true,
                let width = file.uint32(at: 16), let height = file.uint32(at: 20)
            else { throw ImageFault("broken PNG: the header is missing or cut off") }
            size = try ImageSize(width: width, height: height)
            orientation = PNG.orientation(bytes)
        } else if bytes.starts(with: JPEG.signature) {
            let header = try JPEG.Header(bytes)
            size = header.size
            orientation = header.orientation
        } else {
            throw ImageFault(
                bytes.isEmpty ? "the file is empty" : "neither PNG nor JPEG, the two formats that are read")
        }
        isTurned = orientation.rawValue >= Orientation.transposed.rawValue
        (width, height) = isTurned ? (size.height, size.width) : (size.width, size.height)
    }
}

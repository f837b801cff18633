import Tensors

/// A decoded PNG or JPEG file: its image, its EXIF orientation, and a remark if the file is faulty.
public struct ImageFile: Sendable {
    /// Whether an image is rotated or mirrored according to its EXIF orientation.
    public enum Turning: Sendable {
        /// Apply the EXIF orientation: the image that people see, and annotate, in most programs.
        case upright
        /// Keep the rows as the file stores them: the image in programs that ignore EXIF, such as
        /// torchvision's and OpenCV's older loaders.
        case asStored
    }

    /// The decoded image.
    package let image: Image
    /// A fault of the file, which was decoded all the same, as Pillow does; nil if there is none.
    package let remark: String?
    /// The width and height in pixels, before the EXIF orientation is applied.
    package let storedWidth: Int, storedHeight: Int
    /// The EXIF orientation, 1 to 8; 1 is upright.
    package let orientation: Int
    /// Whether `image` was rotated or mirrored according to its EXIF orientation.
    package let isTurned: Bool

    /// Decodes a PNG or JPEG file as 8-bit RGB.
    ///
    /// The pixels are those of Pillow's `Image.open(path).convert("RGB")`, followed by
    /// `ImageOps.exif_transpose` unless `turning` is `asStored`, so that a network gets the same input as in
    /// training: alpha is dropped, not blended; 16-bit samples are reduced to their high byte, grey ones too
    /// (Pillow clips those at 255); there is no gamma or colour-profile correction, and CMYK and YCCK are
    /// converted without profiles. The orientation is taken from EXIF, in JPEG and PNG files; XMP is ignored.
    /// Of an animated PNG, or of a JPEG file with several images, the first is decoded.
    ///
    /// A file that libjpeg decodes with a warning is accepted, with a `remark`. A truncated file or a wrong
    /// checksum of the pixels is refused. So is, before memory is allocated, an image with more than 65 535
    /// columns or rows or 2²⁸ pixels, or with fewer bytes than its pixels need at the best possible
    /// compression.
    ///
    /// - Throws: ``FileError`` when the file cannot be read or decoded.
    package init(contentsOf path: String, turning: Turning = .upright) throws {
        // A gigabyte is more than any image within the limits needs.
        let bytes = try readFile(path, limit: 1 << 30)
        do {
            let (stored, orientation, remark) = try Self.decode(bytes)
            self.remark = remark
            self.orientation = orientation.rawValue
            (storedWidth, storedHeight) = (stored.width, stored.height)
            isTurned = turning == .upright && orientation != .upright
            image = isTurned ? stored.turned(upright: orientation) : stored
        } catch let fault as ImageFault {
            throw FileError(path: path, fault: fault.description)
        }
    }

    private static func decode(_ bytes: [UInt8]) throws -> (Image, Orientation, remark: String?) {
        if bytes.starts(with: PNG.signature) {
            let (image, remark) = try PNG.decode(bytes)
            return (image, PNG.orientation(bytes), remark)
        }
        if bytes.starts(with: JPEG.signature) { return try JPEG.decode(bytes) }
        if bytes.isEmpty { throw ImageFault("the file is empty") }
        if PNG.signature.starts(with: bytes) || JPEG.signature.starts(with: bytes) {
            throw ImageFault("the file ends too early")
        }
        throw ImageFault(
            LargeFilePointer.fault(of: bytes) ?? "neither PNG nor JPEG, the two formats that are read")
    }

    /// Whether the EXIF orientation swaps width and height.
    package var swapsSides: Bool { orientation >= Orientation.transposed.rawValue }
}

extension Image {
    /// Decodes a PNG or JPEG file as 8-bit RGB and applies its EXIF orientation: see ``ImageFile``.
    /// - Throws: ``FileError`` when the file cannot be read or decoded.
    public init(contentsOf path: String) throws { self = try ImageFile(contentsOf: path).image }
}

/// The few lines of text that Git LFS keeps in place of a large file until it is fetched.
enum LargeFilePointer {
    /// The fault to report for a file that is such a pointer; nil if it is not.
    static func fault(of bytes: some Collection<UInt8>) -> String? {
        guard bytes.starts(with: "version https://git-lfs.github.com/spec/".utf8) else { return nil }
        let lines = String(decoding: bytes.prefix(1024), as: UTF8.self).split(separator: "\n")
        let size = lines.first { $0.hasPrefix("size ") }.flatMap { Int($0.dropFirst(5)) }
        return "is a Git LFS pointer, not the file" + (size.map { " of \($0) bytes" } ?? "")
            + " that it stands for: 'git lfs pull' fetches that"
    }
}

/// A fault of an image's bytes, without a file name.
struct ImageFault: Error {
    let description: String

    init(_ description: String) { self.description = description }
}

/// The size in an image's header, checked before memory is allocated.
struct ImageSize: Equatable {
    let width: Int
    let height: Int

    static let sideLimit = 65_535
    static let pixelLimit = 1 << 28

    /// - Throws: ``ImageFault`` for an image without pixels or with too many.
    init(width: Int, height: Int) throws {
        guard width > 0, height > 0 else {
            throw ImageFault("an image of \(width)×\(height) pixels has none")
        }
        guard width <= Self.sideLimit, height <= Self.sideLimit, width * height <= Self.pixelLimit else {
            throw ImageFault(
                "\(width)×\(height) pixels are too many: the limits are \(Self.sideLimit) a side and "
                    + "\(Self.pixelLimit) in all")
        }
        self.width = width
        self.height = height
    }

    var pixelCount: Int { width * height }
}

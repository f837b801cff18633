import Tensors

/// A PNG or JPEG file as it was read: its picture, and what a reader should know of the file.
public struct ImageFile: Sendable {
    /// Whether a picture is turned as EXIF says.
    public enum Turning: Sendable {
        /// As the camera was held: what people see, and label, in most programs.
        case upright
        /// As the file stores the rows: what programs see that do not look at EXIF, torchvision's and OpenCV's older
        /// loaders for instance.
        case asStored
    }

    /// The picture.
    package let image: Image
    /// What is not as it should be in the file, which was read all the same, as Pillow reads it.
    package let remark: String?
    /// The width and height, in pixels, before turning.
    package let storedWidth: Int, storedHeight: Int
    /// EXIF's number for how the picture is stored, 1 to 8; 1 is upright.
    package let orientation: Int
    /// Whether `image` was turned or mirrored, because EXIF says so.
    package let isTurned: Bool

    /// Reads the picture in a PNG or JPEG file, as 8-bit RGB.
    ///
    /// The pixels are those that Pillow's `Image.open(path).convert("RGB")` gives, turned by
    /// `ImageOps.exif_transpose` unless that is not wanted, so that a network sees what it saw in training: alpha is
    /// dropped, not blended; of 16-bit samples the high byte is kept, of grey ones too (Pillow cuts those off at
    /// 255); there is no gamma or colour-profile correction, and inks (CMYK, YCCK) are converted by the plain rule.
    /// The orientation is applied if EXIF states it, in a JPEG or a PNG file; XMP is not looked at. Of an animated
    /// PNG, or of the several pictures of one JPEG file, this is the first.
    ///
    /// What libjpeg reads with a warning is read, with a `remark`. What is not all there is refused: a truncated
    /// file, a wrong checksum of pixels. So is an image with more than 65 535 columns or rows or 2²⁸ pixels, or with
    /// fewer bytes than its pixels can be packed into, before memory is taken for them.
    ///
    /// - Throws: ``FileError``, which names the file and the fault.
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

    /// Whether EXIF says that the sides of the upright picture are those of the stored one exchanged.
    package var swapsSides: Bool { orientation >= Orientation.transposed.rawValue }
}

extension Image {
    /// The picture in a PNG or JPEG file, as 8-bit RGB, upright: see ``ImageFile``.
    /// - Throws: ``FileError``, which names the file and the fault.
    public init(contentsOf path: String) throws { self = try ImageFile(contentsOf: path).image }
}

/// The few lines that Git keeps in the place of a large file (Git LFS) until that is fetched.
enum LargeFilePointer {
    /// What is wrong with a file that is such a pointer; nil when it is none.
    static func fault(of bytes: some Collection<UInt8>) -> String? {
        guard bytes.starts(with: "version https://git-lfs.github.com/spec/".utf8) else { return nil }
        let lines = String(decoding: bytes.prefix(1024), as: UTF8.self).split(separator: "\n")
        let size = lines.first { $0.hasPrefix("size ") }.flatMap { Int($0.dropFirst(5)) }
        return "is a Git LFS pointer, not the file" + (size.map { " of \($0) bytes" } ?? "")
            + " that it stands for: 'git lfs pull' fetches that"
    }
}

/// What is wrong with an image's bytes, whichever file they come from.
struct ImageFault: Error {
    let description: String

    init(_ description: String) { self.description = description }
}

/// The size that an image's header declares, if it is one to take memory for.
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

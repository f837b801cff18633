import Tensors

extension Image {
    /// The picture in a PNG or JPEG file, as 8-bit RGB, upright.
    ///
    /// The pixels are those that Pillow's `ImageOps.exif_transpose(Image.open(path)).convert("RGB")` gives, so
    /// that a network sees what it saw in training: alpha is dropped, not blended; of 16-bit samples the high
    /// byte is kept, of grey ones too (Pillow cuts those off at 255); there is no gamma or colour-profile
    /// correction. The orientation is applied if EXIF states it, in a JPEG or a PNG file; XMP is not looked at.
    /// Of an animated PNG this is the first image.
    ///
    /// What is not a whole and sound file is refused: a truncated one, a wrong checksum, a JPEG that libjpeg
    /// can only repair. So is one with more than 65 535 columns or rows or 2²⁸ pixels, or with fewer bytes than
    /// its pixels can be packed into, before memory is taken for them.
    ///
    /// - Throws: ``FileError``, which names the file and the fault.
    public init(contentsOf path: String) throws {
        // A gigabyte is more than any image within the limits needs.
        let bytes = try readFile(path, limit: 1 << 30)
        do {
            let (image, orientation) =
                if bytes.starts(with: PNG.signature) {
                    (try PNG.decode(bytes), PNG.orientation(bytes))
                } else if bytes.starts(with: JPEG.signature) {
                    try JPEG.decode(bytes)
                } else if bytes.isEmpty {
                    throw ImageFault("the file is empty")
                } else if PNG.signature.starts(with: bytes) || JPEG.signature.starts(with: bytes) {
                    throw ImageFault("the file ends too early")
                } else {
                    throw ImageFault("neither PNG nor JPEG, the two formats that are read")
                }
            self = image.turned(upright: orientation)
        } catch let fault as ImageFault {
            throw FileError(path: path, fault: fault.description)
        }
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

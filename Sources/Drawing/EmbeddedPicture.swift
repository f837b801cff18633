import Formats
import Tensors

/// A picture as it is put into an SVG or a PDF file.
enum EmbeddedPicture {
    case png([UInt8])
    case jpeg([UInt8])

    /// At this quality, with colours as fine as lightness, JPEG's faults are not seen at the size of a figure.
    private static let quality = 90

    /// The smaller of the two files: JPEG for most photographs, PNG for a drawing.
    init(photograph image: Image) throws {
        let png = try image.smallestPNG(name: "image")
        // libjpeg's limit for a side.
        guard max(image.width, image.height) <= 65_500 else {
            self = .png(png)
            return
        }
        let jpeg = try image.encodedJPEG(quality: Self.quality, name: "image")
        self = jpeg.count < png.count ? .jpeg(jpeg) : .png(png)
    }

    /// Pixel by pixel.
    init(exact image: Image) throws { self = .png(try image.smallestPNG(name: "image")) }

    /// With opacity.
    init(_ image: TranslucentImage) throws {
        self = .png(
            try Image.encodedPNG(rgba: image.pixels, width: image.width, height: image.height, name: "image"))
    }

    /// As the address of an `image` element: the bytes in base 64.
    var address: String {
        switch self {
        case .png(let bytes): "data:image/png;base64," + Self.base64(bytes)
        case .jpeg(let bytes): "data:image/jpeg;base64," + Self.base64(bytes)
        }
    }

    /// RFC 4648, section 4.
    static func base64(_ bytes: [UInt8]) -> String {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let word = (0..<3).reduce(0) { word, index in
                word << 8 | (index < group.count ? Int(group[start + index]) : 0)
            }
            for index in 0..<4 {
                text.append(
                    index <= group.count ? digits[word >> (18 - 6 * index) & 63] : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}

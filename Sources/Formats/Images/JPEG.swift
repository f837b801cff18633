import CTurboJPEG
import Tensors

/// Reading JPEG files, through libjpeg-turbo (ITU-T T.81; EXIF 2.3 for the orientation).
enum JPEG {
    /// The start of the image and of the first marker.
    static let signature: [UInt8] = [0xff, 0xd8, 0xff]

    /// The pixels of a JPEG file that starts with ``signature``, as stored, and how they are to be turned.
    static func decode(_ bytes: [UInt8]) throws -> (image: Image, orientation: Orientation) {
        let header = try Header(bytes)
        guard header.componentCount != 4 else {
            throw ImageFault("a CMYK JPEG: convert it to RGB first, which takes its colour profile")
        }
        // Each 8×8 block of the first component takes at least one bit of the Huffman-coded data.
        guard header.size.pixelCount <= 512 * bytes.count else {
            throw ImageFault(
                "broken JPEG: \(bytes.count) bytes cannot hold \(header.size.width)×\(header.size.height) pixels"
            )
        }
        return (try pixels(bytes, size: header.size), header.orientation)
    }

    private static func pixels(_ bytes: [UInt8], size: ImageSize) throws -> Image {
        guard let decoder = tjInitDecompress() else { throw ImageFault("libjpeg-turbo could not start") }
        defer { tjDestroy(decoder) }

        // The decoder would shrink a larger image to the size asked for, so its own reading of the size has to
        // be the same. The answer itself does not matter: it also complains of rare samplings that it decodes.
        var (width, height, sampling, colorSpace): (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
        let headerAnswer = tjDecompressHeader3(
            decoder, bytes, UInt(bytes.count), &width, &height, &sampling, &colorSpace)
        guard Int(width) == size.width, Int(height) == size.height else {
            throw ImageFault(
                "broken JPEG: \(headerAnswer == 0 ? "its frame headers differ" : complaint(of: decoder))")
        }

        // As Pillow decodes: the accurate integer transform, and the triangle filter for subsampled colour
        // (TurboJPEG's default). Half a picture with a warning is an error here.
        let flags = TJFLAG_ACCURATEDCT | TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS
        let pixels = try [UInt8](unsafeUninitializedCapacity: size.pixelCount * 3) { pixels, count in
            let answer = tjDecompress2(
                decoder, bytes, UInt(bytes.count), pixels.baseAddress, width, width * 3, height,
                Int32(TJPF_RGB.rawValue), flags)
            guard answer == 0 else { throw ImageFault("broken JPEG: \(complaint(of: decoder))") }
            count = size.pixelCount * 3
        }
        return Image(width: size.width, height: size.height, pixels: pixels)
    }

    private static func complaint(of decoder: tjhandle) -> String {
        tjGetErrorStr2(decoder).map { String(cString: $0) } ?? "libjpeg-turbo does not say what is wrong"
    }
}

extension JPEG {
    /// What the segments before the first scan say.
    struct Header {
        let size: ImageSize
        let componentCount: Int
        let orientation: Orientation

        init(_ bytes: [UInt8]) throws {
            var frame: OrderedBytes?
            var orientation: Orientation?
            segments: for (marker, content) in Segments(bytes) {
                switch marker {
                case 0xda: break segments  // The first scan: the compressed pixels follow.
                case 0xe1 where orientation == nil && content.starts(with: "Exif\0\0".utf8):
                    orientation = Orientation(exif: content.dropFirst(6))
                case 0xc0...0xcf where ![0xc4, 0xc8, 0xcc].contains(marker) && frame == nil:
                    frame = OrderedBytes(bytes: content, order: .bigEndian)
                default: continue
                }
            }
            // A frame header: the samples' precision, height, width, and the number of components.
            guard let frame, let height = frame.uint16(at: 1), let width = frame.uint16(at: 3),
                let componentCount = frame.slice(at: 5, count: 1)?.first
            else { throw ImageFault("broken JPEG: the frame header is missing or cut off") }
            size = try ImageSize(width: width, height: height)
            self.componentCount = Int(componentCount)
            self.orientation = orientation ?? .upright
        }
    }

    /// The markers and contents of a JPEG file's segments, up to where they stop making sense.
    private struct Segments: Sequence, IteratorProtocol {
        private let file: OrderedBytes
        private var offset = 2

        init(_ bytes: [UInt8]) { file = OrderedBytes(bytes: bytes[...], order: .bigEndian) }

        mutating func next() -> (marker: UInt8, content: ArraySlice<UInt8>)? {
            // Any number of 0xFF may come before the one that starts a marker.
            while file.uint16(at: offset) == 0xffff { offset += 1 }
            // 0xFF, the marker, a length that counts its own two bytes, the content.
            guard let word = file.uint16(at: offset), word >> 8 == 0xff,
                let length = file.uint16(at: offset + 2), length >= 2,
                let content = file.slice(at: offset + 4, count: length - 2)
            else { return nil }
            offset += 2 + length
            return (UInt8(word & 0xff), content)
        }
    }
}

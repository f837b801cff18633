import CJPEG
import Tensors

/// Reads JPEG files with libjpeg-turbo (ITU-T T.81; EXIF 2.3 for the orientation).
enum JPEG {
    /// The start of the image and of the first marker.
    static let signature: [UInt8] = [0xff, 0xd8, 0xff]

    /// Decodes a JPEG file that starts with ``signature``: the pixels as stored, the EXIF orientation, and
    /// libjpeg's warning if there is one.
    static func decode(_ bytes: [UInt8]) throws -> (image: Image, orientation: Orientation, remark: String?) {
        let header = try Header(bytes)
        // Each 8×8 block of the first component takes at least one bit of the Huffman-coded data.
        guard header.size.pixelCount <= 512 * bytes.count else {
            throw ImageFault(
                "broken JPEG: \(bytes.count) bytes cannot hold \(header.size.width)×\(header.size.height) pixels"
            )
        }
        let (image, remark) = try pixels(bytes, size: header.size)
        return (image, header.orientation, remark)
    }

    private static func pixels(_ bytes: [UInt8], size: ImageSize) throws -> (image: Image, remark: String?) {
        var message = [CChar](repeating: 0, count: Int(CJPEG_MESSAGE_SIZE))
        var lacksEnd = false
        let pixels = try [UInt8](unsafeUninitializedCapacity: size.pixelCount * 3) { pixels, count in
            func decode() -> cjpeg_outcome {
                cjpeg_decode_rgb(
                    bytes, bytes.count, UInt32(size.width), UInt32(size.height), lacksEnd ? 1 : 0,
                    pixels.baseAddress, &message)
            }
            var outcome = decode()
            if outcome == CJPEG_TRUNCATED {
                lacksEnd = true
                outcome = decode() == CJPEG_DECODED ? CJPEG_DECODED : CJPEG_TRUNCATED
            }
            switch outcome {
            case CJPEG_DECODED: count = size.pixelCount * 3
            case CJPEG_TRUNCATED: throw ImageFault("broken JPEG: the file ends too early")
            default: throw ImageFault("broken JPEG: \(message.withUnsafeBufferPointer(text))")
            }
        }
        let warning = message.withUnsafeBufferPointer(text)
        let remark =
            lacksEnd ? "the JPEG file lacks its end marker" : warning.isEmpty ? nil : "libjpeg: \(warning)"
        return (Image(width: size.width, height: size.height, pixels: pixels), remark)
    }
}

extension JPEG {
    /// The size and orientation in the segments before the first scan.
    struct Header {
        let size: ImageSize
        let orientation: Orientation

        init(_ bytes: [UInt8]) throws {
            var frame: OrderedBytes?
            var orientation: Orientation?
            segments: for (marker, content) in Segments(bytes) {
                switch marker {
                case 0xda: break segments  // The first scan: compressed pixels follow.
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
            guard [1, 3, 4].contains(componentCount) else {
                throw ImageFault(
                    "a JPEG of \(componentCount) components, which is neither grey, colours nor inks")
            }
            size = try ImageSize(width: width, height: height)
            self.orientation = orientation ?? .upright
        }
    }

    /// The markers and contents of a JPEG file's segments, up to the first malformed one.
    private struct Segments: Sequence, IteratorProtocol {
        private let file: OrderedBytes
        private var offset = 2

        init(_ bytes: [UInt8]) { file = OrderedBytes(bytes: bytes[...], order: .bigEndian) }

        mutating func next() -> (marker: UInt8, content: ArraySlice<UInt8>)? {
            // Finds the next marker as libjpeg does: skips bytes other than 0xFF, a 0xFF followed by a zero,
            // and all but the last of several 0xFF.
            while let byte = file.slice(at: offset, count: 1)?.first {
                guard byte == 0xff, let next = file.slice(at: offset + 1, count: 1)?.first, next != 0xff,
                    next != 0
                else {
                    offset += 1
                    continue
                }
                break
            }
            // These markers have no content.
            if let word = file.uint16(at: offset), word == 0xff01 || 0xffd0...0xffd8 ~= word {
                offset += 2
                return (UInt8(word & 0xff), [])
            }
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

extension JPEG {
    /// The bytes of a baseline file, colours as fine as lightness. The quality is libjpeg's, from 1 to 100.
    static func encode(_ image: Image, quality: Int) throws -> [UInt8] {
        guard image.width <= JPEG_MAX_DIMENSION, image.height <= JPEG_MAX_DIMENSION, !image.pixels.isEmpty
        else { throw ImageFault("a JPEG file cannot hold \(image.width)×\(image.height) pixels") }
        var message = [CChar](repeating: 0, count: Int(CJPEG_MESSAGE_SIZE))
        var bytes: UnsafeMutablePointer<UInt8>?
        var count: UInt = 0
        let encoded = cjpeg_encode_rgb(
            image.pixels, UInt32(image.width), UInt32(image.height), Int32(min(max(quality, 1), 100)), &bytes,
            &count, &message)
        guard encoded == 1, let bytes else {
            throw ImageFault("libjpeg: \(message.withUnsafeBufferPointer(text))")
        }
        defer { free(bytes) }
        return Array(UnsafeBufferPointer(start: bytes, count: Int(count)))
    }
}

extension Image {
    /// The bytes of the picture as a JPEG file, for whoever puts it into another file.
    /// - Throws: ``FileError``, which calls the picture by `name`.
    package func encodedJPEG(quality: Int, name: String) throws -> [UInt8] {
        do { return try JPEG.encode(self, quality: quality) } catch let fault as ImageFault {
            throw FileError(path: name, fault: fault.description)
        }
    }
}

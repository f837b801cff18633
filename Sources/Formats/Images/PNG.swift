import CPNG
import CZlib
import Tensors

/// Reads and writes PNG files with libpng (ISO/IEC 15948).
enum PNG {
    static let signature: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

    /// Decodes a PNG file that starts with ``signature``: the pixels as stored, and libpng's warning if there
    /// is one.
    static func decode(_ bytes: [UInt8]) throws -> (image: Image, remark: String?) {
        let size = try size(bytes)
        var message = [CChar](repeating: 0, count: Int(CPNG_MESSAGE_SIZE))
        let pixels = try [UInt8](unsafeUninitializedCapacity: size.pixelCount * 3) { pixels, count in
            let decoded = cpng_decode_rgb(
                bytes, bytes.count, UInt32(size.width), UInt32(size.height), pixels.baseAddress, &message)
            guard decoded == 1 else {
                throw ImageFault("broken PNG: \(message.withUnsafeBufferPointer(text))")
            }
            count = size.pixelCount * 3
        }
        let warning = message.withUnsafeBufferPointer(text)
        return (
            Image(width: size.width, height: size.height, pixels: pixels),
            warning.isEmpty ? nil : "libpng: \(warning)"
        )
    }

    /// The size in the header. libpng reads and checks the header again; the size is read here first so that
    /// memory is allocated only for an image that the file can contain.
    private static func size(_ bytes: [UInt8]) throws -> ImageSize {
        let file = OrderedBytes(bytes: bytes[...], order: .bigEndian)
        guard file.slice(at: 12, count: 4)?.elementsEqual("IHDR".utf8) == true,
            let width = file.uint32(at: 16), let height = file.uint32(at: 20),
            let depthAndColor = file.slice(at: 24, count: 2)
        else { throw ImageFault("broken PNG: the header is missing or cut off") }
        let size = try ImageSize(width: width, height: height)

        // Deflate needs at least two bits for 258 bytes: it compresses by a factor of at most 1032.
        let channels = [0: 1, 2: 3, 3: 1, 4: 2, 6: 4][depthAndColor.last ?? 0] ?? 1
        let bitsPerPixel = channels * Int(depthAndColor.first ?? 0)
        guard size.pixelCount * bitsPerPixel / 8 <= 1032 * bytes.count else {
            throw ImageFault(
                "broken PNG: \(bytes.count) bytes cannot hold \(width)×\(height) pixels")
        }
        return size
    }

    /// The orientation in the `eXIf` chunk, if there is one.
    static func orientation(_ bytes: [UInt8]) -> Orientation {
        let file = OrderedBytes(bytes: bytes[...], order: .bigEndian)
        var offset = signature.count
        // A chunk: the length of its data, its type, the data, a checksum.
        while let length = file.uint32(at: offset), let type = file.slice(at: offset + 4, count: 4) {
            if type.elementsEqual("eXIf".utf8), let block = file.slice(at: offset + 8, count: length) {
                return Orientation(exif: block)
            }
            offset += 12 + length
        }
        return .upright
    }
}

extension PNG {
    /// Encodes an 8-bit RGB file, marked sRGB.
    static func encode(_ image: Image) throws -> [UInt8] {
        var header = imageHeader(image, format: png_uint_32(PNG_FORMAT_RGB))
        return try encoded(&header, image.pixels, palette: nil)
    }

    /// Encodes a file with a palette, marked sRGB.
    static func encode(_ image: Image, with palette: ReducedPalette) throws -> [UInt8] {
        var header = imageHeader(
            image, format: png_uint_32(PNG_FORMAT_RGB) | png_uint_32(PNG_FORMAT_FLAG_COLORMAP))
        header.colormap_entries = png_uint_32(palette.entries.count / 3)
        return try encoded(&header, palette.indices, palette: palette.entries)
    }

    /// The bytes of an 8-bit RGBA file, marked sRGB; colours are not premultiplied.
    static func encode(rgba: [UInt8], width: Int, height: Int) throws -> [UInt8] {
        precondition(rgba.count == 4 * width * height)
        var header = imageHeader(
            width: width, height: height,
            format: png_uint_32(PNG_FORMAT_RGB) | png_uint_32(PNG_FORMAT_FLAG_ALPHA))
        return try encoded(&header, rgba, palette: nil)
    }

    private static func imageHeader(_ image: Image, format: png_uint_32) -> png_image {
        imageHeader(width: image.width, height: image.height, format: format)
    }

    private static func imageHeader(width: Int, height: Int, format: png_uint_32) -> png_image {
        var header = png_image()
        header.version = png_uint_32(PNG_IMAGE_VERSION)
        header.width = png_uint_32(width)
        header.height = png_uint_32(height)
        header.format = format
        return header
    }

    private static func encoded(
        _ header: inout png_image, _ samples: [UInt8], palette: [UInt8]?
    ) throws -> [UInt8] {
        defer { png_image_free(&header) }
        let limit = cpng_encoded_size_limit(&header)
        return try [UInt8](unsafeUninitializedCapacity: limit) { bytes, count in
            var size = limit
            let written = png_image_write_to_memory(
                &header, bytes.baseAddress, &size, 0, samples, 0, palette)
            guard written != 0 else {
                throw ImageFault(
                    withUnsafeBytes(of: header.message) { $0.withMemoryRebound(to: CChar.self, text) })
            }
            count = size
        }
    }
}

extension PNG {
    /// The file with a `pHYs` chunk right after its header: pixels a metre along both axes.
    static func declaring(dotsPerInch: Double, in bytes: [UInt8]) -> [UInt8] {
        let pixelsPerMetre = UInt32(min(max((dotsPerInch / 0.0254).rounded(), 1), 0x7fff_ffff))
        func bigEndian(_ number: UInt32) -> [UInt8] { withUnsafeBytes(of: number.bigEndian, Array.init) }
        let content = Array("pHYs".utf8) + bigEndian(pixelsPerMetre) + bigEndian(pixelsPerMetre) + [1]
        let chunk = bigEndian(9) + content + bigEndian(UInt32(crc32(0, content, UInt32(content.count))))
        // Signature 8, length 4, type 4, header 13, checksum 4.
        let header = 33
        return Array(bytes[..<header]) + chunk + bytes[header...]
    }
}

extension Image {
    /// The bytes of the image as an 8-bit RGB PNG file, for embedding in another file.
    /// - Throws: ``FileError`` when encoding fails; it calls the image `name`.
    public func encodedPNG(name: String) throws -> [UInt8] {
        do { return try PNG.encode(self) } catch let fault as ImageFault {
            throw FileError(path: name, fault: fault.description)
        }
    }

    /// The bytes of the image as the smallest PNG file: with a palette if it has at most 256 colours.
    /// - Throws: ``FileError`` when encoding fails; it calls the image `name`.
    package func smallestPNG(name: String) throws -> [UInt8] {
        // In most images the first few rows already have too many colours.
        var colors = Set<UInt32>()
        for byte in stride(from: 0, to: pixels.count, by: 3) {
            colors.insert(
                UInt32(pixels[byte]) << 16 | UInt32(pixels[byte + 1]) << 8 | UInt32(pixels[byte + 2]))
            if colors.count > ReducedPalette.limit { return try encodedPNG(name: name) }
        }
        do { return try PNG.encode(self, with: ReducedPalette(self)) } catch let fault as ImageFault {
            throw FileError(path: name, fault: fault.description)
        }
    }

    /// The bytes of an 8-bit PNG file with opacity: red, green, blue and opacity of each pixel, row after row.
    /// - Throws: ``FileError`` when encoding fails; it calls the image `name`.
    package static func encodedPNG(rgba: [UInt8], width: Int, height: Int, name: String) throws -> [UInt8] {
        do { return try PNG.encode(rgba: rgba, width: width, height: height) } catch let fault as ImageFault {
            throw FileError(path: name, fault: fault.description)
        }
    }

    /// Writes the image as an 8-bit RGB PNG file, marked sRGB. The file appears as a whole or not at all.
    /// - Throws: ``FileError`` when encoding or writing fails.
    public func writePNG(to path: String) throws {
        try writePNG(to: path) { try PNG.encode(self) }
    }

    /// Writes the image as a PNG file with a palette of at most 256 colours, a third of the size, if that is
    /// hardly visible: if the root mean square error is at most 2.5 of 255. Otherwise it keeps all its
    /// colours. The file appears as a whole or not at all.
    /// - Throws: ``FileError`` when encoding or writing fails.
    /// - Parameter dotsPerInch: how large the image is on paper; nil to leave that open.
    package func writeReducedPNG(to path: String, dotsPerInch: Double? = nil) throws {
        try writePNG(to: path) {
            let palette = ReducedPalette(self)
            let bytes = try palette.error <= 2.5 ? PNG.encode(self, with: palette) : PNG.encode(self)
            return dotsPerInch.map { PNG.declaring(dotsPerInch: $0, in: bytes) } ?? bytes
        }
    }

    private func writePNG(to path: String, encode: () throws -> [UInt8]) throws {
        // Opened first, so that nothing is compressed if the file cannot be written.
        let file = try OutputFile(path: path)
        do {
            try file.write(try encode())
        } catch let fault as ImageFault {
            throw FileError(path: path, fault: fault.description)
        }
        try file.finish()
    }
}

/// The text in a C string's buffer, up to its terminating zero.
func text(_ characters: UnsafeBufferPointer<CChar>) -> String {
    String(decoding: characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
}

import CCairo
import Tensors

/// Cairo's surface, destroyed with its owner, and the way in and out for pixels.
final class Surface {
    let pointer: OpaquePointer?
    /// What errors are said of.
    package let name: String

    init(_ pointer: OpaquePointer?, name: String) {
        self.pointer = pointer
        self.name = name
    }

    deinit { cairo_surface_destroy(pointer) }

    /// - Throws: ``FigureError`` if Cairo could not make the surface or failed on it.
    func check() throws {
        let status = cairo_surface_status(pointer)
        guard status == CAIRO_STATUS_SUCCESS else { throw FigureError(subject: name, status: status) }
    }

    /// Has a file hold the picture as these bytes of a JPEG file. Where that fails, it holds the pixels.
    func attach(jpeg bytes: [UInt8]) {
        let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
        _ = copy.initialize(from: bytes)
        let status = cairo_surface_set_mime_data(
            pointer, CAIRO_MIME_TYPE_JPEG, copy.baseAddress, UInt(copy.count), { $0?.deallocate() },
            copy.baseAddress)
        if status != CAIRO_STATUS_SUCCESS { copy.deallocate() }
    }

    /// An opaque surface with an image's pixels.
    convenience init(copying image: Image, name: String) throws {
        try self.init(width: image.width, height: image.height, format: CAIRO_FORMAT_RGB24, name: name) {
            pixel in
            let byte = 3 * pixel
            return UInt32(image.pixels[byte]) << 16 | UInt32(image.pixels[byte + 1]) << 8
                | UInt32(image.pixels[byte + 2])
        }
    }

    /// A surface with a translucent image's pixels.
    convenience init(copying image: TranslucentImage, name: String) throws {
        try self.init(width: image.width, height: image.height, format: CAIRO_FORMAT_ARGB32, name: name) {
            pixel in
            // Cairo keeps colours multiplied by their opacity.
            let opacity = UInt32(image.pixels[4 * pixel + 3])
            func multiplied(_ channel: Int) -> UInt32 {
                (UInt32(image.pixels[4 * pixel + channel]) * opacity + 127) / 255
            }
            return opacity << 24 | multiplied(0) << 16 | multiplied(1) << 8 | multiplied(2)
        }
    }

    /// `word` gives each pixel, by its index in row-major order, as Cairo has it: 0xAARRGGBB.
    private convenience init(
        width: Int, height: Int, format: cairo_format_t, name: String, word: (Int) -> UInt32
    ) throws {
        guard let width32 = Int32(exactly: width), let height32 = Int32(exactly: height) else {
            throw FigureError(subject: name, fault: "cannot draw an image of \(width)×\(height) pixels")
        }
        self.init(cairo_image_surface_create(format, width32, height32), name: name)
        try check()
        guard let data = cairo_image_surface_get_data(pointer) else { return }
        let stride = Int(cairo_image_surface_get_stride(pointer))
        cairo_surface_flush(pointer)
        for row in 0..<height {
            let words = UnsafeMutableRawPointer(data + row * stride).assumingMemoryBound(to: UInt32.self)
            for column in 0..<width { words[column] = word(row * width + column) }
        }
        cairo_surface_mark_dirty(pointer)
    }

    /// The same pixels, each repeated `factor` times along both axes.
    package func enlarged(by factor: Double) throws -> Surface {
        let larger = Surface(
            cairo_image_surface_create(
                cairo_image_surface_get_format(pointer),
                cairo_image_surface_get_width(pointer) * Int32(factor),
                cairo_image_surface_get_height(pointer) * Int32(factor)), name: name)
        try larger.check()
        let context = cairo_create(larger.pointer)
        defer { cairo_destroy(context) }
        cairo_scale(context, factor, factor)
        cairo_set_source_surface(context, pointer, 0, 0)
        cairo_pattern_set_filter(cairo_get_source(context), CAIRO_FILTER_NEAREST)
        cairo_paint(context)
        return larger
    }

    /// The pixels of an opaque image surface.
    package func image() throws -> Image {
        let (width, height, pixels) = try bytes(perPixel: 3) { word, pixel in
            pixel[0] = UInt8(truncatingIfNeeded: word >> 16)
            pixel[1] = UInt8(truncatingIfNeeded: word >> 8)
            pixel[2] = UInt8(truncatingIfNeeded: word)
        }
        return Image(width: width, height: height, pixels: pixels)
    }

    /// The pixels of a translucent image surface.
    package func translucentImage() throws -> TranslucentImage {
        let (width, height, pixels) = try bytes(perPixel: 4) { word, pixel in
            let opacity = word >> 24
            // Cairo keeps colours multiplied by their opacity.
            func divided(_ shift: UInt32) -> UInt8 {
                let value = word >> shift & 0xff
                if opacity == 255 || opacity == 0 { return UInt8(value) }
                return UInt8(min((value * 255 + opacity / 2) / opacity, 255))
            }
            pixel[0] = divided(16)
            pixel[1] = divided(8)
            pixel[2] = divided(0)
            pixel[3] = UInt8(opacity)
        }
        return TranslucentImage(width: width, height: height, pixels: pixels)
    }

    /// The surface's pixels, row after row, `write` turning each from Cairo's 0xAARRGGBB into bytes.
    private func bytes(
        perPixel count: Int, write: (UInt32, UnsafeMutablePointer<UInt8>) -> Void
    ) throws -> (width: Int, height: Int, bytes: [UInt8]) {
        try check()
        cairo_surface_flush(pointer)
        let width = Int(cairo_image_surface_get_width(pointer))
        let height = Int(cairo_image_surface_get_height(pointer))
        let stride = Int(cairo_image_surface_get_stride(pointer))
        guard width > 0, height > 0, let data = cairo_image_surface_get_data(pointer) else {
            throw FigureError(subject: name, fault: "no pixels were drawn")
        }
        let bytes = [UInt8](unsafeUninitializedCapacity: width * height * count) { bytes, initialized in
            guard let start = bytes.baseAddress else { return }
            for row in 0..<height {
                let words = UnsafeRawPointer(data + row * stride).assumingMemoryBound(to: UInt32.self)
                for column in 0..<width { write(words[column], start + count * (row * width + column)) }
            }
            initialized = width * height * count
        }
        return (width, height, bytes)
    }
}

extension FigureError {
    /// What Cairo says of `subject`.
    init(subject: String, status: cairo_status_t) {
        let fault = cairo_status_to_string(status).map { String(cString: $0) } ?? "Cairo failed"
        self.init(subject: subject, fault: fault)
    }
}

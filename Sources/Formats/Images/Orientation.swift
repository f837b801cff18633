import Tensors

/// The EXIF orientation of an image: the rotation or reflection between the stored and the upright image
/// (EXIF 2.3, tag 0x0112, with its numbers).
enum Orientation: Int, CaseIterable {
    case upright = 1, mirrored, rotated180, flipped, transposed, rotated90, transversed, rotated270
}

extension Orientation {
    /// The orientation in an EXIF block (a TIFF header and its directories): the first one in the first
    /// directory, or upright if there is none or the block is malformed. Broken metadata is no reason to
    /// refuse an intact image.
    init(exif block: ArraySlice<UInt8>) {
        self = Self.stated(in: block) ?? .upright
    }

    private static func stated(in block: ArraySlice<UInt8>) -> Orientation? {
        let order: OrderedBytes.Order
        switch Array(block.prefix(4)) {
        case [0x49, 0x49, 0x2a, 0x00]: order = .littleEndian
        case [0x4d, 0x4d, 0x00, 0x2a]: order = .bigEndian
        default: return nil
        }
        let tiff = OrderedBytes(bytes: block, order: order)
        guard let directory = tiff.uint32(at: 4), let entryCount = tiff.uint16(at: directory) else {
            return nil
        }
        for entry in 0..<entryCount {
            // Twelve bytes: tag, type, count, and the value itself if it fits into four.
            let offset = directory + 2 + 12 * entry
            guard let tag = tiff.uint16(at: offset), let type = tiff.uint16(at: offset + 2) else {
                return nil
            }
            guard tag == 0x0112 else { continue }
            let (short, long) = (3, 4)
            let value =
                switch type {
                case short: tiff.uint16(at: offset + 8)
                case long: tiff.uint32(at: offset + 8)
                default: nil as Int?
                }
            return value.flatMap(Orientation.init(rawValue:))
        }
        return nil
    }
}

extension Image {
    /// The upright image, from one stored with the given orientation.
    ///
    /// Unless the image is upright already, the pixels are copied, so that two copies exist for a moment.
    func turned(upright orientation: Orientation) -> Image {
        // The stored position of the upright image's first pixel, and the distances in memory, in pixels, of
        // a step to the right and a step down in the upright image.
        let (right, down) = (width - 1, (height - 1) * width)
        let (start, columnStep, rowStep) =
            switch orientation {
            case .upright: (0, 1, width)
            case .mirrored: (right, -1, width)
            case .rotated180: (right + down, -1, -width)
            case .flipped: (down, 1, -width)
            case .transposed: (0, width, 1)
            case .rotated90: (down, -width, 1)
            case .transversed: (right + down, -width, -1)
            case .rotated270: (right, width, -1)
            }
        if orientation == .upright { return self }
        let swapsAxes = orientation.rawValue >= Orientation.transposed.rawValue
        let (newWidth, newHeight) = swapsAxes ? (height, width) : (width, height)
        let turned = [UInt8](unsafeUninitializedCapacity: pixels.count) { destination, count in
            pixels.withUnsafeBufferPointer { source in
                var next = 0
                for row in 0..<newHeight {
                    var stored = 3 * (start + row * rowStep)
                    for _ in 0..<newWidth {
                        destination[next] = source[stored]
                        destination[next + 1] = source[stored + 1]
                        destination[next + 2] = source[stored + 2]
                        next += 3
                        stored += 3 * columnStep
                    }
                }
            }
            count = pixels.count
        }
        return Image(width: newWidth, height: newHeight, pixels: turned)
    }
}

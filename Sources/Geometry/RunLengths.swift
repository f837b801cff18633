// COCO stores a mask as run lengths. The mask is read column by column, each from top to bottom, and the
// counts alternate between the number of background pixels and the number of object pixels:
//
//     · # ·
//     · # #     columns  ··· ### ·## → runs of 3 0s, 3 1s, 1 0, 2 1s → counts [3, 3, 1, 2]
//     · # #
//
// The first count is of zeros, so it is 0 when the first pixel is set. Equivalently, the counts are the
// distances between the positions where the value flips; most of the code below works on those flips.

/// A mask in COCO's run-length encoding (RLE): small, and compared with others without unpacking.
public struct RunLengths: Hashable, Sendable {
    /// The size of the image.
    public let size: PixelSize
    /// The lengths of alternating runs of zeros and ones, zeros first, in column-major order. They sum to the
    /// number of pixels.
    public let counts: [UInt32]

    /// The largest image whose runs are read from a file: 2²⁸ pixels. A few bytes can claim any size, and
    /// unpacking them must not take unbounded memory.
    public static let largestPixelCount = 1 << 28

    /// Run lengths from a file.
    /// - Throws: ``RunLengthError`` when the size is negative or too large, or the runs do not fill it.
    public init(size: PixelSize, counts: [UInt32]) throws(RunLengthError) {
        let total = try Self.pixelCount(of: size)
        // At most 2³² runs below 2³² each: the sum fits.
        let sum = counts.reduce(0) { $0 + Int($1) }
        guard sum == total else { throw .sum(found: sum, expected: total) }
        self.init(uncheckedSize: size, counts: counts)
    }

    /// The run lengths of a mask, without expanding it to the whole image: one pass over the stored pixels,
    /// then time proportional to the length of the outline.
    public init(_ mask: InstanceMask) {
        self.init(uncheckedSize: mask.imageSize, flips: mask.flips())
    }

    /// The mask, stored for the smallest region that holds its pixels.
    public var mask: InstanceMask {
        let region = bounds
        var bits = [UInt8](repeating: 0, count: region.width * region.height)
        // Mark where each run begins and ends within its columns, then take the XOR of each row with the one
        // above.
        forEachSetRun { start, end in
            for column in start / size.height...(end - 1) / size.height {
                let top = max(start - column * size.height, 0) - region.y
                let bottom = min(end - column * size.height, size.height) - region.y
                bits[top * region.width + column - region.x] ^= 1
                if bottom < region.height { bits[bottom * region.width + column - region.x] ^= 1 }
            }
        }
        bits.withUnsafeMutableBufferPointer { bits in
            for index in bits.indices.dropFirst(region.width) { bits[index] ^= bits[index - region.width] }
        }
        return InstanceMask(imageSize: size, region: region, bits: bits)
    }

    /// The number of set pixels.
    public var area: Int {
        stride(from: 1, to: counts.count, by: 2).reduce(0) { $0 + Int(counts[$1]) }
    }

    /// The smallest region that holds all set pixels; empty for an empty mask.
    public var bounds: PixelRegion {
        var left = Int.max, right = 0, top = Int.max, bottom = 0
        forEachSetRun { start, end in
            let first = start / size.height, last = (end - 1) / size.height
            left = min(left, first)
            right = max(right, last + 1)
            // A run that goes on into the next column has touched the lower border, then the upper one.
            top = first == last ? min(top, start % size.height) : 0
            bottom = first == last ? max(bottom, (end - 1) % size.height + 1) : size.height
        }
        if left >= right { return .empty }
        return PixelRegion(x: left, y: top, width: right - left, height: bottom - top)
    }

    private init(uncheckedSize size: PixelSize, counts: [UInt32]) {
        self.size = size
        self.counts = counts
    }

    /// Run lengths from the positions where the value flips (`column · height + row`, ascending). Two flips
    /// at one position cancel: a run that ends where the next begins continues.
    init(uncheckedSize size: PixelSize, flips: some Sequence<Int>) {
        var distinct: [Int] = []
        for flip in flips {
            if distinct.last == flip { distinct.removeLast() } else { distinct.append(flip) }
        }
        let total = size.height * size.width
        // The last run extends to the end of the image; a run of ones that ends there is not followed by
        // zeros.
        if distinct.last != total || total == 0 { distinct.append(total) }
        var previous = 0
        let counts = distinct.map { position in
            defer { previous = position }
            return UInt32(position - previous)
        }
        self.init(uncheckedSize: size, counts: counts)
    }

    /// Calls `body` with the half-open range of positions of each non-empty run of ones (other writers
    /// produce empty runs).
    private func forEachSetRun(_ body: (_ start: Int, _ end: Int) -> Void) {
        var position = 0
        for (index, count) in counts.enumerated() {
            let end = position + Int(count)
            if index % 2 == 1 && count > 0 { body(position, end) }
            position = end
        }
    }

    static func pixelCount(of size: PixelSize) throws(RunLengthError) -> Int {
        let (count, overflow) = size.height.multipliedReportingOverflow(by: size.width)
        guard size.height >= 0, size.width >= 0, !overflow, count <= largestPixelCount else {
            throw .size(size)
        }
        return count
    }
}

/// Why run lengths from a file are refused.
public enum RunLengthError: Error, Hashable, CustomStringConvertible {
    /// A negative height or width, or more than ``RunLengths/largestPixelCount`` pixels.
    case size(PixelSize)
    /// The runs do not sum to the image's number of pixels.
    case sum(found: Int, expected: Int)
    /// A byte of the compressed string that is not one of its 64 characters, and its offset.
    case character(UInt8, offset: Int)
    /// The compressed string ends in the middle of a number.
    case truncated
    /// The number that starts at this offset in the compressed string is negative or too large for a run.
    case number(offset: Int)

    /// One line that names the fault.
    public var description: String {
        switch self {
        case .size(let size):
            "run lengths for a picture of \(size.widthByHeight) pixels, which is negative or too large"
        case .sum(let found, let expected): "run lengths sum to \(found), the picture has \(expected) pixels"
        case .character(let byte, let offset):
            "run lengths: byte \(byte) at offset \(offset) is no part of the code"
        case .truncated: "run lengths end in the middle of a number"
        case .number(let offset): "run lengths: the number at offset \(offset) is out of range"
        }
    }
}

extension InstanceMask {
    /// The positions where the mask's value flips, in column-major order, ascending. A run that reaches the
    /// lower border ends with a flip there, even if the next column starts with another flip at the same
    /// position.
    fileprivate func flips() -> [Int] {
        let width = region.width
        // Compare each row with the one above, in memory order, and count the flips of each column …
        var found: [(column: Int32, row: Int32)] = []
        var columnStarts = [Int](repeating: 0, count: width + 1)
        forEachVerticalChange { row, column in
            found.append((Int32(column), Int32(row)))
            columnStarts[column + 1] += 1
        }
        // … then sort them by column. Within a column they already ascend.
        for column in 0..<width { columnStarts[column + 1] += columnStarts[column] }
        var flips = [Int](repeating: 0, count: found.count)
        for (column, row) in found {
            let column = Int(column)
            flips[columnStarts[column]] = (region.x + column) * imageSize.height + region.y + Int(row)
            columnStarts[column] += 1
        }
        return flips
    }

    /// Calls `body` for each pixel of the region, and of the row below it, that differs from the pixel above
    /// it; pixels outside the region are 0.
    private func forEachVerticalChange(_ body: (_ row: Int, _ column: Int) -> Void) {
        let width = region.width
        bits.withUnsafeBytes { bits in
            for row in 0...region.height where width > 0 {
                var column = 0
                // Eight pixels at a time; most words are equal.
                while column + 8 <= width {
                    var changes: UInt64 = 0
                    if row < region.height {
                        changes = bits.loadUnaligned(fromByteOffset: row * width + column, as: UInt64.self)
                    }
                    if row > 0 {
                        changes ^= bits.loadUnaligned(
                            fromByteOffset: (row - 1) * width + column, as: UInt64.self)
                    }
                    changes = UInt64(littleEndian: changes)
                    while changes != 0 {
                        body(row, column + changes.trailingZeroBitCount / 8)
                        changes &= changes - 1
                    }
                    column += 8
                }
                while column < width {
                    let above = row > 0 ? bits[(row - 1) * width + column] : 0
                    let here = row < region.height ? bits[row * width + column] : 0
                    if above != here { body(row, column) }
                    column += 1
                }
            }
        }
    }
}

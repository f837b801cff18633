// COCO stores a mask as the lengths of its runs. The picture is read column after column, top to bottom, and
// the numbers tell in turn how many pixels are not the object's and how many are:
//
//     · # ·
//     · # #     columns  ··· ### ·## → runs of 3 0s, 3 1s, 1 0, 2 1s → counts [3, 3, 1, 2]
//     · # #
//
// The first number counts zeros, so it is 0 when the first pixel is set. Seen otherwise, the counts are the
// distances between the positions where the value flips; most of what follows works on those flips.

/// A mask as COCO's run lengths: small, and quick to compare with another without unpacking.
public struct RunLengths: Hashable, Sendable {
    /// The size of the picture.
    public let size: PixelSize
    /// The lengths of the runs of zeros and ones in turn, zeros first, down the columns from left to right.
    /// They sum to the number of pixels.
    public let counts: [UInt32]

    /// The largest picture whose runs are read from a file: 2²⁸ pixels. A few bytes can claim any size, and
    /// unpacking them must not take memory without bound.
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

    /// The run lengths of a mask, without unpacking it to the whole picture. Takes one pass over the stored
    /// pixels and a time proportional to the outline's length after that.
    public init(_ mask: InstanceMask) {
        self.init(uncheckedSize: mask.imageSize, flips: mask.flips())
    }

    /// The mask, stored for the smallest region that holds its pixels.
    public var mask: InstanceMask {
        let region = bounds
        var bits = [UInt8](repeating: 0, count: region.width * region.height)
        // Mark where each run begins and ends within its columns, then let every row flip the one above.
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

    /// Run lengths from the positions (`column · height + row`, in ascending order) where the value flips.
    /// Two flips at one position cancel out: a run that ends where the next begins is one run.
    init(uncheckedSize size: PixelSize, flips: some Sequence<Int>) {
        var distinct: [Int] = []
        for flip in flips {
            if distinct.last == flip { distinct.removeLast() } else { distinct.append(flip) }
        }
        let total = size.height * size.width
        // The last run goes to the end of the picture; ones that end there have no zeros after them.
        if distinct.last != total || total == 0 { distinct.append(total) }
        var previous = 0
        let counts = distinct.map { position in
            defer { previous = position }
            return UInt32(position - previous)
        }
        self.init(uncheckedSize: size, counts: counts)
    }

    /// Calls `body` with the first position and the one after the last of each run of ones that is not
    /// empty (other writers produce empty ones).
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

/// What can be wrong with run lengths in a file.
public enum RunLengthError: Error, Hashable, CustomStringConvertible {
    /// A negative height or width, or more than ``RunLengths/largestPixelCount`` pixels.
    case size(PixelSize)
    /// The runs do not sum to the picture's number of pixels.
    case sum(found: Int, expected: Int)
    /// A byte of the compressed string that is not among its 64 characters, and where it stands.
    case character(UInt8, offset: Int)
    /// The compressed string ends in the middle of a number.
    case truncated
    /// The number that begins at that byte of the compressed string is negative or too large for a run.
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
    /// Where the picture's pixels flip, read down its columns, in ascending order. A column's last run ends
    /// with a flip of its own even at the lower border, where the next column may begin with another.
    fileprivate func flips() -> [Int] {
        let width = region.width
        // Compare each row with the one above, along memory, and count the flips of each column …
        var found: [(column: Int32, row: Int32)] = []
        var columnStarts = [Int](repeating: 0, count: width + 1)
        forEachVerticalChange { row, column in
            found.append((Int32(column), Int32(row)))
            columnStarts[column + 1] += 1
        }
        // … then bring them into column order. Within a column they already ascend.
        for column in 0..<width { columnStarts[column + 1] += columnStarts[column] }
        var flips = [Int](repeating: 0, count: found.count)
        for (column, row) in found {
            let column = Int(column)
            flips[columnStarts[column]] = (region.x + column) * imageSize.height + region.y + Int(row)
            columnStarts[column] += 1
        }
        return flips
    }

    /// Calls `body` for each pixel of the region, and of the row below it, that differs from the pixel above;
    /// outside the region all are 0.
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

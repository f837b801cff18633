// The compressed string form of run lengths in COCO's JSON files. Each number is written in groups of five
// bits, lowest first, one character per group: bit 5 says that more groups follow, bit 4 of the last group is
// the sign, and 48 is added to reach printable ASCII (`0` to `o`). From the fourth count on, the difference
// from the count two earlier (the previous run of the same value) is written, which is small along a smooth
// outline.

extension RunLengths {
    /// The counts as COCO's compressed string.
    public var compressed: String {
        var bytes: [UInt8] = []
        for (index, count) in counts.enumerated() {
            var rest = Int(count)
            if index > 2 { rest -= Int(counts[index - 2]) }
            while true {
                let group = UInt8(truncatingIfNeeded: rest & 0x1f)
                rest >>= 5
                // Done when only copies of the sign bit remain.
                let isLast = group & 0x10 == 0 ? rest == 0 : rest == -1
                bytes.append((isLast ? group : group | 0x20) + 48)
                if isLast { break }
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Run lengths from COCO's compressed string.
    /// - Throws: ``RunLengthError`` when the size is negative or too large, the string is malformed, or the
    ///   runs do not fill the image.
    public init(size: PixelSize, compressed: String) throws(RunLengthError) {
        var counts: [UInt32] = []
        // Number of groups read of the current number, its value so far, and its first byte's offset.
        var groups = 0, value = 0, start = 0
        for (offset, byte) in compressed.utf8.enumerated() {
            guard byte >= 48, byte < 48 + 64 else { throw .character(byte, offset: offset) }
            let group = Int(byte) - 48
            value |= (group & 0x1f) << (5 * groups)
            groups += 1
            if group & 0x20 != 0 {
                // Seven groups are enough for every difference of two 32-bit numbers.
                guard groups < 7 else { throw .number(offset: start) }
                continue
            }
            if group & 0x10 != 0 { value |= -1 << (5 * groups) }
            if counts.count > 2 { value += Int(counts[counts.count - 2]) }
            guard let count = UInt32(exactly: value) else { throw .number(offset: start) }
            counts.append(count)
            (groups, value, start) = (0, 0, offset + 1)
        }
        guard groups == 0 else { throw .truncated }
        try self.init(size: size, counts: counts)
    }
}

/// Reads integers from untrusted bytes; nil for offsets outside them.
struct OrderedBytes {
    enum Order { case littleEndian, bigEndian }

    let bytes: ArraySlice<UInt8>
    let order: Order

    var count: Int { bytes.count }

    /// The 16-bit integer at `offset` from the start.
    func uint16(at offset: Int) -> Int? { integer(at: offset, size: 2) }

    /// The 32-bit integer at `offset` from the start.
    func uint32(at offset: Int) -> Int? { integer(at: offset, size: 4) }

    /// The `count` bytes from `offset` on.
    func slice(at offset: Int, count: Int) -> ArraySlice<UInt8>? {
        guard offset >= 0, count >= 0, offset <= bytes.count, count <= bytes.count - offset else {
            return nil
        }
        return bytes[bytes.startIndex + offset..<bytes.startIndex + offset + count]
    }

    private func integer(at offset: Int, size: Int) -> Int? {
        guard let slice = slice(at: offset, count: size) else { return nil }
        return switch order {
        case .bigEndian: slice.reduce(0) { $0 << 8 | Int($1) }
        case .littleEndian: slice.reversed().reduce(0) { $0 << 8 | Int($1) }
        }
    }
}

/// Reads consecutive little-endian numbers from part of a file, with bounds checks.
struct ByteReader {
    let file: MappedFile
    /// The name of the part in errors: "the pickle".
    let part: String
    /// The offset in the file of the next byte to read.
    private(set) var position: Int
    /// The offset just past the last byte that may be read.
    let end: Int

    /// Reads `range` of `file`, which must lie inside it.
    init(_ file: MappedFile, _ range: Range<Int>, part: String) {
        precondition(range.lowerBound >= 0 && range.upperBound <= file.bytes.count)
        self.file = file
        self.part = part
        position = range.lowerBound
        end = range.upperBound
    }

    var remaining: Int { end - position }

    /// The range of the next `count` bytes, which are skipped.
    mutating func take(_ count: Int) throws -> Range<Int> {
        guard count >= 0, count <= remaining else { throw error("ends too early") }
        defer { position += count }
        return position..<position + count
    }

    /// Reads a little-endian number.
    mutating func integer<Number: FixedWidthInteger>(_: Number.Type) throws -> Number {
        let range = try take(MemoryLayout<Number>.size)
        return Number(
            littleEndian: file.bytes.loadUnaligned(fromByteOffset: range.lowerBound, as: Number.self))
    }

    /// Reads a little-endian unsigned 64-bit number, which must fit `Int`: a length or an offset.
    mutating func length() throws -> Int {
        guard let value = Int(exactly: try integer(UInt64.self)) else {
            throw error("holds a length that no file has")
        }
        return value
    }

    /// The range of the bytes up to the next line feed; skips both.
    mutating func line(limit: Int) throws -> Range<Int> {
        let searched = file.bytes[position..<position + min(remaining, limit + 1)]
        guard let lineFeed = searched.firstIndex(of: 0x0A) else { throw error("has a line without an end") }
        defer { position = lineFeed + 1 }
        return position..<lineFeed
    }

    /// An error about the part being read.
    func error(_ fault: String) -> FileError { file.error("\(part) \(fault)") }
}

/// Reads little-endian numbers from part of a file, one after the other, and never past its end.
struct ByteReader {
    let file: MappedFile
    /// What is being read, for the error at an unexpected end: "the pickle".
    let part: String
    /// The next byte to read, counted from the start of the file.
    private(set) var position: Int
    /// One past the last byte that may be read.
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

    /// Where the next `count` bytes lie; steps over them.
    mutating func take(_ count: Int) throws -> Range<Int> {
        guard count >= 0, count <= remaining else { throw error("ends too early") }
        defer { position += count }
        return position..<position + count
    }

    /// The next little-endian number.
    mutating func integer<Number: FixedWidthInteger>(_: Number.Type) throws -> Number {
        let range = try take(MemoryLayout<Number>.size)
        return Number(
            littleEndian: file.bytes.loadUnaligned(fromByteOffset: range.lowerBound, as: Number.self))
    }

    /// The next little-endian unsigned 64-bit number, which must be a possible length or position.
    mutating func length() throws -> Int {
        guard let value = Int(exactly: try integer(UInt64.self)) else {
            throw error("holds a length that no file has")
        }
        return value
    }

    /// The bytes up to the next line feed; steps over both.
    mutating func line(limit: Int) throws -> Range<Int> {
        let searched = file.bytes[position..<position + min(remaining, limit + 1)]
        guard let lineFeed = searched.firstIndex(of: 0x0A) else { throw error("has a line without an end") }
        defer { position = lineFeed + 1 }
        return position..<lineFeed
    }

    /// An error about the part being read.
    func error(_ fault: String) -> FileError { file.error("\(part) \(fault)") }
}

import CZlib

// The zip container, as far as it is used by tensor files.
//
//     member 0: local header, name, extra field, data
//     member 1: …
//     central directory: one record per member, with its sizes and the offset of its local header
//     ZIP64 end record and its locator (optional)
//     end record: the offset of the central directory
//
// Sizes are taken from the central directory only: PyTorch leaves them zero in the local headers and puts
// them after the data. Of a local header, only the lengths of its name and extra field are used, to find the
// data.
// Format: APPNOTE.TXT of PKWARE.

/// The members of a zip file.
struct ZipArchive {
    let file: MappedFile
    /// The members, in the order of the central directory.
    let members: [Member]
    private let indices: [String: Int]

    subscript(name: String) -> Member? { indices[name].map { members[$0] } }

    /// Whether `file` starts like a zip file.
    static func recognizes(_ file: MappedFile) -> Bool {
        file.contains([0x50, 0x4B, 0x03, 0x04], at: 0) || file.contains([0x50, 0x4B, 0x05, 0x06], at: 0)
    }

    /// Reads the central directory of `file`.
    /// - Throws: ``FileError`` when the file is truncated or damaged, or has members that are encrypted,
    ///   overlap, or share a name.
    init(_ file: MappedFile) throws {
        let end = try EndRecord(file)
        var reader = ByteReader(file, end.directory, part: "the zip directory")
        var members: [Member] = []
        var indices: [String: Int] = [:]
        for _ in 0..<end.count {
            let member = try Member(file, &reader, dataEnd: end.directory.lowerBound)
            guard indices.updateValue(members.count, forKey: member.name) == nil else {
                throw file.error("has the member \(quoted(member.name)) twice")
            }
            members.append(member)
        }
        guard reader.remaining == 0 else { throw reader.error("has more entries than it says") }
        let sorted = members.sorted { $0.headerOffset < $1.headerOffset }
        for (member, next) in zip(sorted, sorted.dropFirst()) {
            guard member.data.upperBound <= next.headerOffset else {
                throw file.error("has the members \(quoted(member.name)) and \(quoted(next.name)) overlap")
            }
        }
        self.file = file
        self.members = members
        self.indices = indices
    }

    /// One file in the archive.
    struct Member: Sendable {
        let file: MappedFile
        let name: String
        let isDeflated: Bool
        /// The length when unpacked.
        let size: Int
        /// CRC-32 of the unpacked bytes.
        let checksum: UInt32
        fileprivate let headerOffset: Int
        /// The range of the bytes in `file`; deflated if `isDeflated`.
        let data: Range<Int>
    }
}

extension ZipArchive {
    /// The range of the central directory, and the number of members that it lists.
    private struct EndRecord {
        let directory: Range<Int>
        let count: Int

        init(_ file: MappedFile) throws {
            guard let start = EndRecord.position(in: file) else {
                throw file.error("is a zip file without an end: truncated, perhaps")
            }
            var reader = ByteReader(file, start..<file.bytes.count, part: "the zip end record")
            _ = try reader.take(4)
            let disks = (try reader.integer(UInt16.self), try reader.integer(UInt16.self))
            var counts = (Int(try reader.integer(UInt16.self)), Int(try reader.integer(UInt16.self)))
            var size = Int(try reader.integer(UInt32.self))
            var offset = Int(try reader.integer(UInt32.self))
            var limit = start

            // The locator of a ZIP64 end record is in the 20 bytes before.
            if file.contains([0x50, 0x4B, 0x06, 0x07], at: start - 20) {
                var locator = ByteReader(file, start - 12..<start, part: "the zip64 locator")
                limit = try locator.length()
                guard limit < start, file.contains([0x50, 0x4B, 0x06, 0x06], at: limit) else {
                    throw locator.error("points to nothing")
                }
                var record = ByteReader(file, limit..<start, part: "the zip64 end record")
                _ = try record.take(4 + 8 + 2 + 2 + 4 + 4)
                counts = (try record.length(), try record.length())
                size = try record.length()
                offset = try record.length()
            } else {
                guard disks == (0, 0) else { throw file.error("is one part of a zip file in several") }
            }
            guard counts.0 == counts.1 else { throw file.error("is one part of a zip file in several") }
            guard offset <= limit, size <= limit - offset else {
                throw file.error("has its zip directory outside the file")
            }
            // A record has at least 46 bytes, which limits the count.
            guard counts.0 <= size / 46 else {
                throw file.error("has more zip members than its directory holds")
            }
            directory = offset..<offset + size
            count = counts.0
        }

        /// The end record is the last part of the file, except for a comment of up to 65535 bytes, whose
        /// length it gives.
        private static func position(in file: MappedFile) -> Int? {
            let count = file.bytes.count
            guard count >= 22 else { return nil }
            for start in stride(from: count - 22, through: max(0, count - 22 - 65535), by: -1) {
                if file.bytes[start] == 0x50, file.contains([0x50, 0x4B, 0x05, 0x06], at: start) {
                    let comment = Int(file.bytes[start + 20]) + Int(file.bytes[start + 21]) << 8
                    if start + 22 + comment == count { return start }
                }
            }
            return nil
        }
    }
}

extension ZipArchive.Member {
    /// Reads one record of the central directory.
    /// - Parameter dataEnd: the offset by which members must end.
    fileprivate init(_ file: MappedFile, _ reader: inout ByteReader, dataEnd: Int) throws {
        guard file.contains([0x50, 0x4B, 0x01, 0x02], at: try reader.take(4).lowerBound) else {
            throw reader.error("has an entry with a wrong signature")
        }
        _ = try reader.take(4)
        let flags = try reader.integer(UInt16.self)
        let method = try reader.integer(UInt16.self)
        _ = try reader.take(4)
        checksum = try reader.integer(UInt32.self)
        var sizes = ZipSizes(
            packed: Int(try reader.integer(UInt32.self)), unpacked: Int(try reader.integer(UInt32.self)))
        let nameLength = Int(try reader.integer(UInt16.self))
        let extraLength = Int(try reader.integer(UInt16.self))
        let commentLength = Int(try reader.integer(UInt16.self))
        _ = try reader.take(2 + 2 + 4)
        sizes.headerOffset = Int(try reader.integer(UInt32.self))
        guard let name = file.text(try reader.take(nameLength)) else {
            throw reader.error("has a name that is not UTF-8")
        }
        try sizes.widen(ByteReader(file, try reader.take(extraLength), part: "the zip extra field"))
        _ = try reader.take(commentLength)

        func fault(_ text: String) -> FileError { file.error("zip member \(quoted(name)) \(text)") }
        guard flags & 0x2041 == 0 else { throw fault("is encrypted") }
        guard method == 0 || method == 8 else { throw fault("is packed by method \(method), not deflate") }
        guard method == 8 || sizes.packed == sizes.unpacked else { throw fault("has two different sizes") }

        let header = sizes.headerOffset
        guard header <= dataEnd - 30, file.contains([0x50, 0x4B, 0x03, 0x04], at: header) else {
            throw fault("is not where the directory says")
        }
        var local = ByteReader(file, header + 26..<header + 30, part: "the zip header")
        let localName = Int(try local.integer(UInt16.self))
        let localExtra = Int(try local.integer(UInt16.self))
        let start = header + 30 + localName + localExtra
        guard start <= dataEnd, sizes.packed <= dataEnd - start else {
            throw fault("reaches outside the file")
        }

        self.file = file
        self.name = name
        isDeflated = method == 8
        size = sizes.unpacked
        headerOffset = header
        data = start..<start + sizes.packed
    }

    /// The bytes of a member; not copied if it is stored uncompressed.
    var contents: StoredBytes { isDeflated ? .packed(self, 0..<size) : .mapped(file, data) }

    /// The largest member that is unpacked, in bytes: well above any tensor of the stage contract.
    static let sizeLimit = 1 << 31

    /// The first `count` bytes of a deflated member, or all of them.
    ///
    /// Never produces more than the directory declares, and refuses at once if the declared ratio is beyond
    /// what deflate can reach (a factor of 1032).
    /// - Throws: ``FileError`` when the data is damaged, or unpacks to another length than declared; the
    ///   checksum is compared when the whole member is unpacked.
    func unpacked(first count: Int? = nil) throws -> MappedFile {
        func fault(_ text: String) -> FileError { file.error("zip member \(quoted(name)) \(text)") }
        guard size <= Self.sizeLimit, size / 1032 <= data.count else {
            throw fault("claims to unpack to \(size) bytes, which it cannot")
        }
        let wanted = min(count ?? size, size)
        return try MappedFile(path: file.path, count: wanted) { destination in
            let packed = UnsafeRawBufferPointer(rebasing: file.bytes[data])
            guard try inflate(packed, into: destination, whole: wanted == size) else {
                throw fault("is damaged")
            }
            if wanted == size, checksumOf(UnsafeRawBufferPointer(destination)) != checksum {
                throw fault("is damaged: its checksum differs")
            }
        }
    }
}

/// The sizes and the offset of a member, which ZIP64 moves to an extra field when 32 bits are not enough.
private struct ZipSizes {
    var packed: Int
    var unpacked: Int
    var headerOffset = 0

    init(packed: Int, unpacked: Int) {
        self.packed = packed
        self.unpacked = unpacked
    }

    /// Reads from the extra field those values that have the largest 32-bit value in the record, in this
    /// order.
    mutating func widen(_ extra: ByteReader) throws {
        let saturated = Int(UInt32.max)
        guard unpacked == saturated || packed == saturated || headerOffset == saturated else { return }
        var extra = extra
        while extra.remaining >= 4 {
            let identifier = try extra.integer(UInt16.self)
            let range = try extra.take(Int(try extra.integer(UInt16.self)))
            guard identifier == 1 else { continue }
            var wide = ByteReader(extra.file, range, part: "the zip64 extra field")
            if unpacked == saturated { unpacked = try wide.length() }
            if packed == saturated { packed = try wide.length() }
            if headerOffset == saturated { headerOffset = try wide.length() }
            return
        }
    }
}

/// Unpacks raw deflate data into `destination`, which it must fill.
/// - Parameter whole: whether the data must also end there.
/// - Returns: whether that succeeded.
private func inflate(
    _ packed: UnsafeRawBufferPointer, into destination: UnsafeMutableRawBufferPointer, whole: Bool
) throws -> Bool {
    var stream = z_stream()
    // Negative window bits: no zlib header around the data.
    guard inflateInit2_(&stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
        return false
    }
    defer { inflateEnd(&stream) }
    // One byte more than declared, to detect data that goes on.
    var surplus: UInt8 = 0
    var packed = packed[...]
    var rest = destination[...]
    while true {
        // zlib's counts have 32 bits.
        let input = UnsafeRawBufferPointer(rebasing: packed.prefix(1 << 30))
        stream.next_in = UnsafeMutablePointer(
            mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.avail_in = UInt32(input.count)
        let room = rest.isEmpty ? 1 : min(rest.count, 1 << 30)
        let status = withUnsafeMutablePointer(to: &surplus) { surplus in
            stream.next_out =
                rest.isEmpty
                ? surplus
                : UnsafeMutableRawBufferPointer(rebasing: rest).baseAddress?.assumingMemoryBound(
                    to: UInt8.self)
            stream.avail_out = UInt32(room)
            return CZlib.inflate(&stream, Z_NO_FLUSH)
        }
        let consumed = input.count - Int(stream.avail_in)
        let produced = room - Int(stream.avail_out)
        if rest.isEmpty && produced > 0 { return false }
        packed = packed.dropFirst(consumed)
        rest = rest.dropFirst(produced)
        if rest.isEmpty && !whole { return true }
        if status == Z_STREAM_END { return rest.isEmpty && packed.isEmpty }
        guard status == Z_OK, consumed > 0 || produced > 0 else { return false }
    }
}

/// The CRC-32 of zip.
private func checksumOf(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    var checksum: UInt = 0
    var rest = bytes[...]
    while !rest.isEmpty {
        let part = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 30))
        checksum = crc32(checksum, part.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt32(part.count))
        rest = rest.dropFirst(part.count)
    }
    return UInt32(truncatingIfNeeded: checksum)
}

/// Builds zip files, valid ones and others, byte by byte after APPNOTE.TXT.
struct ZipBuilder {
    struct Member {
        var name: [UInt8]
        /// As it lies in the file, packed or not.
        var data: [UInt8]
        var method: UInt16 = 0
        var flags: UInt16 = 0
        /// What the directory claims; by default the truth about a stored member.
        var size: UInt32?
        var packedSize: UInt32?
        /// Compared for deflated members only.
        var checksum: UInt32 = 0
        var headerOffset: UInt32?
        var extra: [UInt8] = []

        init(_ name: String, _ data: [UInt8]) {
            self.name = Array(name.utf8)
            self.data = data
        }

        /// Deflated without compression: one final stored block.
        static func deflated(_ name: String, _ contents: [UInt8]) -> Member {
            let count = UInt16(contents.count)
            var member = Member(name, [1] + littleEndian(count) + littleEndian(~count) + contents)
            member.method = 8
            member.size = UInt32(contents.count)
            member.checksum = crc32(contents)
            return member
        }
    }

    var members: [Member]
    var comment: [UInt8] = []
    var disk: UInt16 = 0
    var count: UInt16?
    var directoryOffset: UInt32?
    var directorySize: UInt32?
    /// Fields of a ZIP64 end record, if there is to be one: count, size, offset, and where it is.
    var wide: (count: UInt64, size: UInt64, offset: UInt64, position: UInt64?)?

    init(_ members: Member...) { self.members = members }

    /// Where the central directory starts and how long it is, as built.
    private(set) var directory = 0..<0

    mutating func build() -> [UInt8] {
        var file: [UInt8] = []
        var directory: [UInt8] = []
        for member in members {
            let offset = UInt32(file.count)
            // Sizes and checksum are zero in local headers, as PyTorch writes them.
            file += [0x50, 0x4B, 3, 4, 20, 0] + littleEndian(member.flags) + littleEndian(member.method)
            file += [UInt8](repeating: 0, count: 16) + littleEndian(UInt16(member.name.count)) + [3, 0]
            file += member.name + [0, 0, 0] + member.data
            directory += [0x50, 0x4B, 1, 2, 20, 0, 20, 0]
            directory += littleEndian(member.flags) + littleEndian(member.method) + [0, 0, 0, 0]
            directory += littleEndian(member.checksum)
            directory += littleEndian(member.packedSize ?? UInt32(member.data.count))
            directory += littleEndian(member.size ?? UInt32(member.data.count))
            directory += littleEndian(UInt16(member.name.count)) + littleEndian(UInt16(member.extra.count))
            directory += [0, 0, 0, 0, 0, 0, 0, 0, 0, 0] + littleEndian(member.headerOffset ?? offset)
            directory += member.name + member.extra
        }
        self.directory = file.count..<file.count + directory.count
        file += directory
        if let wide {
            let position = UInt64(file.count)
            file += [0x50, 0x4B, 6, 6] + littleEndian(UInt64(44)) + [45, 0, 45, 0]
            file += [UInt8](repeating: 0, count: 8) + littleEndian(wide.count) + littleEndian(wide.count)
            file += littleEndian(wide.size) + littleEndian(wide.offset)
            file += [0x50, 0x4B, 6, 7, 0, 0, 0, 0] + littleEndian(wide.position ?? position) + [1, 0, 0, 0]
        }
        let count = count ?? UInt16(members.count)
        file += [0x50, 0x4B, 5, 6] + littleEndian(disk) + littleEndian(disk)
        file += littleEndian(count) + littleEndian(count)
        file += littleEndian(directorySize ?? UInt32(directory.count))
        file += littleEndian(directoryOffset ?? UInt32(self.directory.lowerBound))
        return file + littleEndian(UInt16(comment.count)) + comment
    }

    /// The bytes of a zip file with these members.
    static func bytes(_ members: Member...) -> [UInt8] {
        var builder = ZipBuilder()
        builder.members = members
        return builder.build()
    }
}

/// CRC-32 bit by bit.
func crc32(_ bytes: [UInt8]) -> UInt32 {
    var checksum = UInt32.max
    for byte in bytes {
        checksum ^= UInt32(byte)
        for _ in 0..<8 { checksum = checksum >> 1 ^ (checksum & 1 == 0 ? 0 : 0xEDB8_8320) }
    }
    return ~checksum
}

/// An npy file by hand; the header is padded to 64 bytes.
func npy(_ header: String, _ data: [UInt8], version: UInt8 = 1) -> [UInt8] {
    let prelude = version == 1 ? 10 : 12
    let padding = 63 - (prelude + header.utf8.count) % 64
    let text = Array((header + String(repeating: " ", count: padding) + "\n").utf8)
    let length = version == 1 ? littleEndian(UInt16(text.count)) : littleEndian(UInt32(text.count))
    return [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, version, 0] + length + text + data
}

/// UTF-8 in which every character stands for one byte, U+0000 to U+00FF: how Python 3 writes bytes into pickles
/// of protocols that have no bytes.
///
/// Half of all byte values take two bytes there, so that the bytes do not lie in the file as they are.
struct Latin1Text: Sendable {
    let file: MappedFile
    private let range: Range<Int>
    /// The number of bytes that it stands for.
    let byteCount: Int

    /// The text in `range` of `file`; nil when it is no such text.
    init?(_ file: MappedFile, _ range: Range<Int>) {
        let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[range])
        var count = 0
        var index = 0
        while index < bytes.count {
            switch bytes[index] {
            case 0..<0x80: index += 1
            case 0xC2, 0xC3:
                guard index + 1 < bytes.count, bytes[index + 1] & 0xC0 == 0x80 else { return nil }
                index += 2
            default: return nil
            }
            count += 1
        }
        self.file = file
        self.range = range
        byteCount = count
    }

    /// The bytes that it stands for, in memory.
    func decoded() -> MappedFile {
        let text = UnsafeRawBufferPointer(rebasing: file.bytes[range])
        return MappedFile(path: file.path, count: byteCount) { bytes in
            var index = 0
            for place in bytes.indices {
                if text[index] < 0x80 {
                    bytes[place] = text[index]
                    index += 1
                } else {
                    // 110000xx 10yyyyyy
                    bytes[place] = text[index] << 6 | text[index + 1] & 0x3F
                    index += 2
                }
            }
        }
    }
}

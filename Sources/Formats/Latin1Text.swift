/// Bytes encoded as UTF-8 text of the characters U+0000 to U+00FF: how Python 3 writes bytes in pickle
/// protocols that do not have bytes.
///
/// Byte values from 128 on take two bytes, so the decoded bytes are not contained in the file.
struct Latin1Text: Sendable {
    let file: MappedFile
    private let range: Range<Int>
    /// The number of decoded bytes.
    let byteCount: Int

    /// The text in `range` of `file`; nil when it is not text of these characters.
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

    /// The decoded bytes, in memory.
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

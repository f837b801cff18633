/// The bytes behind a stored tensor: part of a mapped file, or of a compressed archive member that is
/// unpacked, or text that is decoded, each time the bytes are asked for.
enum StoredBytes: Sendable {
    /// `range` of `file`.
    case mapped(MappedFile, Range<Int>)
    /// `range` of the unpacked member.
    case packed(ZipArchive.Member, Range<Int>)
    /// `range` of the bytes that a text stands for.
    case latin1(Latin1Text, Range<Int>)

    /// Bytes that are in memory, and the object that keeps them there.
    struct Loaded {
        let file: MappedFile
        let range: Range<Int>
    }

    /// The number of bytes.
    var count: Int {
        switch self {
        case .mapped(_, let range), .packed(_, let range), .latin1(_, let range): range.count
        }
    }

    /// The file they come from, for errors.
    var path: String {
        switch self {
        case .mapped(let file, _): file.path
        case .packed(let member, _): member.file.path
        case .latin1(let text, _): text.file.path
        }
    }

    /// Part of these bytes; `part` counts from their start and must lie inside.
    func part(_ part: Range<Int>) -> StoredBytes {
        precondition(part.lowerBound >= 0 && part.upperBound <= count)
        func moved(_ range: Range<Int>) -> Range<Int> {
            range.lowerBound + part.lowerBound..<range.lowerBound + part.upperBound
        }
        switch self {
        case .mapped(let file, let range): return .mapped(file, moved(range))
        case .packed(let member, let range): return .packed(member, moved(range))
        case .latin1(let text, let range): return .latin1(text, moved(range))
        }
    }

    /// The bytes in memory.
    /// - Throws: ``FileError`` when a compressed member is damaged.
    func load() throws -> Loaded {
        switch self {
        case .mapped(let file, let range): Loaded(file: file, range: range)
        case .packed(let member, let range): Loaded(file: try member.unpacked(), range: range)
        case .latin1(let text, let range): Loaded(file: text.decoded(), range: range)
        }
    }
}

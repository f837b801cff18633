/// The bytes of a stored tensor: part of a mapped file, of a compressed archive member, or of encoded text.
/// The latter two are decoded at each access.
enum StoredBytes: Sendable {
    /// A range of a file.
    case mapped(MappedFile, Range<Int>)
    /// A range of the unpacked member.
    case packed(ZipArchive.Member, Range<Int>)
    /// A range of the decoded bytes.
    case latin1(Latin1Text, Range<Int>)

    /// Bytes in memory, and the object that owns them.
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

    /// The path of their file, for errors.
    var path: String {
        switch self {
        case .mapped(let file, _): file.path
        case .packed(let member, _): member.file.path
        case .latin1(let text, _): text.file.path
        }
    }

    /// Part of these bytes; `part` is relative to their start and must lie inside.
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

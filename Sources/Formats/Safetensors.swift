// The safetensors container.
//
//     8 bytes    header length N, unsigned little-endian
//     N bytes    JSON: {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, …}
//     the rest   the tensors, row-major, little-endian; data_offsets count from here
//
// The tensors must cover the rest exactly, without gaps (where something could be hidden) or overlaps.
// Format: https://github.com/huggingface/safetensors.

/// The contents of a safetensors file.
struct Safetensors {
    /// The tensors, in the order of their data in the file.
    let tensors: [StoredTensor]
    let metadata: [String: String]

    /// The longest header that the format allows, in bytes.
    static let headerLimit = 100_000_000

    /// Reads the header of `file` and checks it against the file's length.
    /// - Throws: ``FileError`` for anything that the format does not allow.
    init(_ file: MappedFile) throws {
        var reader = ByteReader(file, file.range, part: "the safetensors header")
        let length = try reader.length()
        guard length <= Safetensors.headerLimit else { throw reader.error("is too long (\(length) bytes)") }
        let header = try reader.take(length)

        var scanner = HeaderScanner(ByteReader(file, header, part: "the safetensors header"), syntax: .json)
        var entries: [Entry] = []
        var names: Set<String> = []
        var metadata: [String: String] = [:]
        try scanner.object { scanner, name in
            guard names.insert(name).inserted else { throw scanner.error("has \(quoted(name)) twice") }
            if name == "__metadata__" {
                metadata = try scanner.stringDictionary()
            } else {
                entries.append(try Entry(name: name, &scanner))
            }
        }
        try scanner.expectEnd()

        // A stable order, so that tensors without elements keep the order of the header.
        entries = entries.enumerated().sorted {
            ($0.element.begin, $0.element.end, $0.offset) < ($1.element.begin, $1.element.end, $1.offset)
        }.map(\.element)
        let data = header.upperBound..<file.bytes.count
        var end = 0
        for entry in entries {
            guard entry.begin == end else {
                throw file.error("tensor \(quoted(entry.name)) does not start where the one before it ends")
            }
            end = entry.end
        }
        guard end == data.count else {
            throw file.error("has \(data.count) bytes of tensors, but its header describes \(end)")
        }
        self.metadata = metadata
        tensors = try entries.map { entry in
            let start = data.lowerBound
            return try StoredTensor(
                name: entry.name, element: entry.element, shape: entry.shape,
                contents: .mapped(file, start + entry.begin..<start + entry.end))
        }
    }

    /// The header's entry for one tensor.
    private struct Entry {
        let name: String
        let element: ElementType
        let shape: [Int]
        let begin: Int
        let end: Int

        init(name: String, _ scanner: inout HeaderScanner) throws {
            var element: ElementType?
            var shape: [Int]?
            var offsets: [Int]?
            try scanner.object { scanner, key in
                switch key {
                case "dtype" where element == nil:
                    let type = try scanner.string()
                    element = ElementType(rawValue: type)
                    if element == nil { throw scanner.error("has the unknown dtype \(quoted(type))") }
                case "shape" where shape == nil: shape = try scanner.integers(between: "[", and: "]")
                case "data_offsets" where offsets == nil:
                    offsets = try scanner.integers(between: "[", and: "]", limit: 2)
                default: throw scanner.error("has an unexpected \(quoted(key)) in tensor \(quoted(name))")
                }
            }
            guard let element, let shape, let offsets, offsets.count == 2 else {
                throw scanner.error("lacks the dtype, shape or two data_offsets of tensor \(quoted(name))")
            }
            (begin, end) = (offsets[0], offsets[1])
            guard begin <= end else { throw scanner.error("has tensor \(quoted(name)) end before it starts") }
            guard let count = elementCount(of: shape), element.byteCount(of: count) == end - begin else {
                throw scanner.error(
                    "gives tensor \(quoted(name)) \(end - begin) bytes, which is not what"
                        + " \(element.rawValue) \(shape) takes")
            }
            self.name = name
            self.element = element
            self.shape = shape
        }
    }
}

extension HeaderScanner {
    /// Reads an object whose values are all strings.
    mutating func stringDictionary() throws -> [String: String] {
        var dictionary: [String: String] = [:]
        try object { scanner, key in
            let value = try scanner.string()
            guard dictionary.updateValue(value, forKey: key) == nil else {
                throw scanner.error("has \(quoted(key)) twice")
            }
        }
        return dictionary
    }
}

// A large checkpoint split into several safetensors files by Hugging Face's libraries, with an index beside
// them:
//
//     {"metadata": {"total_size": 177841664},
//      "weight_map": {"backbone.body.conv1.weight": "model-00001-of-00003.safetensors", …}}

/// The contents of the files that an index names.
struct ShardedSafetensors {
    /// The tensors of all parts, in the order of the parts' names.
    let tensors: [StoredTensor]
    /// The metadata of all parts; where they differ, that of the first.
    let metadata: [String: String]
    /// The parts.
    let files: [MappedFile]

    /// The usual name of an index, in a folder with its parts.
    static let indexName = "model.safetensors.index.json"

    private static let sizeLimit = 1 << 26
    private static let partLimit = 1000

    /// Whether a file is JSON and has a `weight_map`.
    static func recognizes(_ file: MappedFile) -> Bool {
        guard file.contains([UInt8(ascii: "{")], at: 0), file.bytes.count < sizeLimit else { return false }
        // A safetensors file can begin with the same byte: that of its header's length, which has zeros in
        // it.
        guard !file.bytes.prefix(8).contains(0) else { return false }
        let key = Array("\"weight_map\"".utf8)
        let last = file.bytes.count - key.count
        return last >= 0
            && (0...last).contains { file.bytes[$0] == key[0] && file.contains(key, at: $0) }
    }

    /// Opens the parts, which are in the folder of the index.
    /// - Throws: ``FileError`` for a damaged index or part, and for a part that is missing or lacks a tensor.
    init(_ index: MappedFile) throws {
        var scanner = HeaderScanner(ByteReader(index, index.range, part: "the index"), syntax: .json)
        var map: [String: String] = [:]
        try scanner.object { scanner, key in
            if key == "weight_map" { map = try scanner.stringDictionary() } else { try scanner.skipValue() }
        }
        try scanner.expectEnd()
        let parts = Set(map.values).sorted()
        guard !parts.isEmpty, parts.count <= Self.partLimit else {
            throw index.error("is an index of \(parts.count) files of tensors")
        }
        let folder = index.path.lastIndex(of: "/").map { index.path[...$0] } ?? ""
        var tensors: [StoredTensor] = []
        var metadata: [String: String] = [:]
        var files: [MappedFile] = []
        var holders: [String: String] = [:]
        for part in parts {
            guard !part.isEmpty, part != "..", !part.contains(where: { $0 == "/" || $0 == "\0" }) else {
                throw index.error("names the part \(quoted(part)), which is not beside it")
            }
            let file: MappedFile
            do { file = try MappedFile(path: folder + part) } catch let error as FileError {
                throw index.error("needs the part \(quoted(part)), which cannot be read: \(error.fault)")
            }
            let contents = try Safetensors(file)
            for tensor in contents.tensors { holders[tensor.name] = part }
            tensors += contents.tensors
            metadata.merge(contents.metadata) { first, _ in first }
            files.append(file)
        }
        for (name, part) in map.sorted(by: { $0.key < $1.key }) where holders[name] != part {
            throw index.error("has \(quoted(name)) in \(quoted(part)), which does not have it")
        }
        self.tensors = tensors
        self.metadata = metadata
        self.files = files
    }

    /// The part number and the number of parts in a file name such as `model-00002-of-00003.safetensors`; nil
    /// for other names.
    static func part(_ path: String) -> (number: Int, count: Int)? {
        let name = path.split(separator: "/").last ?? ""
        guard name.hasSuffix(".safetensors") else { return nil }
        let words = name.dropLast(".safetensors".count).split(separator: "-").suffix(3)
        guard words.count == 3, words.dropFirst().first == "of",
            let number = words.first.flatMap({ Int($0) }),
            let count = words.last.flatMap({ Int($0) }), count > 1
        else { return nil }
        return (number, count)
    }
}

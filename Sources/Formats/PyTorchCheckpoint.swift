// The two containers written by `torch.save`.
//
// Since PyTorch 1.6, a zip file of uncompressed members in one top folder X:
//
//     X/data.pkl   the pickle
//     X/data/K     the elements of storage K
//     X/byteorder  "little"; absent from older files
//
// Before 1.6, and still with `_use_new_zipfile_serialization=False`, a sequence of pickles and raw data:
//
//     the magic number 0x1950a86a20f9469cfc6c, the protocol version 1001, a dictionary of the system's sizes,
//     the object, a list of storage keys, and then for each key in that order
//     8 bytes      the number of elements, little-endian
//     the elements

/// The parameters in a file written by `torch.save`.
enum PyTorchCheckpoint {
    /// Whether an archive looks like PyTorch's.
    static func recognizes(_ archive: ZipArchive) -> Bool {
        archive.members.contains { $0.name == "data.pkl" || $0.name.hasSuffix("/data.pkl") }
    }

    /// The tensors and notes of the zip form.
    /// - Throws: ``FileError`` for a damaged file, or one without a state dict.
    static func contents(_ archive: ZipArchive, entry: String? = nil) throws -> PyTorchStateDict.Contents {
        let file = archive.file
        let pickles = archive.members.filter { $0.name.hasSuffix("/data.pkl") && isAtTop($0.name) }
        guard let pickle = pickles.first, pickles.count == 1 else {
            throw file.error("does not have one data.pkl in one folder")
        }
        let folder = pickle.name.dropLast("data.pkl".count)
        if archive.members.contains(where: {
            $0.name == folder + "constants.pkl" || $0.name.hasPrefix(folder + "code/")
        }) {
            throw file.error("is a TorchScript program, not a checkpoint: save the model's state_dict()")
        }
        for member in archive.members where member.isDeflated {
            throw file.error("zip member \(quoted(member.name)) is compressed, which PyTorch does not do")
        }
        if let order = archive[folder + "byteorder"], file.text(order.data) != "little" {
            throw file.error("was written on a big-endian machine, which is not read")
        }
        return try PyTorchStateDict.contents(
            try PickleReader.read(file, pickle.data), entry: entry
        ) { storage in
            let name = folder + "data/" + storage.key
            guard let member = archive[name] else { throw file.error("lacks the zip member \(quoted(name))") }
            guard member.size == storage.byteCount else {
                throw file.error("zip member \(quoted(name)) does not have the size of its storage")
            }
            return .mapped(file, member.data)
        }
    }

    private static func isAtTop(_ name: String) -> Bool {
        name.utf8.filter { $0 == UInt8(ascii: "/") }.count == 1
    }

    /// The magic number as a pickle of its own: protocol 2, a LONG1 of ten bytes, STOP.
    private static let legacyMagic: [UInt8] = [
        0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
    ]

    /// Whether a file looks like the form before PyTorch 1.6.
    static func recognizesLegacy(_ file: MappedFile) -> Bool { file.contains(legacyMagic, at: 0) }

    /// The tensors and notes of the form before PyTorch 1.6.
    /// - Throws: ``FileError`` for a damaged file, or one without a state dict.
    static func legacyContents(_ file: MappedFile, entry: String? = nil) throws -> PyTorchStateDict.Contents {
        let version = try PickleReader.read(file, legacyMagic.count..<file.bytes.count)
        guard version.tree.integer(version.root) == 1001 else {
            throw file.error("has an unknown version of PyTorch's old format")
        }
        let system = try PickleReader.read(file, version.end..<file.bytes.count)
        let isLittleEndian = system.tree.dictionary(system.root)?.first {
            system.tree.text($0.key) == "little_endian"
        }
        guard let isLittleEndian, system.tree.boolean(isLittleEndian.value) == true else {
            throw file.error("was written on a big-endian machine, which is not read")
        }
        let object = try PickleReader.read(file, system.end..<file.bytes.count)
        let keys = try PickleReader.read(file, object.end..<file.bytes.count)
        let ranges = try legacyStorages(object.tree, keys)
        return try PyTorchStateDict.contents(object, entry: entry) { storage in
            guard let range = ranges[storage.key] else {
                throw file.error("lacks the storage \(quoted(storage.key))")
            }
            return .mapped(file, range)
        }
    }

    /// The byte range of each storage. The sizes of all storages, even unused ones, must be taken from the
    /// pickle: the data section gives their numbers of elements, but not the element sizes.
    private static func legacyStorages(
        _ tree: PickleTree, _ keys: PickleReader.Result
    ) throws -> [String: Range<Int>] {
        let file = tree.file
        var storages: [String: PyTorchStorage] = [:]
        for case .persistent(let identifier) in tree.nodes {
            let storage = try PyTorchStorage(tree, identifier)
            if let known = storages[storage.key] {
                guard known.element == storage.element, known.count == storage.count else {
                    throw file.error("describes the storage \(quoted(storage.key)) in two ways")
                }
            }
            storages[storage.key] = storage
        }
        guard case .list(let items) = keys.tree[keys.root] else {
            throw file.error("lacks the list of its storages")
        }
        var ranges: [String: Range<Int>] = [:]
        var reader = ByteReader(file, keys.end..<file.bytes.count, part: "the data")
        for item in keys.tree.members(items) {
            guard let key = keys.tree.text(item), let storage = storages[key] else {
                throw file.error("lists a storage that no tensor uses")
            }
            guard try reader.length() == storage.count, let byteCount = storage.byteCount else {
                throw file.error("storage \(quoted(key)) does not have the size that its tensors need")
            }
            guard ranges.updateValue(try reader.take(byteCount), forKey: key) == nil else {
                throw file.error("lists the storage \(quoted(key)) twice")
            }
        }
        guard reader.remaining == 0 else { throw file.error("goes on after its last storage") }
        return ranges
    }
}

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// A file of named tensors, in any of the supported containers.
///
/// Opening maps the file and reads its directory; tensors are read on demand, so that a file of any size
/// opens in milliseconds.
///
///     let file = try TensorFile(contentsOf: "maskrcnn_resnet50_fpn_coco-bf2d0c1e.pth")
///     let weight = try file["backbone.body.conv1.weight"]?.floats()
public struct TensorFile: Sendable {
    /// The supported containers. The raw values are for messages.
    public enum Container: String, Sendable {
        /// A header in JSON, then the tensors.
        case safetensors
        /// The format of `torch.save` since PyTorch 1.6.
        case pytorchZip = "PyTorch (zip)"
        /// The format of `torch.save` before 1.6; most published files have it.
        case pytorchLegacy = "PyTorch (legacy)"
        /// NumPy arrays in a pickle, as in detectron2's model zoo.
        case pickle = "pickle of NumPy arrays"
        /// One NumPy array.
        case npy = "NumPy array"
        /// A zip of NumPy arrays.
        case npz = "NumPy archive"
        /// A folder of NumPy arrays.
        case npyFolder = "folder of NumPy arrays"
        /// Several safetensors files, and an index that says which tensor is in which.
        case shards = "safetensors in parts"
    }

    /// The file or folder, as the caller named it.
    public let path: String
    /// Its container.
    public let container: Container
    /// The tensors, in the order of the file.
    public let tensors: [StoredTensor]
    /// The metadata of a safetensors file, or the notes of a framework's checkpoint (see
    /// ``CheckpointNotes``); empty for other containers.
    public let metadata: [String: String]
    /// The keys of a checkpoint that led to the tensors, joined by dots; empty if these are at the top level.
    public let entry: String
    /// A remark on the choice of ``entry``; nil if there was none.
    public let remark: String?
    private let indices: [String: Int]
    /// The files of the tensors: several for a file in parts, none for a folder.
    private let files: [MappedFile]

    /// Opens the file, or the folder of npy files, at `path`. The container is recognised by the first bytes;
    /// the name does not matter.
    /// - Parameter entry: in a checkpoint with several dictionaries of tensors, the keys that lead to the one
    ///   to read, joined by dots, or the last of them.
    /// - Throws: ``FileError`` when it cannot be read, its format is unknown, or it is malformed.
    public init(contentsOf path: String, entry: String? = nil) throws {
        let index = path + "/" + ShardedSafetensors.indexName
        if isFolder(path), access(index, F_OK) == 0 {
            try self.init(contentsOf: index)
        } else if isFolder(path) {
            try self.init(
                path: path, container: .npyFolder, tensors: try NumpyArrays.tensors(folder: path), files: [])
        } else {
            try self.init(try MappedFile(path: path), entry: entry)
        }
    }

    /// Reads a file whose bytes are in memory.
    /// - Parameter path: its name in errors.
    /// - Throws: ``FileError`` as for a file.
    package init(_ bytes: [UInt8], path: String) throws {
        try self.init(MappedFile(path: path, contents: bytes))
    }

    private init(_ file: MappedFile, entry: String? = nil) throws {
        if ZipArchive.recognizes(file) {
            let archive = try ZipArchive(file)
            if PyTorchCheckpoint.recognizes(archive) {
                let contents = try PyTorchCheckpoint.contents(archive, entry: entry)
                try self.init(
                    path: file.path, container: .pytorchZip, tensors: contents.tensors,
                    metadata: contents.metadata, entry: contents.entry, remark: contents.remark, files: [file]
                )
            } else {
                let tensors = try NumpyArrays.tensors(archive)
                try self.init(path: file.path, container: .npz, tensors: tensors, files: [file])
            }
        } else if PyTorchCheckpoint.recognizesLegacy(file) {
            let contents = try PyTorchCheckpoint.legacyContents(file, entry: entry)
            try self.init(
                path: file.path, container: .pytorchLegacy, tensors: contents.tensors,
                metadata: contents.metadata, entry: contents.entry, remark: contents.remark, files: [file])
        } else if BarePickle.recognizes(file) {
            let contents = try BarePickle.contents(file, entry: entry)
            try self.init(
                path: file.path, container: .pickle, tensors: contents.tensors,
                metadata: contents.metadata, entry: contents.entry, remark: contents.remark, files: [file])
        } else if NumpyArrays.recognizes(file) {
            try self.init(
                path: file.path, container: .npy, tensors: [try NumpyArrays.tensor(file)], files: [file])
        } else if ShardedSafetensors.recognizes(file) {
            let contents = try ShardedSafetensors(file)
            try self.init(
                path: file.path, container: .shards, tensors: contents.tensors, metadata: contents.metadata,
                files: contents.files)
        } else if let fault = Self.unreadForm(of: file) {
            throw file.error(fault)
        } else {
            let contents = try Safetensors(file)
            try self.init(
                path: file.path, container: .safetensors, tensors: contents.tensors,
                metadata: contents.metadata, files: [file])
        }
    }

    private init(
        path: String, container: Container, tensors: [StoredTensor], metadata: [String: String] = [:],
        entry: String = "", remark: String? = nil, files: [MappedFile]
    ) throws {
        self.path = path
        self.container = container
        self.tensors = tensors
        self.metadata = metadata
        self.entry = entry
        self.remark = remark
        self.files = files
        var indices: [String: Int] = [:]
        for (index, tensor) in tensors.enumerated() {
            guard indices.updateValue(index, forKey: tensor.name) == nil else {
                throw FileError(path: path, fault: "has \(quoted(tensor.name)) twice")
            }
        }
        self.indices = indices
    }

    /// The same file without some of its tensors.
    /// - Parameter patterns: of names; `*` stands for anything.
    /// - Throws: ``FileError`` when a pattern fits none.
    package func ignoring(_ patterns: [String]) throws -> TensorFile {
        for pattern in patterns where !tensors.contains(where: { $0.name.matches(pattern: pattern) }) {
            throw FileError(path: path, fault: "has no tensor whose name fits \(quoted(pattern)) (--ignore)")
        }
        return try TensorFile(
            path: path, container: container,
            tensors: tensors.filter { tensor in !patterns.contains { tensor.name.matches(pattern: $0) } },
            metadata: metadata, entry: entry, remark: remark, files: files)
    }

    /// The names of the tensors, in the order of the file.
    public var names: [String] { tensors.map(\.name) }

    /// The tensor of that name; nil if there is none.
    public subscript(name: String) -> StoredTensor? { indices[name].map { tensors[$0] } }

    /// The SHA-256 of the file as 64 hexadecimal digits; for a file in parts, that of the concatenated digits
    /// of the parts; nil for a folder. Reads the whole file each time.
    public func sha256() -> String? {
        guard files.count > 1 else { return files.first.map { SHA256.hexDigest($0.bytes) } }
        let digits = files.map { SHA256.hexDigest($0.bytes) }.joined()
        return Array(digits.utf8).withUnsafeBytes { SHA256.hexDigest($0) }
    }

    /// Whether the tensors were found under a key, which may be the last of several that lead there.
    func isEntry(_ key: String) -> Bool { entry == key || entry.hasSuffix("." + key) }

    /// The fault of a file that is not a zip, legacy PyTorch or NumPy file; nil if it may be safetensors,
    /// which has no signature: its ninth byte is the first of the JSON, `{` or white space.
    private static func unreadForm(of file: MappedFile) -> String? {
        if let fault = LargeFilePointer.fault(of: file.bytes) { return fault }
        let start = String(decoding: file.bytes.prefix(64), as: UTF8.self).lowercased()
        if start.hasPrefix("<!doctype html") || start.hasPrefix("<html") {
            return "is a web page, not a file of tensors: a download that asks for a login, perhaps"
        }
        let looksLikeJSON = file.bytes.count > 8 && [0x7B, 0x20, 0x09, 0x0A, 0x0D].contains(file.bytes[8])
        if looksLikeJSON { return nil }
        if file.contains(Array("ustar".utf8), at: 257) {
            return "is a tar archive, as PyTorch wrote before 0.1.10, which is not read"
        }
        if file.contains(Array("(dp".utf8), at: 0) { return "is a pickle of protocol 0, which is not read" }
        if file.contains([0x7B], at: 0) { return "looks like JSON; it is no file of tensors" }
        return "is no file of tensors that is known: safetensors, PyTorch, a pickle, npy or npz"
    }
}

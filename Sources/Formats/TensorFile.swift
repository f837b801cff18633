#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// A file of named tensors, whatever its container.
///
/// Opening maps the file and reads its directory; the tensors themselves stay where they are until they are
/// asked for, so that a file of any size opens in milliseconds.
///
///     let file = try TensorFile(contentsOf: "maskrcnn_resnet50_fpn_coco-bf2d0c1e.pth")
///     let weight = try file["backbone.body.conv1.weight"]?.floats()
public struct TensorFile: Sendable {
    /// The forms that are read. The raw values are for people.
    public enum Container: String, Sendable {
        /// One header in JSON, then the tensors.
        case safetensors
        /// What `torch.save` writes since PyTorch 1.6.
        case pytorchZip = "PyTorch (zip)"
        /// What `torch.save` wrote before; most published files are of this form.
        case pytorchLegacy = "PyTorch (legacy)"
        /// NumPy arrays in a pickle, as detectron2's model zoo has them.
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
    /// Its form.
    public let container: Container
    /// The tensors, in the order of the file.
    public let tensors: [StoredTensor]
    /// The free text that a safetensors file can carry, or the notes of a framework's checkpoint (see
    /// ``CheckpointNotes``); empty for other containers.
    public let metadata: [String: String]
    /// Under which keys of a checkpoint the tensors were, joined by dots; empty where they are all that there is.
    public let entry: String
    /// What should be known of the choice of `entry`.
    public let remark: String?
    private let indices: [String: Int]
    /// What the tensors lie in; several of a file in parts, none of a folder.
    private let files: [MappedFile]

    /// Opens the file, or the folder of npy files, at `path`. What it is shows in its first bytes; its name
    /// does not matter.
    /// - Parameter entry: for a checkpoint with several dictionaries of tensors, the keys that lead to the one, joined
    ///   by dots, or the last of them.
    /// - Throws: ``FileError`` when it cannot be read, is of no known form, or breaks the rules of its form.
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

    /// Reads the bytes of a file that is in memory already.
    /// - Parameter path: what errors call it.
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

    /// The names of the tensors, in the order of the file.
    public var names: [String] { tensors.map(\.name) }

    /// The tensor of that name.
    public subscript(name: String) -> StoredTensor? { indices[name].map { tensors[$0] } }

    /// The SHA-256 of the file as 64 hexadecimal digits, of a file in parts that of their digits one after the other;
    /// nil for a folder. Reads the whole file each time.
    public func sha256() -> String? {
        guard files.count > 1 else { return files.first.map { SHA256.hexDigest($0.bytes) } }
        let digits = files.map { SHA256.hexDigest($0.bytes) }.joined()
        return Array(digits.utf8).withUnsafeBytes { SHA256.hexDigest($0) }
    }

    /// Whether the tensors were found under a key, which may be the last of several that lead there.
    func isEntry(_ key: String) -> Bool { entry == key || entry.hasSuffix("." + key) }

    /// What a file is that is neither a zip, a legacy PyTorch nor a NumPy file, if it is no safetensors file
    /// either. Safetensors has no signature: its ninth byte is the first of the JSON, `{` or white space.
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

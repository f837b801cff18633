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
    private let indices: [String: Int]
    /// Nil for a folder.
    private let file: MappedFile?

    /// Opens the file, or the folder of npy files, at `path`. What it is shows in its first bytes; its name
    /// does not matter.
    /// - Throws: ``FileError`` when it cannot be read, is of no known form, or breaks the rules of its form.
    public init(contentsOf path: String) throws {
        if isFolder(path) {
            try self.init(
                path: path, container: .npyFolder, tensors: try NumpyArrays.tensors(folder: path), file: nil)
        } else {
            try self.init(try MappedFile(path: path))
        }
    }

    /// Reads the bytes of a file that is in memory already.
    /// - Parameter path: what errors call it.
    /// - Throws: ``FileError`` as for a file.
    package init(_ bytes: [UInt8], path: String) throws {
        try self.init(MappedFile(path: path, contents: bytes))
    }

    private init(_ file: MappedFile) throws {
        if ZipArchive.recognizes(file) {
            let archive = try ZipArchive(file)
            if PyTorchCheckpoint.recognizes(archive) {
                let contents = try PyTorchCheckpoint.contents(archive)
                try self.init(
                    path: file.path, container: .pytorchZip, tensors: contents.tensors,
                    metadata: contents.metadata, file: file)
            } else {
                let tensors = try NumpyArrays.tensors(archive)
                try self.init(path: file.path, container: .npz, tensors: tensors, file: file)
            }
        } else if PyTorchCheckpoint.recognizesLegacy(file) {
            let contents = try PyTorchCheckpoint.legacyContents(file)
            try self.init(
                path: file.path, container: .pytorchLegacy, tensors: contents.tensors,
                metadata: contents.metadata, file: file)
        } else if BarePickle.recognizes(file) {
            let contents = try BarePickle.contents(file)
            try self.init(
                path: file.path, container: .pickle, tensors: contents.tensors,
                metadata: contents.metadata, file: file)
        } else if NumpyArrays.recognizes(file) {
            try self.init(
                path: file.path, container: .npy, tensors: [try NumpyArrays.tensor(file)], file: file)
        } else if let fault = Self.unreadForm(of: file) {
            throw file.error(fault)
        } else {
            let contents = try Safetensors(file)
            try self.init(
                path: file.path, container: .safetensors, tensors: contents.tensors,
                metadata: contents.metadata, file: file)
        }
    }

    private init(
        path: String, container: Container, tensors: [StoredTensor], metadata: [String: String] = [:],
        file: MappedFile?
    ) throws {
        self.path = path
        self.container = container
        self.tensors = tensors
        self.metadata = metadata
        self.file = file
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

    /// The SHA-256 of the file as 64 hexadecimal digits; nil for a folder. Reads the whole file each time.
    public func sha256() -> String? { file.map { SHA256.hexDigest($0.bytes) } }

    /// What a file is that is neither a zip, a legacy PyTorch nor a NumPy file, if it is no safetensors file
    /// either. Safetensors has no signature: its ninth byte is the first of the JSON, `{` or white space.
    private static func unreadForm(of file: MappedFile) -> String? {
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

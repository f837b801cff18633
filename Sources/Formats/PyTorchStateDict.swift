// From a pickle of PyTorch to named tensors.
//
// A state dict is an ordered dictionary from names to calls of `torch._utils._rebuild_tensor_v2`, each with a
// storage, and the offset, shape and strides with which the tensor looks at it. The handful of functions
// below is all that is understood, by what it is known to make of its arguments; whatever else a state dict
// names is refused.

/// The elements that one or several tensors of a PyTorch file share.
struct PyTorchStorage {
    /// The name by which the file knows it.
    let key: String
    /// What its elements are; nil for a storage of bytes, whose tensors say it.
    let element: ElementType?
    /// The number of elements, or of bytes when `element` is nil.
    let count: Int
    /// The part that the tensor looks at, when the tensor's storage is itself a part of a larger one.
    var view: Range<Int>?

    /// The number of bytes; nil when it is beyond what a file can have.
    var byteCount: Int? { element.map { $0.byteCount(of: count) } ?? count }

    /// The storage that a persistent id names: `('storage', class, key, device, count)`, and in old files
    /// `view`, which is None or `(key, offset, count)`.
    init(_ tree: PickleTree, _ identifier: PickleTree.Reference) throws {
        guard let parts = tree.tuple(identifier), parts.count >= 5, let tag = tree.text(parts[0]) else {
            throw tree.file.error("refers to something outside its pickle that is no storage")
        }
        guard tag == "storage" else {
            throw tree.file.error(
                "holds a \(quoted(tag)), such as a whole pickled model, where only tensors can be read:"
                    + " save its state_dict()")
        }
        guard parts.count <= 6, let type = tree.global(parts[1]), let key = tree.text(parts[2]),
            let count = tree.integer(parts[4]), count >= 0
        else { throw tree.file.error("has a malformed reference to a storage") }
        if ["torch.storage.UntypedStorage", "torch.UntypedStorage"].contains(type) {
            element = nil
        } else if let known = Self.elements[type] {
            element = known
        } else {
            throw tree.file.error("has a storage of the unknown type \(quoted(type))")
        }
        self.key = key
        self.count = count
        guard parts.count == 6, case .tuple = tree[parts[5]] else { return }
        guard let view = tree.tuple(parts[5]), view.count == 3, let offset = tree.integer(view[1]),
            let length = tree.integer(view[2]), offset >= 0, length >= 0, offset <= count,
            length <= count - offset
        else { throw tree.file.error("has a malformed view of storage \(quoted(key))") }
        self.view = offset..<offset + length
    }

    private static let elements: [String: ElementType] = [
        "torch.FloatStorage": .float32, "torch.DoubleStorage": .float64, "torch.HalfStorage": .float16,
        "torch.BFloat16Storage": .bfloat16, "torch.LongStorage": .int64, "torch.IntStorage": .int32,
        "torch.ShortStorage": .int16, "torch.CharStorage": .int8, "torch.ByteStorage": .uint8,
        "torch.BoolStorage": .bool, "torch.ComplexFloatStorage": .complex64,
    ]

    /// Types that have no storage class of their own.
    fileprivate static let elementsOfUntyped: [String: ElementType] = [
        "torch.float32": .float32, "torch.float64": .float64, "torch.float16": .float16,
        "torch.bfloat16": .bfloat16, "torch.int64": .int64, "torch.int32": .int32, "torch.int16": .int16,
        "torch.int8": .int8, "torch.uint8": .uint8, "torch.uint16": .uint16, "torch.uint32": .uint32,
        "torch.uint64": .uint64, "torch.bool": .bool, "torch.complex64": .complex64,
        "torch.float8_e4m3fn": .float8E4M3, "torch.float8_e5m2": .float8E5M2,
        "torch.float8_e4m3fnuz": .float8E4M3FNUZ, "torch.float8_e5m2fnuz": .float8E5M2FNUZ,
        "torch.float8_e8m0fnu": .float8E8M0,
    ]
}

/// The state dict in a pickle, bare or inside a training checkpoint.
struct PyTorchStateDict {
    private let tree: PickleTree
    /// Where a storage lies in the file.
    private let locate: (PyTorchStorage) throws -> StoredBytes

    /// What a checkpoint holds.
    struct Contents {
        /// The tensors of the state dict, in its order; a `module.` that every name starts with is taken off.
        let tensors: [StoredTensor]
        /// What the checkpoint says of itself: ``CheckpointNotes``.
        let metadata: [String: String]
    }

    /// The state dict and the notes beside it.
    ///
    /// Other parts of a training checkpoint, such as the optimizer's, may hold anything: they are not looked
    /// at.
    /// - Parameter locate: where a storage lies in the file.
    /// - Throws: ``FileError`` for whatever is no state dict.
    static func contents(
        _ pickle: PickleReader.Result, locate: @escaping (PyTorchStorage) throws -> StoredBytes
    ) throws -> Contents {
        let reader = PyTorchStateDict(tree: pickle.tree, locate: locate)
        return Contents(
            tensors: try reader.tensors(try reader.stateDict(pickle.root)),
            metadata: CheckpointNotes.read(pickle.tree, pickle.root))
    }

    /// The entries that hold parameters: those of `root`, or of the part of it that has a customary name.
    private func stateDict(
        _ root: PickleTree.Reference
    ) throws -> [(key: PickleTree.Reference, value: PickleTree.Reference)] {
        guard let entries = tree.dictionary(root) else {
            throw tree.file.error("holds \(tree.kind(root)), not a state dict; nothing was run")
        }
        for name in ["model", "state_dict", "model_state_dict"] {
            guard let part = entries.last(where: { tree.text($0.key) == name })?.value else { continue }
            if let entries = tree.dictionary(part) { return entries }
            if !isTensor(part) {
                throw tree.file.error(
                    "has under \(quoted(name)) \(tree.kind(part)), not a state dict; nothing was run")
            }
        }
        return entries
    }

    private func tensors(
        _ entries: [(key: PickleTree.Reference, value: PickleTree.Reference)]
    ) throws -> [StoredTensor] {
        var names: [String] = []
        for (key, _) in entries {
            guard let name = tree.text(key) else {
                throw tree.file.error("has a state dict with \(tree.kind(key)) for a name")
            }
            names.append(name)
        }
        let prefix = "module."
        if names.allSatisfy({ $0.hasPrefix(prefix) }) {
            names = names.map { String($0.dropFirst(prefix.count)) }
        }
        var seen: Set<String> = []
        return try zip(names, entries).map { name, entry in
            guard seen.insert(name).inserted else { throw tree.file.error("has \(quoted(name)) twice") }
            return try tensor(name, entry.value)
        }
    }

    private func isTensor(_ value: PickleTree.Reference) -> Bool {
        guard let constructor = tree.object(value)?.constructor else { return false }
        return constructor.hasPrefix("torch._") || PickledArray.constructors.contains(constructor)
    }

    /// The tensor that `value` would make, unwrapped from what Python puts around it.
    private func tensor(_ name: String, _ value: PickleTree.Reference) throws -> StoredTensor {
        var value = value
        // A parameter around a subclass around a tensor is as deep as it gets.
        for _ in 0..<4 {
            guard let (function, arguments) = tree.object(value) else { break }
            switch function {
            case "torch._utils._rebuild_parameter" where arguments.count == 3,
                "torch._utils._rebuild_parameter_with_state" where arguments.count == 4:
                value = arguments[0]
            case "torch._tensor._rebuild_from_type_v2" where arguments.count == 4:
                guard let inner = tree.global(arguments[0]), tree.tuple(arguments[2]) != nil,
                    ["torch.Tensor", "torch.nn.parameter.Parameter"].contains(tree.global(arguments[1]))
                else { throw refusal(name, value) }
                return try rebuilt(name, inner, tree.tuple(arguments[2]) ?? [], value)
            case _ where PickledArray.constructors.contains(function):
                return try PickledArray(tree, name: name).tensor(value)
            default: return try rebuilt(name, function, arguments, value)
            }
        }
        throw refusal(name, value)
    }

    /// The tensor that one of PyTorch's functions makes of a storage and the way to look at it.
    private func rebuilt(
        _ name: String, _ function: String, _ arguments: [PickleTree.Reference], _ value: PickleTree.Reference
    ) throws -> StoredTensor {
        var element: ElementType?
        switch function {
        case "torch._utils._rebuild_tensor" where arguments.count == 4: break
        case "torch._utils._rebuild_tensor_v2" where arguments.count == 6 || arguments.count == 7: break
        case "torch._utils._rebuild_tensor_v3" where arguments.count == 7 || arguments.count == 8:
            let type = tree.global(arguments[6]) ?? ""
            element = PyTorchStorage.elementsOfUntyped[type]
            if element == nil {
                throw tree.file.error("tensor \(quoted(name)) has the unknown type \(quoted(type))")
            }
        default: throw refusal(name, value)
        }
        guard case .persistent(let identifier) = tree[arguments[0]], let offset = tree.integer(arguments[1]),
            let shape = tree.integers(arguments[2]), let strides = tree.integers(arguments[3])
        else { throw tree.file.error("tensor \(quoted(name)) is described in an unknown way") }
        let storage = try PyTorchStorage(tree, identifier)
        guard let element = element ?? storage.element else {
            throw tree.file.error("tensor \(quoted(name)) has no element type")
        }
        var contents = try locate(storage)
        if let view = storage.view {
            let unit = storage.element
            guard let start = unit.map({ $0.byteCount(of: view.lowerBound) }) ?? view.lowerBound,
                let end = unit.map({ $0.byteCount(of: view.upperBound) }) ?? view.upperBound,
                end <= contents.count
            else { throw tree.file.error("tensor \(quoted(name)) reaches outside its storage") }
            contents = contents.part(start..<end)
        }
        return try StoredTensor(
            name: name, element: element, shape: shape, contents: contents, strides: strides, offset: offset)
    }

    private func refusal(_ name: String, _ value: PickleTree.Reference) -> FileError {
        tree.file.error("entry \(quoted(name)) is \(tree.kind(value)), not a tensor; nothing was run")
    }
}

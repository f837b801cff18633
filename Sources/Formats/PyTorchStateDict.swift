// Reads named tensors from a PyTorch pickle.
//
// A state dict is an ordered dictionary from names to calls of `torch._utils._rebuild_tensor_v2`, each with a
// storage, and the offset, shape and strides of the tensor in it. Only the few functions below are
// interpreted; every other function in a state dict is refused.

/// A storage of a PyTorch file: the elements of one tensor, or shared by several.
struct PyTorchStorage {
    /// Its name in the file.
    let key: String
    /// The element type; nil for an untyped storage, whose tensors have it.
    let element: ElementType?
    /// The number of elements, or of bytes when `element` is nil.
    let count: Int
    /// The range of elements, when the storage is a view of a larger one.
    var view: Range<Int>?

    /// The number of bytes; nil when it overflows.
    var byteCount: Int? { element.map { $0.byteCount(of: count) } ?? count }

    /// The storage identified by a persistent id: `('storage', class, key, device, count)`, in old files
    /// followed by `view`, which is None or `(key, offset, count)`.
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

    /// The element types of untyped storages, by PyTorch's names.
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
    /// Returns the bytes of a storage.
    private let locate: (PyTorchStorage) throws -> StoredBytes

    /// The contents of a checkpoint.
    struct Contents {
        /// The tensors of the state dict, in its order; a `module.` at the start of every name is removed.
        let tensors: [StoredTensor]
        /// The notes of the checkpoint: see ``CheckpointNotes``.
        let metadata: [String: String]
        /// The keys under which the state dict was found, joined by dots; empty for a bare one.
        var entry = ""
        /// A remark on other state dicts that could have been meant; nil if there are none.
        var remark: String?
    }

    /// The state dict and the notes beside it.
    ///
    /// Other parts of a training checkpoint, such as the optimizer's state, may be anything and are ignored.
    /// - Parameters:
    ///   - entry: which of several state dicts to read: the keys that lead to it, joined by dots, or the last
    ///     of them.
    ///   - locate: returns the bytes of a storage.
    /// - Throws: ``FileError`` when there is no state dict, or several among which neither `entry` nor a
    ///   usual key decides.
    static func contents(
        _ pickle: PickleReader.Result, entry: String? = nil,
        locate: @escaping (PyTorchStorage) throws -> StoredBytes
    ) throws -> Contents {
        let reader = PyTorchStateDict(tree: pickle.tree, locate: locate)
        let metadata = CheckpointNotes.read(pickle.tree, pickle.root)
        let candidates = reader.candidates(pickle.root)
        guard !candidates.isEmpty else {
            return Contents(
                tensors: try reader.tensors(try reader.entries(ofNoStateDict: pickle.root)),
                metadata: metadata)
        }
        let (chosen, others) = try reader.choice(among: candidates, entry: entry)
        return Contents(
            tensors: try reader.tensors(chosen.entries), metadata: metadata, entry: chosen.path,
            remark: others.isEmpty
                ? nil
                : "The parameters are those "
                    + (chosen.path.isEmpty ? "of the file itself" : "under \(quoted(chosen.path))")
                    + "; there are also "
                    + list(others) + " (--entry).")
    }

    // MARK: Finding the state dict

    /// A dictionary that contains tensors.
    private struct Candidate {
        /// The keys that lead to it, joined by dots.
        let path: String
        /// All entries except plain data, such as a number or an empty list beside the tensors.
        let entries: [(key: PickleTree.Reference, value: PickleTree.Reference)]
        let names: [String]
        let tensorCount: Int
        /// Whether they are the parameters of a known network.
        let isKnown: Bool
    }

    /// The keys under which training code usually saves the model.
    private static let customaryNames = ["", "model", "state_dict", "model_state_dict"]
    /// The number of dictionaries that are searched, and their depth. Real checkpoints stay far below.
    private static let dictionaryLimit = 4096
    private static let depthLimit = 4
    /// The number of names, in all dictionaries, that are compared with those of known networks.
    private static let nameLimit = 100_000

    /// The dictionaries with tensors, outermost first, in the order of the file.
    private func candidates(_ root: PickleTree.Reference) -> [Candidate] {
        var found: [Candidate] = []
        var seen: Set<PickleTree.Reference> = [root]
        var queue: [(path: [String], value: PickleTree.Reference)] = [([], root)]
        var (next, names) = (0, 0)
        while next < queue.count, next < Self.dictionaryLimit {
            let (path, value) = queue[next]
            next += 1
            guard let entries = tree.dictionary(value) else { continue }
            names += entries.count
            if let candidate = candidate(path, entries, isCompared: names <= Self.nameLimit) {
                found.append(candidate)
            }
            guard path.count < Self.depthLimit else { continue }
            for (key, value) in entries {
                guard let name = tree.text(key), tree.isDictionary(value), seen.insert(value).inserted
                else { continue }
                queue.append((path + [name], value))
            }
        }
        return found
    }

    private func candidate(
        _ path: [String], _ entries: [(key: PickleTree.Reference, value: PickleTree.Reference)],
        isCompared: Bool
    ) -> Candidate? {
        let entries = entries.filter { !isPlainData($0.value) }
        let count = entries.count { isTensor($0.value) }
        let names = entries.compactMap { tree.text($0.key) }
        guard count > 0, names.count == entries.count else { return nil }
        return Candidate(
            path: path.joined(separator: "."), entries: entries, names: names, tensorCount: count,
            isKnown: isCompared && !ParameterNames.readings(of: names).isEmpty)
    }

    /// The state dict to read, and the other candidates.
    private func choice(
        among candidates: [Candidate], entry: String?
    ) throws -> (chosen: Candidate, others: [Candidate]) {
        if let entry {
            let exact = candidates.filter { $0.path == entry }
            let named = exact.isEmpty ? candidates.filter { $0.path.hasSuffix("." + entry) } : exact
            if named.count == 1 { return (named[0], []) }
        }
        let known = candidates.filter(\.isKnown)
        let fitting = known.isEmpty ? candidates : known
        // The top level itself, unless it has other entries beside the tensors: then it is a container of the
        // model.
        let customary =
            Self.customaryNames.lazy.compactMap { name in
                fitting.first { $0.path == name && (!name.isEmpty || $0.tensorCount == $0.entries.count) }
            }.first ?? fitting.first { $0.path.isEmpty }
        if let chosen = fitting.count == 1 ? fitting[0] : customary {
            return (chosen, known.filter { $0.path != chosen.path })
        }
        throw tree.file.error(
            (entry.map { "has no entry \(quoted($0)), but " } ?? "has parameters in several entries: ")
                + Self.list(fitting) + "; say which with --entry")
    }

    private static func list(_ candidates: [Candidate]) -> String {
        candidates.prefix(8).map { "\(quoted($0.path)) (\($0.tensorCount) tensors)" }.joined(separator: ", ")
            + (candidates.count > 8 ? ", …" : "")
    }

    /// The entries of a value without tensors, for an error that names the first of them.
    private func entries(
        ofNoStateDict root: PickleTree.Reference
    ) throws -> [(key: PickleTree.Reference, value: PickleTree.Reference)] {
        guard let entries = tree.dictionary(root) else {
            throw tree.file.error(
                "holds \(tree.kind(root)), not a state dict; nothing was run\(advice(root))")
        }
        for name in Self.customaryNames.dropFirst() {
            guard let part = entries.last(where: { tree.text($0.key) == name })?.value else { continue }
            if let entries = tree.dictionary(part) { return entries }
            throw tree.file.error(
                "has under \(quoted(name)) \(tree.kind(part)), not a state dict; nothing was run\(advice(part))"
            )
        }
        return entries
    }

    /// Advice for a file that contains a whole pickled model; empty for other values.
    private func advice(_ value: PickleTree.Reference) -> String {
        guard case .object = tree[value] else { return "" }
        return ". If it is a whole model, save its parameters in PyTorch instead: "
            + "torch.save(model.state_dict(), 'weights.pth')"
    }

    /// Whether a value is a number, a text or a built-in Python container, and therefore not a named tensor.
    private func isPlainData(_ value: PickleTree.Reference) -> Bool {
        switch tree[value] {
        case .none, .boolean, .integer, .largeInteger, .float, .text, .string, .bytes, .tuple, .list, .set:
            true
        case .dictionary, .object: tree.isDictionary(value)
        case .global, .persistent: false
        }
    }

    // MARK: Reading the state dict

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

    /// The tensor described by `value`, without the wrappers that Python puts around it.
    private func tensor(_ name: String, _ value: PickleTree.Reference) throws -> StoredTensor {
        var value = value
        // At most a parameter around a subclass around a tensor.
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

    /// The tensor that a call of one of PyTorch's functions describes: a storage, offset, shape and strides.
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
        tree.file.error(
            "entry \(quoted(name)) is \(tree.kind(value)), not a tensor; nothing was run\(advice(value))")
    }
}

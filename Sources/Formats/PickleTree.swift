// The contents of a pickle, as data.
//
// Python executes a pickle: it is a program for a small stack machine, and REDUCE calls any function that the
// program names. Here the same program only builds a description, in which "call os.system with these
// arguments" is a node like any other: a name that can be read, and nothing that can be executed.
//
// All nodes are in one array and refer to each other by index. A pickle can describe a list that contains
// itself, or one nested a million deep; with indices, neither leaks memory nor overflows the stack.

/// The values described by one pickle.
struct PickleTree {
    /// A reference to a value: its index in the tree.
    struct Reference: Hashable {
        fileprivate let index: Int32
    }

    /// One value.
    enum Node {
        case none
        case boolean(Bool)
        case integer(Int)
        /// An integer of more than 64 bits.
        case largeInteger
        case float(Double)
        /// UTF-8 text, at this range of the file.
        case text(Range<Int>)
        /// A `str` of Python 2, which is text or bytes, at this range of the file.
        case string(Range<Int>)
        /// Bytes, at this range of the file.
        case bytes(Range<Int>)
        case tuple(Items)
        case list(Items)
        case set(Items)
        /// A dictionary, as key, value, key, value, …
        case dictionary(Items)
        /// A Python class or function, by its qualified name.
        case global(Name)
        /// The object that Python would get by calling `constructor`. Nothing is called.
        case object(constructor: Reference, arguments: Reference, items: Items)
        /// Something outside the pickle, for PyTorch the elements of a tensor, identified by the persistent
        /// id.
        case persistent(Reference)
    }

    /// The members of a tuple, list, set, dictionary or object: an index into `sequences`.
    struct Items { fileprivate let index: Int32 }
    /// The name of a global: an index into `names`.
    struct Name { fileprivate let index: Int32 }

    let file: MappedFile
    private(set) var nodes: [Node] = []
    // Members are stored apart from their node, so that a list can be appended to in place.
    private var sequences: [[Reference]] = []
    private var names: [String] = []
    private var memberCount = 0
    private var states: [Reference: Reference] = [:]

    /// The largest number of nodes; there may be four times as many members. No file of parameters comes
    /// near; a hostile one must not fill the memory.
    static let limit = 1 << 21

    init(file: MappedFile) { self.file = file }

    subscript(reference: Reference) -> Node { nodes[Int(reference.index)] }

    func members(_ items: Items) -> [Reference] { sequences[Int(items.index)] }

    func name(_ name: Name) -> String { names[Int(name.index)] }

    mutating func add(_ node: Node) throws -> Reference {
        guard nodes.count < PickleTree.limit else { throw file.error("has a pickle with too many values") }
        nodes.append(node)
        return Reference(index: Int32(nodes.count - 1))
    }

    mutating func items(_ members: [Reference] = []) throws -> Items {
        sequences.append([])
        let items = Items(index: Int32(sequences.count - 1))
        try append(members, to: items)
        return items
    }

    mutating func append(_ members: some Collection<Reference>, to items: Items) throws {
        memberCount += members.count
        guard memberCount <= 4 * PickleTree.limit else {
            throw file.error("has a pickle with too many values")
        }
        sequences[Int(items.index)].append(contentsOf: members)
    }

    /// Sets the state with which BUILD completes an object; the last one counts, as in Python.
    mutating func setState(_ state: Reference, of object: Reference) { states[object] = state }

    /// The state with which BUILD completed an object.
    func state(of object: Reference) -> Reference? { states[object] }

    mutating func addGlobal(_ name: String) throws -> Reference {
        names.append(name)
        return try add(.global(Name(index: Int32(names.count - 1))))
    }
}

// Values as a certain type; nil if they have another.
extension PickleTree {
    /// A short text, such as a name: limited to 4 KB, since a pickle can refer to one text many times.
    func text(_ reference: Reference) -> String? {
        longText(reference, limit: 1 << 12)
    }

    /// A text of less than `limit` bytes.
    func longText(_ reference: Reference, limit: Int) -> String? {
        switch self[reference] {
        case .text(let range), .string(let range): range.count < limit ? file.text(range) : nil
        default: nil
        }
    }

    func integer(_ reference: Reference) -> Int? {
        guard case .integer(let value) = self[reference] else { return nil }
        return value
    }

    func boolean(_ reference: Reference) -> Bool? {
        guard case .boolean(let value) = self[reference] else { return nil }
        return value
    }

    func global(_ reference: Reference) -> String? {
        guard case .global(let name) = self[reference] else { return nil }
        return self.name(name)
    }

    func tuple(_ reference: Reference) -> [Reference]? {
        guard case .tuple(let items) = self[reference] else { return nil }
        return members(items)
    }

    /// A tuple of integers, such as a shape, or `torch.Size` of one.
    func integers(_ reference: Reference) -> [Int]? {
        var reference = reference
        if let size = object(reference), size.constructor == "torch.Size", size.arguments.count == 1 {
            reference = size.arguments[0]
        }
        guard let members = tuple(reference), members.count <= 64 else { return nil }
        let values = members.compactMap(integer)
        return values.count == members.count ? values : nil
    }

    /// The constructor's name and the arguments of an object.
    func object(_ reference: Reference) -> (constructor: String, arguments: [Reference])? {
        guard case .object(let constructor, let arguments, _) = self[reference],
            let name = global(constructor), let arguments = tuple(arguments)
        else { return nil }
        return (name, arguments)
    }

    /// The keys and values of a dictionary or an ordered dictionary, in order.
    func dictionary(_ reference: Reference) -> [(key: Reference, value: Reference)]? {
        let flat: [Reference]
        switch self[reference] {
        case .dictionary(let items): flat = members(items)
        case .object(_, _, let items):
            guard let object = object(reference), object.constructor == "collections.OrderedDict",
                object.arguments.isEmpty
            else { return nil }
            flat = members(items)
        default: return nil
        }
        return stride(from: 0, to: flat.count - 1, by: 2).map { (flat[$0], flat[$0 + 1]) }
    }

    /// Whether ``dictionary(_:)`` is not nil.
    func isDictionary(_ reference: Reference) -> Bool {
        switch self[reference] {
        case .dictionary: return true
        case .object:
            guard let object = object(reference) else { return false }
            return object.constructor == "collections.OrderedDict" && object.arguments.isEmpty
        default: return false
        }
    }

    /// The kind of a value, for errors.
    func kind(_ reference: Reference) -> String {
        switch self[reference] {
        case .none: "None"
        case .boolean: "a Boolean"
        case .integer, .largeInteger, .float: "a number"
        case .text, .string: "a text"
        case .bytes: "a byte string"
        case .tuple: "a tuple"
        case .list: "a list"
        case .set: "a set"
        case .dictionary: "a dictionary"
        case .global(let name): "the Python object \(quoted(self.name(name)))"
        case .object(let constructor, _, _):
            if let name = global(constructor) {
                "what Python's \(quoted(name)) would make"
            } else {
                "a Python object"
            }
        case .persistent: "a bare storage"
        }
    }
}

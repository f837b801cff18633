/// Reads a pickle into a ``PickleTree`` without executing anything.
///
/// Supports the opcodes of protocols 1 to 5 that data needs; every other opcode is refused by name.
struct PickleReader {
    private var reader: ByteReader
    private var tree: PickleTree
    private var stack: [PickleTree.Reference] = []
    /// The stack depths at which a MARK was pushed.
    private var marks: [Int] = []
    private var memo: [Int: PickleTree.Reference] = [:]

    /// The result of reading a pickle.
    struct Result {
        let tree: PickleTree
        /// The value of the whole pickle.
        let root: PickleTree.Reference
        /// The offset just past its last byte.
        let end: Int
    }

    /// Reads the pickle that `range` of `file` starts with.
    /// - Throws: ``FileError`` for an unsupported opcode, a malformed program, or one that exceeds the
    ///   limits.
    static func read(_ file: MappedFile, _ range: Range<Int>) throws -> Result {
        var reader = PickleReader(
            reader: ByteReader(file, range, part: "the pickle"), tree: PickleTree(file: file))
        return try reader.run()
    }

    private init(reader: ByteReader, tree: PickleTree) {
        self.reader = reader
        self.tree = tree
    }

    private mutating func run() throws -> Result {
        while true {
            let byte = try reader.integer(UInt8.self)
            guard let instruction = PickleInstruction(rawValue: byte) else {
                throw reader.error(
                    "has the instruction \(PickleInstruction.name(ofRefused: byte)), which is refused")
            }
            if instruction == .stop {
                let root = try pop()
                guard stack.isEmpty, marks.isEmpty else { throw reader.error("leaves values behind") }
                return Result(tree: tree, root: root, end: reader.position)
            }
            try execute(instruction)
            guard stack.count + marks.count <= PickleTree.limit, memo.count <= PickleTree.limit else {
                throw reader.error("has too many values")
            }
        }
    }

    private mutating func execute(_ instruction: PickleInstruction) throws {
        switch instruction {
        case .protocol:
            let version = try reader.integer(UInt8.self)
            guard version <= 5 else { throw reader.error("has the unknown protocol \(version)") }
        case .frame: _ = try reader.take(8)
        case .stop: break
        case .mark: marks.append(stack.count)
        case .pop: _ = try pop()
        case .popMark: _ = try popToMark()
        case .duplicate: stack.append(try top())

        case .none: try push(.none)
        case .newTrue: try push(.boolean(true))
        case .newFalse: try push(.boolean(false))
        case .binaryInt: try push(.integer(Int(try reader.integer(Int32.self))))
        case .binaryInt1: try push(.integer(Int(try reader.integer(UInt8.self))))
        case .binaryInt2: try push(.integer(Int(try reader.integer(UInt16.self))))
        case .long1: try pushLong(Int(try reader.integer(UInt8.self)))
        case .long4: try pushLong(Int(try reader.integer(Int32.self)))
        case .int: try pushDecimal()
        case .binaryFloat: try push(.float(Double(bitPattern: try reader.integer(UInt64.self).byteSwapped)))

        case .shortBinaryUnicode: try push(.text(try reader.take(Int(try reader.integer(UInt8.self)))))
        case .binaryUnicode: try push(.text(try reader.take(Int(try reader.integer(UInt32.self)))))
        case .binaryUnicode8: try push(.text(try reader.take(try reader.length())))
        case .shortBinaryString: try push(.string(try reader.take(Int(try reader.integer(UInt8.self)))))
        case .binaryString: try push(.string(try reader.take(Int(try reader.integer(Int32.self)))))
        case .shortBinaryBytes: try push(.bytes(try reader.take(Int(try reader.integer(UInt8.self)))))
        case .binaryBytes: try push(.bytes(try reader.take(Int(try reader.integer(UInt32.self)))))
        case .binaryBytes8, .byteArray8: try push(.bytes(try reader.take(try reader.length())))

        case .emptyTuple: try push(.tuple(try tree.items()))
        case .tuple1: try pushTuple(1)
        case .tuple2: try pushTuple(2)
        case .tuple3: try pushTuple(3)
        case .tuple: try push(.tuple(try tree.items(try popToMark())))
        case .emptyList: try push(.list(try tree.items()))
        case .append: try append([try pop()])
        case .appends: try append(try popToMark())
        case .emptySet: try push(.set(try tree.items()))
        case .addItems: try append(try popToMark())
        case .frozenSet: try push(.set(try tree.items(try popToMark())))
        case .emptyDictionary: try push(.dictionary(try tree.items()))
        case .setItem: try setItems(try pop(2))
        case .setItems: try setItems(try popToMark())

        case .binaryPut: try remember(Int(try reader.integer(UInt8.self)))
        case .longBinaryPut: try remember(Int(try reader.integer(UInt32.self)))
        case .memoize: try remember(memo.count)
        case .binaryGet: try recall(Int(try reader.integer(UInt8.self)))
        case .longBinaryGet: try recall(Int(try reader.integer(UInt32.self)))

        case .global:
            try pushGlobal(try text(try reader.line(limit: 1000)), try text(try reader.line(limit: 1000)))
        case .stackGlobal:
            let names = try pop(2)
            guard let module = tree.text(names[0]), let name = tree.text(names[1]) else {
                throw reader.error("has a global without a name")
            }
            try pushGlobal(module, name)
        case .reduce, .newObject:
            let parts = try pop(2)
            try push(.object(constructor: parts[0], arguments: parts[1], items: try tree.items()))
        case .build:
            // The state of an object: the elements of a NumPy array, the version numbers of an OrderedDict.
            // It is kept beside the object.
            let state = try pop()
            let object = try top()
            guard case .object = tree[object] else { throw reader.error("gives attributes to no object") }
            tree.setState(state, of: object)
        case .binaryPersistentID: try push(.persistent(try pop()))
        }
    }
}

// The operations of which instructions consist.
extension PickleReader {
    private mutating func push(_ node: PickleTree.Node) throws { stack.append(try tree.add(node)) }

    /// The number of values that may be popped: those below the last MARK may not.
    private var available: Int { stack.count - (marks.last ?? 0) }

    private mutating func pop() throws -> PickleTree.Reference {
        guard available > 0 else { throw reader.error("takes a value that is not there") }
        return stack.removeLast()
    }

    private mutating func pop(_ count: Int) throws -> [PickleTree.Reference] {
        guard available >= count else { throw reader.error("takes a value that is not there") }
        defer { stack.removeLast(count) }
        return Array(stack.suffix(count))
    }

    private mutating func popToMark() throws -> [PickleTree.Reference] {
        guard let mark = marks.popLast() else { throw reader.error("goes back to a mark that is not there") }
        defer { stack.removeSubrange(mark...) }
        return Array(stack[mark...])
    }

    private func top() throws -> PickleTree.Reference {
        guard available > 0, let top = stack.last else {
            throw reader.error("takes a value that is not there")
        }
        return top
    }

    private mutating func pushTuple(_ count: Int) throws { try push(.tuple(try tree.items(try pop(count)))) }

    private mutating func append(_ members: [PickleTree.Reference]) throws {
        switch tree[try top()] {
        case .list(let items), .set(let items): try tree.append(members, to: items)
        // A subclass of list; none is used by the formats that are read.
        case .object: break
        default: throw reader.error("appends to what is no list")
        }
    }

    private mutating func setItems(_ members: [PickleTree.Reference]) throws {
        guard members.count % 2 == 0 else { throw reader.error("has a key without a value") }
        switch tree[try top()] {
        case .dictionary(let items), .object(_, _, let items): try tree.append(members, to: items)
        default: throw reader.error("sets an item of what is no dictionary")
        }
    }

    /// Pushes a two's complement integer of `count` bytes.
    private mutating func pushLong(_ count: Int) throws {
        let range = try reader.take(count)
        guard count <= 8 else { return try push(.largeInteger) }
        let bytes = reader.file.bytes[range]
        let sign = (bytes.last ?? 0) & 0x80 == 0 ? UInt64(0) : UInt64.max
        try push(.integer(Int(truncatingIfNeeded: bytes.reversed().reduce(sign) { $0 << 8 | UInt64($1) })))
    }

    /// Pushes a number written as text.
    private mutating func pushDecimal() throws {
        let line = try text(try reader.line(limit: 100))
        switch line {
        case "00": try push(.boolean(false))
        case "01": try push(.boolean(true))
        default:
            guard let value = Int(line) else { throw reader.error("has a malformed number") }
            try push(.integer(value))
        }
    }

    private mutating func remember(_ index: Int) throws { memo[index] = try top() }

    private mutating func recall(_ index: Int) throws {
        guard let value = memo[index] else { throw reader.error("recalls a value that was not remembered") }
        stack.append(value)
    }

    private func text(_ range: Range<Int>) throws -> String {
        guard let text = reader.file.text(range) else { throw reader.error("has a name that is not UTF-8") }
        return text
    }

    private mutating func pushGlobal(_ module: String, _ name: String) throws {
        // Reading them would be harmless, since nothing is executed; but no file of parameters names these
        // functions, and the owner of such a file should know.
        let outermost = module.split(separator: ".", maxSplits: 1).first.map(String.init) ?? ""
        let isCode =
            ["builtins", "__builtin__"].contains(module)
            && ["eval", "exec", "execfile", "compile", "open", "__import__"].contains(name)
        guard !["os", "posix", "nt", "sys", "subprocess"].contains(outermost), !isCode else {
            throw reader.error(
                "names \(quoted(module + "." + name)), which would run code in Python; nothing was run")
        }
        stack.append(try tree.addGlobal(module + "." + name))
    }
}

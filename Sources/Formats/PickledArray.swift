// NumPy's pickle format of an array.
//
// Python would call a function and then complete what it returns (BUILD):
//
//     numpy.core.multiarray._reconstruct(numpy.ndarray, (0,), b'b')   an empty array, completed with
//         (1, shape, dtype, whether it is in Fortran order, the elements as bytes)
//     numpy.dtype('f4', False, True)                                  an element type, completed with
//         (3, byte order, …)
//
// Since protocol 5 it is a single call, `_frombuffer(bytes, dtype, shape, 'C' or 'F')`; a single number is
// `scalar(dtype, bytes)`. In NumPy 2 the module is numpy._core.
//
// From protocol 3 on the elements are bytes. For earlier protocols, Python 3 writes a text in which every
// character stands for a byte, and a call of `_codecs.encode(text, 'latin1')`; Python 2 writes a string.

/// Reads an array pickled by NumPy, interpreting the calls of the functions that NumPy uses.
struct PickledArray {
    private let tree: PickleTree
    /// The name of the array, for errors.
    private let name: String

    init(_ tree: PickleTree, name: String) {
        self.tree = tree
        self.name = name
    }

    /// The functions whose calls describe a pickled array.
    static let constructors: Set<String> = reconstruct.union(scalar).union(fromBuffer)

    private static let reconstruct: Set<String> = names("multiarray._reconstruct")
    private static let scalar: Set<String> = names("multiarray.scalar")
    private static let fromBuffer: Set<String> = names("numeric._frombuffer")

    private static func names(_ function: String) -> Set<String> {
        ["numpy.core.\(function)", "numpy._core.\(function)"]
    }

    /// The array that `value`, a call of one of ``constructors``, would create.
    /// - Throws: ``FileError`` when the description is unknown, the elements are not numbers, or their number
    ///   does not match the shape.
    func tensor(_ value: PickleTree.Reference) throws -> StoredTensor {
        guard let (function, arguments) = tree.object(value) else {
            throw fault("is described in an unknown way")
        }
        if Self.scalar.contains(function), arguments.count == 2 {
            return try tensor(type: arguments[0], shape: [], isFortranOrder: false, data: arguments[1])
        }
        if Self.fromBuffer.contains(function), arguments.count == 4, let shape = tree.integers(arguments[2]),
            let order = tree.text(arguments[3]), order == "C" || order == "F"
        {
            return try tensor(
                type: arguments[1], shape: shape, isFortranOrder: order == "F", data: arguments[0])
        }
        guard Self.reconstruct.contains(function), let subject = arguments.first.flatMap(tree.global),
            let state = tree.state(of: value).flatMap(tree.tuple), state.count == 5,
            tree.integer(state[0]) == 1, let shape = tree.integers(state[1]),
            let isFortranOrder = flag(state[3])
        else { throw fault("is described in an unknown way") }
        guard subject == "numpy.ndarray" else { throw fault("is an array of the class \(quoted(subject))") }
        return try tensor(type: state[2], shape: shape, isFortranOrder: isFortranOrder, data: state[4])
    }

    private func tensor(
        type: PickleTree.Reference, shape: [Int], isFortranOrder: Bool, data: PickleTree.Reference
    ) throws -> StoredTensor {
        let (element, isBigEndian) = try elementType(type)
        let contents = try bytes(data)
        guard let count = elementCount(of: shape) else { throw fault("has an impossible shape \(shape)") }
        guard element.byteCount(of: count) == contents.count else {
            throw fault("is \(element.rawValue) \(shape), but has \(contents.count) bytes")
        }
        return try StoredTensor(
            name: name, element: element, shape: shape, contents: contents,
            strides: isFortranOrder ? NumpyArrays.fortranStrides(of: shape) : nil, isBigEndian: isBigEndian)
    }

    /// The element type described by a `numpy.dtype`, and whether it is big-endian.
    private func elementType(_ value: PickleTree.Reference) throws -> (ElementType, isBigEndian: Bool) {
        guard let (function, arguments) = tree.object(value), function == "numpy.dtype",
            let text = arguments.first.flatMap(tree.text)
        else { throw fault("has no element type") }
        // The byte order can be in the type, as in '<f4', or in the state.
        let order = text.first.flatMap { "<>|=".contains($0) ? String($0) : nil }
        let type = order == nil ? text : String(text.dropFirst())
        guard let element = NumpyArrays.elements[type] else {
            throw fault(
                type.hasPrefix("O")
                    ? "holds Python objects, which are not read"
                    : "has elements of type \(quoted(text)), which are not read")
        }
        guard let state = tree.state(of: value) else { return (element, order == ">") }
        guard let members = tree.tuple(state), members.count >= 2, let order = tree.text(members[1]),
            ["<", ">", "|", "="].contains(order)
        else { throw fault("has an element type that is described in an unknown way") }
        return (element, order == ">")
    }

    /// The bytes described by `value`.
    private func bytes(_ value: PickleTree.Reference) throws -> StoredBytes {
        switch tree[value] {
        case .bytes(let range), .string(let range): return .mapped(tree.file, range)
        case .object:
            guard let (function, arguments) = tree.object(value), function == "_codecs.encode",
                arguments.count == 2, case .text(let range) = tree[arguments[0]],
                ["latin1", "latin-1", "iso-8859-1"].contains(tree.text(arguments[1]) ?? "")
            else { break }
            guard let text = Latin1Text(tree.file, range) else {
                throw fault("has a text for its bytes that holds more than bytes")
            }
            return .latin1(text, 0..<text.byteCount)
        default: break
        }
        throw fault("has \(tree.kind(value)) for its elements")
    }

    /// A Boolean, which is a number in Python 2's pickles.
    private func flag(_ value: PickleTree.Reference) -> Bool? {
        tree.boolean(value) ?? tree.integer(value).flatMap { $0 == 0 ? false : $0 == 1 ? true : nil }
    }

    private func fault(_ text: String) -> FileError {
        tree.file.error("tensor \(quoted(name)) \(text); nothing was run")
    }
}

import Tensors

/// The parameters of a network in a file, under this project's names, whatever the file calls them.
///
/// A network takes the parameters that it needs; ``unusedKeys`` lists the rest, so that nothing in a file is
/// ignored silently. Rows of frameworks that order the classes differently are reordered (see ``RowOrder``).
public struct Checkpoint: ParameterSource, Sendable {
    /// The file.
    public let file: TensorFile
    /// The naming scheme of the file.
    public let keyMap: KeyMap
    /// The prefix of these names in the file, such as `module.`; often empty.
    public let prefix: String
    /// Keys that are not recognised, in the order of the file.
    public let unrecognizedKeys: [String]
    /// Keys without the prefix, in the order of the file: of another copy of the network, for instance, or of
    /// a loss.
    public let keysOutsidePrefix: [String]
    /// The native names of all parameters in the file, in the order of the file.
    public let names: [String]
    /// The shapes by native name, for this project's order of classes: from these the architecture is
    /// inferred.
    public let shapes: [String: [Int]]
    private let keys: [String: String]
    private let rowOrder: RowOrder
    private var taken: Set<String> = []

    /// Opens the file at `path`.
    /// - Parameter entry: the key or the prefix of the network to read, in a file with several.
    /// - Throws: ``FileError`` when it is not a file of tensors, or its naming scheme is unknown.
    public init(contentsOf path: String, entry: String? = nil) throws {
        try self.init(contentsOf: path, entry: entry, ignoring: [])
    }

    /// Opens the file at `path` without some of its tensors.
    /// - Parameters:
    ///   - entry: where a file has several networks, under which key, or after which prefix, the one is.
    ///   - patterns: of names in the file; `*` stands for anything.
    /// - Throws: ``FileError`` when it is no file of tensors, has no names that we know, or none that fits a pattern.
    public init(contentsOf path: String, entry: String? = nil, ignoring patterns: [String]) throws {
        let file = try TensorFile(contentsOf: path, entry: entry)
        try self.init(patterns.isEmpty ? file : try file.ignoring(patterns), entry: entry)
    }

    /// The parameters in `file`.
    /// - Parameter entry: the key or the prefix of the network to read, in a file with several.
    /// - Throws: ``FileError`` when the naming scheme is unknown, a parameter has two names, or the number of
    ///   rows does not match the number of classes.
    public init(_ file: TensorFile, entry: String? = nil) throws {
        let reading = try Self.reading(file, entry: entry)
        let (prefix, keyMap) = (reading.prefix, reading.keyMap)
        let inside = file.tensors.filter { $0.name.hasPrefix(prefix) }
        let relevant = inside.filter { !KeyMap.isIgnored($0.name.dropFirst(prefix.count)) && !$0.isCounter }
        keysOutsidePrefix = file.tensors.filter { !$0.name.hasPrefix(prefix) && !$0.isCounter }.map(\.name)
        self.prefix = prefix
        metadata = file.metadata
        var keys: [String: String] = [:]
        var names: [String] = []
        var shapes: [String: [Int]] = [:]
        var unrecognized: [String] = []
        for tensor in relevant {
            guard let name = keyMap.native(from: String(tensor.name.dropFirst(prefix.count))) else {
                unrecognized.append(tensor.name)
                continue
            }
            if let other = keys.updateValue(tensor.name, forKey: name) {
                throw FileError(
                    path: file.path,
                    fault: "has \(quoted(other)) and \(quoted(tensor.name)), which are the same parameter")
            }
            names.append(name)
            shapes[name] = tensor.shape
        }
        let rowOrder = RowOrder(keyMap, logits: shapes["box.logits.weight"])
        for name in names {
            guard let stored = shapes[name] else { continue }
            if let fault = rowOrder.fault(of: name, stored: stored) {
                // The class-agnostic boxes of a cascade, for example.
                if let other = OtherNetwork(in: unrecognized) {
                    throw FileError(path: file.path, fault: other.fault)
                }
                throw FileError(path: file.path, fault: "parameter \(quoted(keys[name] ?? name)) \(fault)")
            }
            shapes[name] = rowOrder.shape(of: name, stored: stored)
        }
        self.file = file
        self.keyMap = keyMap
        self.rowOrder = rowOrder
        self.keys = keys
        self.names = names
        self.shapes = shapes
        unrecognizedKeys = unrecognized
    }

    /// The free text in the file, without what ``passOver(metadata:)`` removed.
    public private(set) var metadata: [String: String]

    /// Removes texts from ``metadata``: other people's notes under keys that happen to have a meaning here.
    public mutating func passOver(metadata keys: [String]) { for key in keys { metadata[key] = nil } }

    /// Keys of the file that have not been requested, in the order of the file, without those outside the
    /// prefix.
    public var unusedKeys: [String] {
        let used = Set(taken.compactMap { keys[$0] })
        let outside = Set(keysOutsidePrefix)
        return file.tensors.filter { tensor in
            !used.contains(tensor.name) && !outside.contains(tensor.name) && !tensor.isCounter
                && !KeyMap.isIgnored(tensor.name.dropFirst(prefix.count))
        }.map(\.name)
    }

    /// A tensor of the file that is not a parameter, by the framework's name without the prefix, such as
    /// `pixel_mean`.
    public func stored(_ key: String) -> StoredTensor? { file[prefix + key] }

    /// The naming scheme of the file, and the prefix of its names.
    private static func reading(_ file: TensorFile, entry: String?) throws -> ParameterNames {
        func fault(_ text: String) -> FileError { FileError(path: file.path, fault: text) }
        if file.container == .safetensors, let part = ShardedSafetensors.part(file.path) {
            throw fault(
                "is part \(part.number) of \(part.count): give the index beside it (….index.json) instead")
        }
        let relevant = file.tensors.filter { !KeyMap.isIgnored($0.name[...]) && !$0.isCounter }
        guard !relevant.isEmpty else { throw fault("has no parameters") }
        let readings = ParameterNames.readings(of: relevant.map(\.name))
        guard !readings.isEmpty else {
            if let other = OtherNetwork(in: relevant.map(\.name)) {
                throw fault(other.fault)
            }
            let some = relevant.prefix(4).map { quoted($0.name) }.joined(separator: ", ")
            throw fault("has parameters of no known network: \(some)\(relevant.count > 4 ? ", …" : "")")
        }
        let list = readings.prefix(8).map { "\(quoted($0.prefix)) (\($0.count) tensors)" }.joined(
            separator: ", ")
        if let entry, !file.isEntry(entry) {
            guard let chosen = readings.first(where: { $0.prefix == entry || $0.prefix == entry + "." })
            else {
                throw fault("has no entry \(quoted(entry)); its parameters begin with \(list)")
            }
            return chosen
        }
        guard readings.count == 1 else {
            throw fault(
                "has parameters of several networks, which begin with \(list); say which with --entry")
        }
        return readings[0]
    }

    /// Whether the file is the published one that its name claims. Reads the whole file only if its name is
    /// that of a known one.
    public func publishedHash() -> PublishedHash { PublishedHash(file) }

    /// Whether the file has the parameter with that native name.
    public func contains(_ name: String) -> Bool { keys[name] != nil }

    /// The parameter with that native name, of exactly the given shape.
    /// - Throws: ``ParameterError`` when it is missing, has another shape, or holds NaN or infinity;
    ///   ``FileError`` when its elements are not numbers or its archive member is damaged.
    public mutating func parameter(
        _ name: String, shape: [Int], initialization: Initialization
    ) throws -> Tensor {
        guard let stored = keys[name].flatMap({ file[$0] }) else { throw ParameterError.missing(name: name) }
        guard let found = shapes[name], found == shape else {
            throw ParameterError.shape(name: name, found: shapes[name] ?? stored.shape, expected: shape)
        }
        let tensor = rowOrder.ours(name, try stored.floats())
        if let index = tensor.withUnsafeElements(firstNotFinite) {
            throw ParameterError.notFinite(name: name, index: index)
        }
        taken.insert(name)
        return tensor
    }

    /// Writes all recognised parameters as a safetensors file, each in its own element type; those whose rows
    /// `keyMap` orders differently from the file become 32-bit floats.
    ///
    /// `unrecognizedKeys` and counters of training are left out.
    /// - Parameters:
    ///   - path: the file to write; it appears as a whole, by rename.
    ///   - keyMap: the naming scheme to write.
    ///   - metadata: free text to store with them.
    ///   - isRounded: whether numbers are rounded to 16-bit floats, which halves the size of the file.
    /// - Throws: ``FileError`` when the file cannot be written, or `keyMap` has no name for a parameter.
    public func write(
        to path: String, keyMap: KeyMap = .native, metadata: [String: String] = [:], isRounded: Bool = false
    ) throws {
        var writer = SafetensorsWriter(metadata: metadata)
        let target = RowOrder(keyMap, logits: shapes["box.logits.weight"])
        for name in names {
            guard let foreign = keyMap.foreign(from: name) else {
                throw FileError(
                    path: path, fault: "cannot be written: \(keyMap.rawValue) has no name for \(quoted(name))"
                )
            }
            guard let stored = keys[name].flatMap({ file[$0] }), let ours = shapes[name] else { continue }
            let shape = target.storedShape(of: name, ours)
            let order = rowOrder
            func reordered(_ tensor: Tensor) -> Tensor { target.stored(name, order.ours(name, tensor)) }
            if isRounded {
                writer.addRounded(foreign, shape: shape) { reordered(try stored.halfPrecisionFloats()) }
            } else if order.isBackgroundLast != target.isBackgroundLast
                && (ours != stored.shape || shape != ours || name.hasPrefix("box.logits."))
            {
                writer.add(foreign, shape: shape) { reordered(try stored.floats()) }
            } else {
                writer.add(foreign, stored)
            }
        }
        try writer.write(to: path)
    }
}

extension StoredTensor {
    /// Whether this is a counter that training code stores beside the parameters: of steps, batches, or
    /// averaged models.
    fileprivate var isCounter: Bool {
        let isInteger = ![.float16, .bfloat16, .float32, .float64].contains(element)
        return count <= 1 && shape.count <= 1
            && (isInteger
                || ["step", "decay", "num_updates"].contains(String(name.split(separator: ".").last ?? "")))
    }
}

/// The index of the first NaN or infinity.
///
/// In these, all eight exponent bits are set, so that adding one to the exponent carries into the sign bit.
/// Branchless, and therefore limited by memory bandwidth.
func firstNotFinite(_ elements: UnsafeBufferPointer<Float>) -> Int? {
    typealias Lanes = SIMD16<UInt32>
    func carry(_ bits: Lanes) -> Lanes {
        (bits & Lanes(repeating: 0x7F80_0000)) &+ Lanes(repeating: 0x0080_0000)
    }
    let bytes = UnsafeRawBufferPointer(elements)
    let block = 64 * Lanes.scalarCount
    var start = 0
    while start + block <= elements.count {
        var carries = Lanes.zero
        for index in stride(from: start, to: start + block, by: Lanes.scalarCount) {
            carries |= carry(bytes.loadUnaligned(fromByteOffset: index * 4, as: Lanes.self))
        }
        var any: UInt32 = 0
        for lane in carries.indices { any |= carries[lane] }
        if any & 0x8000_0000 != 0 { break }
        start += block
    }
    return elements[start...].firstIndex { !$0.isFinite }
}

import Tensors

/// Writes a safetensors file.
///
/// Tensors are added by name in any order, with their values or with a closure that computes them. Closures
/// are called one at a time while the file is written, so that a network need not be in memory twice. The
/// file appears as a whole, by rename, and equal contents give equal bytes.
public struct SafetensorsWriter {
    /// Free text to store with the tensors.
    public var metadata: [String: String]
    private var entries: [String: Entry] = [:]

    private struct Entry {
        let element: ElementType
        let shape: [Int]
        let byteCount: Int
        /// Passes exactly `byteCount` bytes to `output`.
        let write: (_ output: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
    }

    /// A file without tensors, with the given metadata.
    public init(metadata: [String: String] = [:]) { self.metadata = metadata }

    /// Adds a tensor of 32-bit floats, replacing an earlier one of the same name.
    public mutating func add(_ name: String, _ tensor: Tensor) {
        add(name, shape: tensor.shape) { tensor }
    }

    /// Adds a tensor of 32-bit floats that `tensor` computes when it is written; its count must fit `shape`.
    public mutating func add(_ name: String, shape: [Int], tensor: @escaping () throws -> Tensor) {
        add(name, .float32, shape) { output in
            try tensor().withUnsafeElements { try output(UnsafeRawBufferPointer($0)) }
        }
    }

    /// Adds a tensor of 16-bit floats, rounded from the floats that `tensor` computes when it is written.
    public mutating func addRounded(_ name: String, shape: [Int], tensor: @escaping () throws -> Tensor) {
        add(name, .float16, shape) { output in
            let halves = try tensor().withUnsafeElements { $0.map { halfPrecision($0).littleEndian } }
            try halves.withUnsafeBytes(output)
        }
    }

    /// Adds a tensor of 64-bit integers, in row-major order.
    public mutating func add(_ name: String, integers: [Int64], shape: [Int]) {
        add(name, .int64, shape) { output in try integers.withUnsafeBytes(output) }
    }

    /// Adds a tensor of bytes, in row-major order.
    public mutating func add(_ name: String, bytes: [UInt8], shape: [Int]) {
        add(name, .uint8, shape) { output in try bytes.withUnsafeBytes(output) }
    }

    /// Adds a tensor of another file: in its own element type if it is dense and little-endian, otherwise as
    /// 32-bit floats.
    public mutating func add(_ name: String, _ stored: StoredTensor) {
        guard stored.strides == nil, !stored.isBigEndian else {
            return add(name, shape: stored.shape) { try stored.floats() }
        }
        add(name, stored.element, stored.shape) { output in
            let bytes = try stored.contents.load()
            try output(UnsafeRawBufferPointer(rebasing: bytes.file.bytes[bytes.range]))
        }
    }

    private mutating func add(
        _ name: String, _ element: ElementType, _ shape: [Int],
        write: @escaping (_ output: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) {
        guard name != "__metadata__", let byteCount = elementCount(of: shape).flatMap(element.byteCount(of:))
        else {
            preconditionFailure("no tensor can have the name '\(name)' and the shape \(shape)")
        }
        entries[name] = Entry(element: element, shape: shape, byteCount: byteCount, write: write)
    }

    /// Writes the file.
    /// - Throws: ``FileError`` when `path` cannot be written, and errors of the closures.
    public func write(to path: String) throws {
        // Widest elements first, so that every tensor is aligned to its element; then by name.
        let sorted = entries.sorted { a, b in
            a.value.element.bits != b.value.element.bits
                ? a.value.element.bits > b.value.element.bits
                : a.key.utf8.lexicographicallyPrecedes(b.key.utf8)
        }
        let file = try OutputFile(path: path)
        try file.write(header(sorted))
        for (name, entry) in sorted {
            var written = 0
            try entry.write { bytes in
                precondition(bytes.count == entry.byteCount, "tensor '\(name)' does not fill its shape")
                try file.write(bytes)
                written += bytes.count
            }
            precondition(written == entry.byteCount, "tensor '\(name)' was not written once")
        }
        try file.finish()
    }

    /// The length and the JSON header, padded with spaces so that the tensors start at a multiple of 8 bytes.
    private func header(_ sorted: [(key: String, value: Entry)]) -> [UInt8] {
        var items: [String] = []
        if !metadata.isEmpty {
            let pairs = metadata.sorted { $0.key < $1.key }.map { jsonString($0) + ":" + jsonString($1) }
            items.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
        }
        var begin = 0
        for (name, entry) in sorted {
            let shape = entry.shape.map(String.init).joined(separator: ",")
            let end = begin + entry.byteCount
            items.append(
                jsonString(name)
                    + ":{\"dtype\":\"\(entry.element.rawValue)\",\"shape\":[\(shape)],\"data_offsets\":[\(begin),\(end)]}"
            )
            begin = end
        }
        var json = Array("{\(items.joined(separator: ","))}".utf8)
        json.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (8 - json.count % 8) % 8))
        return withUnsafeBytes(of: UInt64(json.count).littleEndian, Array.init) + json
    }
}

/// `text` as a JSON string, quotes included.
private func jsonString(_ text: String) -> String {
    var json = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": json += "\\\""
        case "\\": json += "\\\\"
        case "\u{0}"..<" ":
            let digits = String(scalar.value, radix: 16)
            json += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        default: json.unicodeScalars.append(scalar)
        }
    }
    return json + "\""
}

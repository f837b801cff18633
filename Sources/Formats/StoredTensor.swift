import Tensors

/// A tensor in a file, whose elements are read on demand.
public struct StoredTensor: Sendable {
    /// The name in the file.
    public let name: String
    /// The element type.
    public let element: ElementType
    /// The length of each axis, outermost first.
    public let shape: [Int]
    /// The number of elements.
    public let count: Int

    /// The bytes of the elements: for a dense tensor exactly these, otherwise those of the whole storage.
    let contents: StoredBytes
    /// The stride of each axis, in elements; nil when the tensor is dense and row-major.
    let strides: [Int]?
    /// The position of the first element, in elements from the start of `contents`.
    let offset: Int
    let isBigEndian: Bool

    /// A tensor over part of a file. All conditions that reading relies on are checked here.
    /// - Parameters:
    ///   - contents: the bytes of a storage, of which the tensor is all or part.
    ///   - strides: the stride of each axis, in elements; nil for a dense row-major tensor.
    ///   - offset: the position of the first element, in elements from the start of `contents`.
    /// - Throws: ``FileError`` when the elements do not lie inside `contents`.
    init(
        name: String, element: ElementType, shape: [Int], contents: StoredBytes,
        strides: [Int]? = nil, offset: Int = 0, isBigEndian: Bool = false
    ) throws {
        func fault(_ text: String) -> FileError {
            FileError(path: contents.path, fault: "tensor \(quoted(name)) \(text)")
        }
        guard let count = elementCount(of: shape) else { throw fault("has an impossible shape \(shape)") }
        let rowMajor = rowMajorStrides(of: shape)
        let strides = strides ?? rowMajor
        guard strides.count == shape.count else {
            throw fault("has \(strides.count) strides for \(shape.count) axes")
        }
        guard let end = endOfElements(shape: shape, strides: strides, offset: offset),
            let byteEnd = element.byteCount(of: end), byteEnd <= contents.count
        else { throw fault("reaches outside its storage") }
        // A stride of zero repeats elements: a few bytes could then ask for any amount of memory.
        guard let stored = element.byteCount(of: count), stored <= contents.count else {
            throw fault("has more elements than its storage")
        }
        self.name = name
        self.element = element
        self.shape = shape
        self.count = count
        self.isBigEndian = isBigEndian
        let isDense = zip(shape.indices, shape).allSatisfy { axis, length in
            length == 1 || strides[axis] == rowMajor[axis]
        }
        if isDense || count == 0 {
            let start = count == 0 ? 0 : element.byteCount(of: offset) ?? 0
            self.contents = contents.part(start..<start + stored)
            self.strides = nil
            self.offset = 0
        } else {
            self.contents = contents
            self.strides = strides
            self.offset = offset
        }
    }

    /// The elements as `Float`, in row-major order.
    ///
    /// Dense, aligned 32-bit floats in a mapped file are borrowed, not copied. Wider numbers are rounded;
    /// Booleans become 0 and 1.
    /// - Throws: ``FileError`` for an element type that has no `Float` value, or a damaged archive member.
    public func floats() throws -> Tensor {
        let bytes = try contents.load()
        if element == .float32, strides == nil, !isBigEndian {
            return Tensor(shape: shape, littleEndianFloats: bytes)
        }
        switch element {
        case .float32: return try tensor(bytes) { Float(bitPattern: $0 as UInt32) }
        case .float64: return try tensor(bytes) { Float(Double(bitPattern: $0 as UInt64)) }
        case .float16: return try tensor(bytes) { float(halfPrecision: $0) }
        case .bfloat16: return try tensor(bytes) { Float(bitPattern: UInt32($0 as UInt16) << 16) }
        case .bool: return try tensor(bytes) { ($0 as UInt8) == 0 ? 0 : 1 }
        case .uint8: return try tensor(bytes) { Float($0 as UInt8) }
        case .uint16: return try tensor(bytes) { Float($0 as UInt16) }
        case .uint32: return try tensor(bytes) { Float($0 as UInt32) }
        case .uint64: return try tensor(bytes) { Float($0 as UInt64) }
        case .int8: return try tensor(bytes) { Float($0 as Int8) }
        case .int16: return try tensor(bytes) { Float($0 as Int16) }
        case .int32: return try tensor(bytes) { Float($0 as Int32) }
        case .int64: return try tensor(bytes) { Float($0 as Int64) }
        default: throw unreadable(as: "floats")
        }
    }

    /// The elements as `Float`, checked to be within the range of 16-bit floats.
    /// - Throws: ``FileError`` when an element is too large, and the errors of ``floats()``.
    func halfPrecisionFloats() throws -> Tensor {
        let tensor = try floats()
        let largest = tensor.withUnsafeElements { $0.reduce(0) { max($0, abs($1)) } }
        guard largest < 65_520 else { throw fault("holds \(largest), more than 16 bits can") }
        return tensor
    }

    /// The elements as `Int`, in row-major order.
    /// - Throws: ``FileError`` when the elements are not integers or one does not fit `Int`, or for a damaged
    ///   archive member.
    public func integers() throws -> [Int] {
        let bytes = try contents.load()
        switch element {
        case .bool: return try array(bytes) { ($0 as UInt8) == 0 ? 0 : 1 }
        case .uint8: return try array(bytes) { Int($0 as UInt8) }
        case .uint16: return try array(bytes) { Int($0 as UInt16) }
        case .uint32: return try array(bytes) { Int($0 as UInt32) }
        case .int8: return try array(bytes) { Int($0 as Int8) }
        case .int16: return try array(bytes) { Int($0 as Int16) }
        case .int32: return try array(bytes) { Int($0 as Int32) }
        case .int64: return try array(bytes) { Int($0 as Int64) }
        case .uint64:
            return try array(bytes) { (value: UInt64) in
                guard let value = Int(exactly: value) else { throw fault("holds \(value), more than fits") }
                return value
            }
        default: throw unreadable(as: "integers")
        }
    }

    /// The elements of a `U8` or `BOOL` tensor, in row-major order.
    /// - Throws: ``FileError`` for any other element type, or a damaged archive member.
    public func bytes() throws -> [UInt8] {
        guard element == .uint8 || element == .bool else { throw unreadable(as: "bytes") }
        return try array(try contents.load()) { $0 as UInt8 }
    }

    /// An error about this tensor.
    func fault(_ text: String) -> FileError {
        FileError(path: contents.path, fault: "tensor \(quoted(name)) \(text)")
    }

    private func unreadable(as kind: String) -> FileError {
        fault("has elements of type \(element.rawValue), which are not read as \(kind)")
    }

    private func tensor<Raw: FixedWidthInteger>(
        _ bytes: StoredBytes.Loaded, _ value: (Raw) throws -> Float
    ) throws -> Tensor {
        try Tensor(shape: shape) { try read(bytes, into: $0, value) }
    }

    private func array<Raw: FixedWidthInteger, Value>(
        _ bytes: StoredBytes.Loaded, _ value: (Raw) throws -> Value
    ) throws -> [Value] {
        try [Value](unsafeUninitializedCapacity: count) { destination, written in
            try read(bytes, into: UnsafeMutableBufferPointer(rebasing: destination[..<count]), value)
            written = count
        }
    }

    /// Writes `value` of every element to `destination`, which holds `count` values, in row-major order.
    private func read<Raw: FixedWidthInteger, Value>(
        _ bytes: StoredBytes.Loaded, into destination: UnsafeMutableBufferPointer<Value>,
        _ value: (Raw) throws -> Value
    ) throws {
        guard count > 0 else { return }
        let size = MemoryLayout<Raw>.size
        let source = UnsafeRawBufferPointer(rebasing: bytes.file.bytes[bytes.range])
        let isBigEndian = isBigEndian
        func element(at index: Int) throws -> Value {
            let raw = source.loadUnaligned(fromByteOffset: index * size, as: Raw.self)
            return try value(isBigEndian ? Raw(bigEndian: raw) : Raw(littleEndian: raw))
        }
        guard let strides else {
            for index in 0..<count { destination.initializeElement(at: index, to: try element(at: index)) }
            return
        }
        // `indices` counts through the axes like an odometer; `position` is the corresponding position in the
        // storage.
        var indices = [Int](repeating: 0, count: shape.count)
        var position = offset
        for written in 0..<count {
            destination.initializeElement(at: written, to: try element(at: position))
            var axis = shape.count - 1
            while axis >= 0 {
                indices[axis] += 1
                position += strides[axis]
                if indices[axis] < shape[axis] { break }
                position -= indices[axis] * strides[axis]
                indices[axis] = 0
                axis -= 1
            }
        }
    }
}

extension Tensor {
    /// The dense 32-bit floats in `bytes`: borrowed if they are aligned, copied otherwise.
    fileprivate init(shape: [Int], littleEndianFloats bytes: StoredBytes.Loaded) {
        let source = UnsafeRawBufferPointer(rebasing: bytes.file.bytes[bytes.range])
        if let start = source.baseAddress, !source.isEmpty,
            Int(bitPattern: start) % MemoryLayout<Float>.alignment == 0
        {
            self.init(shape: shape, reading: source.bindMemory(to: Float.self), owner: bytes.file)
        } else {
            self.init(shape: shape) { UnsafeMutableRawBufferPointer($0).copyMemory(from: source) }
        }
    }
}

/// The strides of a dense row-major tensor, in elements. The number of elements must fit `Int`.
private func rowMajorStrides(of shape: [Int]) -> [Int] {
    var strides = shape
    var stride = 1
    for axis in shape.indices.reversed() {
        strides[axis] = stride
        // A shape such as [2⁶², 2, 0] has no elements, but the product of some of its lengths can overflow.
        stride = stride.multipliedReportingOverflow(by: max(shape[axis], 1)).partialValue
    }
    return strides
}

/// The position just past the last element of such a tensor in its storage; nil when it overflows.
private func endOfElements(shape: [Int], strides: [Int], offset: Int) -> Int? {
    guard offset >= 0, strides.allSatisfy({ $0 >= 0 }) else { return nil }
    if shape.contains(0) { return 0 }
    var end = offset
    for (length, stride) in zip(shape, strides) {
        let (span, spanOverflow) = (length - 1).multipliedReportingOverflow(by: stride)
        let (sum, sumOverflow) = end.addingReportingOverflow(span)
        if spanOverflow || sumOverflow { return nil }
        end = sum
    }
    let (count, overflow) = end.addingReportingOverflow(1)
    return overflow ? nil : count
}

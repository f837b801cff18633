/// A dense array of `Float` in row-major order: the one value that flows through the network.
///
/// Feature maps are `[height, width, channels]` and batches of RoI features
/// `[roi, height, width, channels]`: channels are contiguous, so that a 1×1 convolution is a single matrix
/// product and every kernel runs along contiguous memory. Weights keep the order their file has
/// (`[output, input, height, width]`); kernels repack them once.
///
/// A tensor is a value: a copy shares storage until one of the two is changed.
public struct Tensor: Sendable {
    /// The length of each axis, outermost first. An empty shape is a scalar.
    public let shape: [Int]
    private var storage: TensorStorage

    /// The number of elements: the product of `shape`.
    public var count: Int { storage.count }

    private init(shape: [Int], storage: TensorStorage) {
        precondition(
            shape.reduce(1, *) == storage.count, "shape \(shape) does not hold \(storage.count) elements")
        self.shape = shape
        self.storage = storage
    }

    /// A tensor whose elements `fill` writes; every one must be written, since memory arrives as it is.
    public init(shape: [Int], fill: (UnsafeMutableBufferPointer<Float>) throws -> Void) rethrows {
        let storage = TensorStorage(count: shape.reduce(1, *))
        try fill(storage.elements)
        self.init(shape: shape, storage: storage)
    }

    /// A tensor with every element equal to `value`.
    public init(shape: [Int], repeating value: Float = 0) {
        self.init(shape: shape) { $0.update(repeating: value) }
    }

    /// A tensor of the given elements, in row-major order.
    public init(shape: [Int], elements: [Float]) {
        precondition(
            shape.reduce(1, *) == elements.count, "shape \(shape) does not hold \(elements.count) elements")
        self.init(shape: shape) { destination in
            elements.withUnsafeBufferPointer { _ = destination.update(from: $0) }
        }
    }

    /// A tensor that reads memory owned by someone else, a mapped file for instance, without copying it.
    /// `owner` is kept alive as long as the tensor or a copy of it is. The first change makes a copy.
    public init(shape: [Int], reading elements: UnsafeBufferPointer<Float>, owner: AnyObject & Sendable) {
        self.init(shape: shape, storage: TensorStorage(reading: elements, owner: owner))
    }

    /// The same elements under another shape of the same count.
    public func reshaped(to shape: [Int]) -> Tensor { Tensor(shape: shape, storage: storage) }

    /// Calls `body` with the elements, in row-major order.
    @inlinable
    public func withUnsafeElements<Result>(
        _ body: (UnsafeBufferPointer<Float>) throws -> Result
    ) rethrows -> Result {
        try withExtendedLifetime(self) { try body(elements) }
    }

    /// Calls `body` with the elements, to change them in place; copies them first if they are shared.
    public mutating func withUnsafeMutableElements<Result>(
        _ body: (UnsafeMutableBufferPointer<Float>) throws -> Result
    ) rethrows -> Result {
        if !isKnownUniquelyReferenced(&storage) || storage.isBorrowed {
            storage = TensorStorage(copying: storage)
        }
        return try withExtendedLifetime(storage) { try body(storage.elements) }
    }

    /// The elements; valid only while the tensor is alive, which `withUnsafeElements` sees to.
    @usableFromInline
    var elements: UnsafeBufferPointer<Float> { UnsafeBufferPointer(storage.elements) }

    /// A copy of the elements as an array.
    public var array: [Float] { withUnsafeElements { Array($0) } }

    /// The element at one index per axis.
    public subscript(indices: Int...) -> Float {
        get { withUnsafeElements { $0[offset(of: indices)] } }
        set {
            let offset = offset(of: indices)
            withUnsafeMutableElements { $0[offset] = newValue }
        }
    }

    private func offset(of indices: [Int]) -> Int {
        precondition(indices.count == shape.count, "\(indices.count) indices for shape \(shape)")
        var offset = 0
        for (index, length) in zip(indices, shape) {
            precondition(index >= 0 && index < length, "index \(indices) outside shape \(shape)")
            offset = offset * length + index
        }
        return offset
    }
}

/// The memory behind a tensor: allocated here, or borrowed from an owner that is kept alive.
///
/// `@unchecked Sendable`: elements change only through `Tensor.withUnsafeMutableElements`, which first
/// makes sure that nobody else refers to them.
private final class TensorStorage: @unchecked Sendable {
    let elements: UnsafeMutableBufferPointer<Float>
    private let owner: AnyObject?

    var count: Int { elements.count }
    var isBorrowed: Bool { owner != nil }

    init(count: Int) {
        let memory = MemoryPool.allocate(bytes: count * MemoryLayout<Float>.stride)
        elements = UnsafeMutableBufferPointer(
            start: memory.bindMemory(to: Float.self, capacity: count), count: count)
        owner = nil
    }

    convenience init(copying other: TensorStorage) {
        self.init(count: other.count)
        _ = elements.update(from: UnsafeBufferPointer(other.elements))
    }

    init(reading elements: UnsafeBufferPointer<Float>, owner: AnyObject) {
        self.elements = UnsafeMutableBufferPointer(mutating: elements)
        self.owner = owner
    }

    deinit {
        guard owner == nil, let start = elements.baseAddress else { return }
        MemoryPool.deallocate(start, bytes: elements.count * MemoryLayout<Float>.stride)
    }
}

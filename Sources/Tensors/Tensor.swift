/// A dense array of `Float` in row-major order: the type of every value in the network.
///
/// Feature maps are `[height, width, channels]` and batches of RoI features `[roi, height, width, channels]`:
/// channels are contiguous, so that a 1×1 convolution is a single matrix product and every kernel runs along
/// contiguous memory. Weights keep the layout of their file (`[output, input, height, width]`); kernels
/// repack them once.
///
/// A tensor has value semantics: copies share memory until one of them is changed.
public struct Tensor: Sendable {
    /// The length of each axis, outermost first; empty for a scalar.
    public let shape: [Int]
    /// The storage, shared between copies.
    package private(set) var memory: TensorMemory

    /// The number of elements: the product of `shape`.
    public var count: Int { memory.count }

    /// A tensor of the elements in `memory`, in row-major order; they must not be changed afterwards.
    package init(shape: [Int], memory: TensorMemory) {
        precondition(
            shape.reduce(1, *) == memory.count, "shape \(shape) does not hold \(memory.count) elements")
        self.shape = shape
        self.memory = memory
    }

    /// A tensor whose elements `fill` writes. The memory is uninitialized: every element must be written.
    public init(shape: [Int], fill: (UnsafeMutableBufferPointer<Float>) throws -> Void) rethrows {
        let memory = TensorMemory(count: shape.reduce(1, *))
        try fill(memory.elements)
        self.init(shape: shape, memory: memory)
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

    /// A tensor that reads memory of `owner`, such as a mapped file, without copying it. It keeps `owner`
    /// alive; the first change makes a copy.
    public init(shape: [Int], reading elements: UnsafeBufferPointer<Float>, owner: AnyObject & Sendable) {
        self.init(shape: shape, memory: TensorMemory(reading: elements, owner: owner))
    }

    /// The same elements under another shape, which must have the same number of elements.
    public func reshaped(to shape: [Int]) -> Tensor { Tensor(shape: shape, memory: memory) }

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
        makeUnique()
        return try withExtendedLifetime(memory) { try body(memory.elements) }
    }

    /// Copies the elements if they are shared or borrowed.
    package mutating func makeUnique() {
        if !isKnownUniquelyReferenced(&memory) || memory.isBorrowed {
            memory = TensorMemory(copying: memory)
        }
    }

    /// The elements; valid only while the tensor is alive, which `withUnsafeElements` ensures.
    @usableFromInline
    var elements: UnsafeBufferPointer<Float> { UnsafeBufferPointer(memory.elements) }

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
/// `@unchecked Sendable`: elements change only while a single kernel or tensor holds the only reference, and
/// each thread writes to different elements.
package final class TensorMemory: @unchecked Sendable {
    /// The elements; valid as long as this object exists.
    package let elements: UnsafeMutableBufferPointer<Float>
    private let owner: AnyObject?

    var count: Int { elements.count }
    var isBorrowed: Bool { owner != nil }

    /// Uninitialized memory for `count` elements, aligned to 64 bytes.
    package init(count: Int) {
        let memory = MemoryPool.allocate(bytes: count * MemoryLayout<Float>.stride)
        elements = UnsafeMutableBufferPointer(
            start: memory.bindMemory(to: Float.self, capacity: count), count: count)
        owner = nil
    }

    convenience init(copying other: TensorMemory) {
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

import Foundation
import TestSupport
import Testing

import Tensors

/// Numbers from -1 to 1, spread by an integer hash of their index and exact in Float: the inputs from which
/// `Tools/make_kernel_goldens.py` computes its expected values.
func pattern(_ shape: [Int], seed: UInt64) -> Tensor {
    let elements = (0..<shape.reduce(1, *)).map { index -> Float in
        var x = (UInt64(index) + 1) * (2 * seed + 2_654_435_761) & 0xffff_ffff
        x = (x ^ x >> 15) * 2_246_822_519 & 0xffff_ffff
        x = (x ^ x >> 13) * 3_266_489_917 & 0xffff_ffff
        x ^= x >> 16
        return Float(x >> 8) / 0x1p23 - 1
    }
    return Tensor(shape: shape, elements: elements)
}

/// A channel vector of the pattern.
func pattern(_ count: Int, seed: UInt64) -> [Float] { pattern([count], seed: seed).array }

/// Reads a file of expected values; `Fixtures/README.md` says what computed them.
func fixture<Value: Decodable>(_ name: String, as type: Value.Type = Value.self) throws -> Value {
    try Bundle.module.decoded(name)
}

extension Tensor {
    /// The tensor with each element replaced by a function of it.
    func mapped(_ transform: (Float) -> Float) -> Tensor {
        Tensor(shape: shape, elements: array.map(transform))
    }
}

/// Memory that a tensor borrows, as from a mapped file: it starts one Float after a multiple of 64 bytes.
final class Lender: @unchecked Sendable {
    private let memory: UnsafeMutableBufferPointer<Float>
    /// What the tensors read; changing it is what a borrower must not notice after it has packed its weights.
    var elements: UnsafeMutableBufferPointer<Float> { .init(rebasing: memory[1...]) }

    init(_ tensor: Tensor) {
        let raw = UnsafeMutableRawBufferPointer.allocate(byteCount: 4 * (tensor.count + 1), alignment: 64)
        memory = raw.bindMemory(to: Float.self)
        memory.initialize(repeating: .nan)
        tensor.withUnsafeElements { _ = elements.update(from: $0) }
    }

    deinit { memory.deallocate() }
}

extension Tensor {
    /// The same tensor, reading memory that somebody else owns.
    func lent(by lender: Lender) -> Tensor {
        Tensor(shape: shape, reading: UnsafeBufferPointer(lender.elements), owner: lender)
    }

    /// The same tensor in borrowed memory.
    var borrowed: Tensor { lent(by: Lender(self)) }
}

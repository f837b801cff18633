import Foundation
import Inference
import Tensors

/// Notes every parameter that a network asks for, and hands out random ones.
struct RecordingParameters: ParameterSource {
    private let source: RandomParameters
    private(set) var shapes: [String: [Int]] = [:]

    init(seed: UInt64 = 1) { source = RandomParameters(seed: seed) }

    func contains(_ name: String) -> Bool { false }

    mutating func parameter(_ name: String, shape: [Int], initialization: Initialization) -> Tensor {
        precondition(shapes[name] == nil, "'\(name)' was asked for twice")
        shapes[name] = shape
        return source.parameter(name, shape: shape, initialization: initialization)
    }
}

/// Notes shapes, and hands out one block of zeros again and again: networks of full size, without their memory.
struct ShapesOnly: ParameterSource {
    private final class Zeros: @unchecked Sendable {
        // Never written to: the system lends the same page of zeros throughout.
        let elements = UnsafeMutableBufferPointer<Float>(
            start: calloc(1 << 26, 4)?.assumingMemoryBound(to: Float.self), count: 1 << 26)
        deinit { free(elements.baseAddress) }
    }

    private let zeros = Zeros()
    private(set) var shapes: [String: [Int]] = [:]

    func contains(_ name: String) -> Bool { false }

    mutating func parameter(_ name: String, shape: [Int], initialization: Initialization) -> Tensor {
        shapes[name] = shape
        let count = shape.reduce(1, *)
        return Tensor(
            shape: shape, reading: UnsafeBufferPointer(rebasing: zeros.elements[..<count]), owner: zeros)
    }
}

/// A checkpoint of zeros in the given shapes, as strict as a file.
struct ShapedParameters: ParameterSource {
    let shapes: [String: [Int]]

    func contains(_ name: String) -> Bool { shapes[name] != nil }

    func parameter(_ name: String, shape: [Int], initialization: Initialization) throws -> Tensor {
        guard let found = shapes[name] else { throw ParameterError.missing(name: name) }
        // A file of this size does not exist in these tests.
        guard found == shape, shape.allSatisfy({ (0..<1 << 20).contains($0) }) else {
            throw ParameterError.shape(name: name, found: found, expected: shape)
        }
        return Tensor(shape: shape)
    }
}

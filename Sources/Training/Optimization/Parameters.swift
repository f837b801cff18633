import Foundation
import Inference
import Tensors

/// The parameters of a network by name, which training updates.
///
/// The network itself is immutable: each step builds a new one from these parameters, which is cheap because tensors
/// share their memory.
public struct Parameters: Sendable {
    /// The names of all parameters, in the order in which the network requests them, which is data-flow order.
    public private(set) var names: [String] = []
    private var tensors: [String: Tensor] = [:]

    /// All parameters that a network of this architecture requests, taken from `source`.
    /// - Throws: the source's error for a parameter that is missing or has another shape.
    public init(_ configuration: Architecture, from source: some ParameterSource) throws {
        var recorder = Recorder(source: source)
        _ = try Network(configuration, from: &recorder)
        names = recorder.names
        tensors = recorder.tensors
    }

    /// The given parameters by name, in alphabetical order.
    public init(_ tensors: [String: Tensor]) {
        names = tensors.keys.sorted()
        self.tensors = tensors
    }

    /// The parameter with this name, or nil.
    public subscript(name: String) -> Tensor? { tensors[name] }

    /// Changes a parameter in place; does nothing if there is none with this name.
    package mutating func update(_ name: String, _ body: (inout Tensor) -> Void) {
        // Moved out during the change, so that its memory is uniquely referenced and not copied.
        guard var tensor = tensors[name].take() else { return }
        body(&tensor)
        tensors[name] = tensor
    }

    /// The names of the trainable parameters: all but those of frozen batch norms, and those whose names begin with one
    /// of `frozen`.
    public func trainable(frozen: [String]) -> [String] {
        names.filter { name in
            let layer = name.range(of: ".norm.").map { String(name[..<$0.lowerBound]) }
            if let layer, tensors["\(layer).norm.running_mean"] != nil { return false }
            return !frozen.contains { name == $0 || name.hasPrefix($0 + ".") }
        }
    }

    /// Records the parameters that a network requests from a source.
    private struct Recorder<Source: ParameterSource>: ParameterSource {
        var source: Source
        var names: [String] = []
        var tensors: [String: Tensor] = [:]

        init(source: Source) { self.source = source }

        mutating func parameter(_ name: String, shape: [Int], initialization: Initialization) throws -> Tensor
        {
            let tensor = try source.parameter(name, shape: shape, initialization: initialization)
            names.append(name)
            tensors[name] = tensor
            return tensor
        }

        func contains(_ name: String) -> Bool { source.contains(name) }
    }
}

extension Parameters: ParameterSource {
    /// The parameter with this name.
    /// - Throws: `ParameterError` if it is missing or its shape is not `shape`.
    public func parameter(_ name: String, shape: [Int], initialization: Initialization) throws -> Tensor {
        guard let tensor = tensors[name] else { throw ParameterError.missing(name: name) }
        guard tensor.shape == shape else {
            throw ParameterError.shape(name: name, found: tensor.shape, expected: shape)
        }
        return tensor
    }

    /// Whether there is a parameter with this name.
    public func contains(_ name: String) -> Bool { tensors[name] != nil }
}

import Foundation
import Inference
import Tensors

/// The parameters of a network by name, as training changes them.
///
/// The network itself stays a value that never changes: each step builds it anew from these, which costs next to
/// nothing, since tensors share their memory.
public struct Parameters: Sendable {
    /// Every parameter, in the order in which the network asks for them: that of the data flow.
    public private(set) var names: [String] = []
    private var tensors: [String: Tensor] = [:]

    /// What a network of this configuration asks for, as `source` has it.
    /// - Throws: what the source throws for a parameter that is missing or of another shape.
    public init(_ configuration: Architecture, from source: some ParameterSource) throws {
        var recorder = Recorder(source: source)
        _ = try Network(configuration, from: &recorder)
        names = recorder.names
        tensors = recorder.tensors
    }

    /// Parameters of no particular network, by name.
    public init(_ tensors: [String: Tensor]) {
        names = tensors.keys.sorted()
        self.tensors = tensors
    }

    /// One parameter.
    public subscript(name: String) -> Tensor? { tensors[name] }

    /// Changes a parameter in place.
    package mutating func update(_ name: String, _ body: (inout Tensor) -> Void) {
        // Taken out for the time being, so that its memory has one owner and need not be copied.
        guard var tensor = tensors[name].take() else { return }
        body(&tensor)
        tensors[name] = tensor
    }

    /// The names of the parameters that training may change: all but the statistics of frozen batch norms and
    /// the factors that go with them, and but those whose names begin with one of `frozen`.
    public func trainable(frozen: [String]) -> [String] {
        names.filter { name in
            let layer = name.range(of: ".norm.").map { String(name[..<$0.lowerBound]) }
            if let layer, tensors["\(layer).norm.running_mean"] != nil { return false }
            return !frozen.contains { name == $0 || name.hasPrefix($0 + ".") }
        }
    }

    /// Takes note of what is asked for.
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
    /// The parameter of that name, whose shape must be `shape`.
    public func parameter(_ name: String, shape: [Int], initialization: Initialization) throws -> Tensor {
        guard let tensor = tensors[name] else { throw ParameterError.missing(name: name) }
        guard tensor.shape == shape else {
            throw ParameterError.shape(name: name, found: tensor.shape, expected: shape)
        }
        return tensor
    }

    /// Whether there is a parameter of that name.
    public func contains(_ name: String) -> Bool { tensors[name] != nil }
}

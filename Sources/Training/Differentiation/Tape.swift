import Tensors

// Reverse-mode differentiation, all of it:
//
// 1. Forward. The network runs as for inference, but on values that know their place on a tape. Whenever a
//    kernel's result depends on something that is being trained, its pullback is written on the tape: a
//    function from the gradient of the loss by the kernel's output to those by its inputs and parameters.
// 2. Backward. The losses say how they change with the network's outputs. The tape is read from its end to
//    its start; each pullback takes the gradient that has gathered at its output and hands parts of it down.
//
// What depends on nothing that is trained is a constant: it is not written down, its inputs are not kept, and
// no gradient is computed for it. That is how frozen stages cost nothing.

/// The record of one forward pass.
///
/// `@unchecked Sendable`: a tape is written by one thread and then read by one thread; which one may change in
/// between.
package final class Tape: @unchecked Sendable {
    /// From the gradient by a kernel's output to those by what it was computed from.
    typealias Pullback = (Tensor, inout Gradients) -> Void

    private let isTrained: @Sendable (String) -> Bool
    private var pullbacks: [Pullback?] = []

    /// An empty tape.
    /// - Parameter isTrained: whether the parameter of that name is being trained.
    package init(training isTrained: @escaping @Sendable (String) -> Bool = { _ in true }) {
        self.isTrained = isTrained
    }

    /// A value that nothing is learnt from: the picture.
    package func constant(_ value: Tensor) -> Taped { Taped(value: value, tape: self, node: nil) }

    /// A value that the gradient is wanted for, as if it were a parameter; for tests.
    package func variable(_ value: Tensor, name: String) -> Taped {
        record(value, from: [], parameters: [name]) { gradient, gradients in gradients.add(gradient, to: name)
        }
    }

    /// Writes down how `value` came about; a constant if it depends on nothing that is trained.
    func record(
        _ value: Tensor, from inputs: [Taped], parameters: [String] = [], pullback: @escaping Pullback
    ) -> Taped {
        guard inputs.contains(where: { $0.node != nil }) || parameters.contains(where: isTrained) else {
            return constant(value)
        }
        pullbacks.append(pullback)
        return Taped(value: value, tape: self, node: pullbacks.count - 1)
    }

    /// Reads the tape backwards. It is empty afterwards: what the pullbacks kept is freed on the way.
    /// - Parameter seeds: outputs of the network, each with the gradient of the loss by it.
    /// - Returns: the gradient of the loss by every parameter that it depends on.
    package func gradients(from seeds: [LossSeed]) -> [String: Tensor] {
        var gradients = Gradients(nodes: Array(repeating: nil, count: pullbacks.count), isTrained: isTrained)
        for seed in seeds { gradients.add(seed.gradient, to: seed.output) }
        while let pullback = pullbacks.popLast() {
            guard let gradient = gradients.nodes.removeLast() else { continue }
            pullback?(gradient, &gradients)
        }
        return gradients.parameters
    }
}

/// An output of the network, and how the loss changes with it.
package struct LossSeed: Sendable {
    /// The output.
    package let output: Taped
    /// The gradient of the loss by the output, of the same shape.
    package var gradient: Tensor

    /// A seed.
    package init(_ output: Taped, gradient: Tensor) {
        precondition(output.value.shape == gradient.shape)
        self.output = output
        self.gradient = gradient
    }
}

/// What has gathered so far on the way back.
struct Gradients {
    fileprivate var nodes: [Tensor?]
    fileprivate let isTrained: (String) -> Bool
    fileprivate(set) var parameters: [String: Tensor] = [:]

    fileprivate init(nodes: [Tensor?], isTrained: @escaping (String) -> Bool) {
        self.nodes = nodes
        self.isTrained = isTrained
    }

    /// Adds to the gradient by a value; for a constant, `gradient` is not even computed.
    mutating func add(_ gradient: @autoclosure () -> Tensor, to taped: Taped) {
        guard let node = taped.node else { return }
        nodes[node].add(gradient())
    }

    /// Adds to the gradient by a parameter; for one that is frozen, `gradient` is not even computed.
    mutating func add(_ gradient: @autoclosure () -> Tensor, to parameter: String) {
        guard isTrained(parameter) else { return }
        parameters[parameter].add(gradient())
    }
}

extension Tensor? {
    /// Sums in place; the first summand is taken as it is.
    package mutating func add(_ summand: Tensor) {
        // The old value is taken out first, so that nobody else refers to its memory.
        guard var sum = take() else { return self = summand }
        sum.add(summand)
        self = sum
    }
}

extension Tensor {
    /// Adds `factor` times another tensor of the same shape.
    package mutating func add(_ other: Tensor, times factor: Float = 1) {
        precondition(shape == other.shape, "adding \(other.shape) to \(shape)")
        withUnsafeMutableElements { elements in
            other.withUnsafeElements { other in
                for index in elements.indices { elements[index] += factor * other[index] }
            }
        }
    }

    /// Multiplies every element.
    package mutating func scale(by factor: Float) {
        withUnsafeMutableElements { elements in
            for index in elements.indices { elements[index] *= factor }
        }
    }
}

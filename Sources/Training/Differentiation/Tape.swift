import Tensors

// Reverse-mode automatic differentiation:
//
// 1. Forward. The network runs as for inference, but on values that know their index on a tape. Whenever a kernel's
//    result depends on a trained parameter, its pullback is recorded on the tape: a function from the gradient with
//    respect to the kernel's output to the gradients with respect to its inputs and parameters.
// 2. Backward. The losses provide their gradients with respect to the network's outputs. The tape is read from end to
//    start; each pullback takes the gradient accumulated at its output and adds to the gradients of its inputs.
//
// A value that depends on no trained parameter is a constant: nothing is recorded for it, its inputs are not kept, and
// no gradient is computed for it. Frozen stages therefore cost nothing in the backward pass.

/// The record of one forward pass.
///
/// `@unchecked Sendable`: a tape is written by one thread and then read by one thread, which may be a different one.
package final class Tape: @unchecked Sendable {
    /// Takes the gradient with respect to a kernel's output, and adds those with respect to its inputs and parameters.
    typealias Pullback = (Tensor, inout Gradients) -> Void

    private let isTrained: @Sendable (String) -> Bool
    private var pullbacks: [Pullback?] = []

    /// An empty tape.
    /// - Parameter isTrained: whether the parameter with a given name is trained.
    package init(training isTrained: @escaping @Sendable (String) -> Bool = { _ in true }) {
        self.isTrained = isTrained
    }

    /// A value without a gradient, such as the input image.
    package func constant(_ value: Tensor) -> Taped { Taped(value: value, tape: self, node: nil) }

    /// A value whose gradient is computed as if it were a parameter; for tests.
    package func variable(_ value: Tensor, name: String) -> Taped {
        record(value, from: [], parameters: [name]) { gradient, gradients in gradients.add(gradient, to: name)
        }
    }

    /// Records the pullback of `value`; returns a constant if the value depends on no trained parameter.
    func record(
        _ value: Tensor, from inputs: [Taped], parameters: [String] = [], pullback: @escaping Pullback
    ) -> Taped {
        guard inputs.contains(where: { $0.node != nil }) || parameters.contains(where: isTrained) else {
            return constant(value)
        }
        pullbacks.append(pullback)
        return Taped(value: value, tape: self, node: pullbacks.count - 1)
    }

    /// Runs the backward pass. The tape is empty afterwards: each pullback is freed once it has run.
    /// - Parameter seeds: outputs of the network, each with the gradient of the loss with respect to it.
    /// - Returns: the gradient of the loss with respect to every trained parameter that it depends on, by name.
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

/// An output of the network, with the gradient of the loss with respect to it.
package struct LossSeed: Sendable {
    /// The output.
    package let output: Taped
    /// The gradient of the loss with respect to the output, of the same shape.
    package var gradient: Tensor

    /// A seed; both must have the same shape.
    package init(_ output: Taped, gradient: Tensor) {
        precondition(output.value.shape == gradient.shape)
        self.output = output
        self.gradient = gradient
    }
}

/// The gradients accumulated so far in the backward pass.
struct Gradients {
    fileprivate var nodes: [Tensor?]
    fileprivate let isTrained: (String) -> Bool
    fileprivate(set) var parameters: [String: Tensor] = [:]

    fileprivate init(nodes: [Tensor?], isTrained: @escaping (String) -> Bool) {
        self.nodes = nodes
        self.isTrained = isTrained
    }

    /// Adds to the gradient with respect to a value. For a constant, `gradient` is not evaluated.
    mutating func add(_ gradient: @autoclosure () -> Tensor, to taped: Taped) {
        guard let node = taped.node else { return }
        nodes[node].add(gradient())
    }

    /// Adds to the gradient with respect to a parameter. For a frozen one, `gradient` is not evaluated.
    mutating func add(_ gradient: @autoclosure () -> Tensor, to parameter: String) {
        guard isTrained(parameter) else { return }
        parameters[parameter].add(gradient())
    }
}

extension Tensor? {
    /// Adds in place; nil becomes the summand itself, without a copy.
    package mutating func add(_ summand: Tensor) {
        // The old value is moved out first, so that its memory is uniquely referenced and not copied.
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

    /// Multiplies every element by `factor`.
    package mutating func scale(by factor: Float) {
        withUnsafeMutableElements { elements in
            for index in elements.indices { elements[index] *= factor }
        }
    }
}

import Tensors

/// Stochastic gradient descent with momentum and weight decay, as PyTorch has it:
///
///     velocity ← momentum · velocity + gradient + decay · parameter
///     parameter ← parameter − rate · velocity
public struct SGD: Sendable {
    /// How much of the last step's direction is kept.
    public var momentum: Float
    /// How strongly parameters are drawn to zero.
    public var weightDecay: Float
    /// Whether the factors and summands of norms, and biases, are drawn to zero as well.
    public var decaysVectors: Bool
    /// The direction of every parameter; empty before the first step.
    public var velocities: [String: Tensor] = [:]

    /// An optimiser at rest.
    public init(momentum: Float, weightDecay: Float, decaysVectors: Bool = true) {
        self.momentum = momentum
        self.weightDecay = weightDecay
        self.decaysVectors = decaysVectors
    }

    /// One step for each of `names`; a parameter without a gradient has the gradient 0.
    public mutating func step(
        _ parameters: inout Parameters, names: [String], gradients: [String: Tensor], rate: Float
    ) {
        for name in names {
            parameters.update(name) { parameter in
                var velocity = velocities[name].take() ?? Tensor(shape: parameter.shape)
                let decay = decaysVectors || parameter.shape.count > 1 ? weightDecay : 0
                Self.update(
                    &parameter, &velocity, gradient: gradients[name], momentum: momentum, decay: decay,
                    rate: rate)
                velocities[name] = velocity
            }
        }
    }

    private static func update(
        _ parameter: inout Tensor, _ velocity: inout Tensor, gradient: Tensor?, momentum: Float, decay: Float,
        rate: Float
    ) {
        parameter.withUnsafeMutableElements { parameter in
            velocity.withUnsafeMutableElements { velocity in
                guard let gradient else {
                    for index in parameter.indices {
                        velocity[index] = momentum * velocity[index] + decay * parameter[index]
                        parameter[index] -= rate * velocity[index]
                    }
                    return
                }
                precondition(gradient.count == parameter.count)
                gradient.withUnsafeElements { gradient in
                    for index in parameter.indices {
                        velocity[index] =
                            momentum * velocity[index] + (gradient[index] + decay * parameter[index])
                        parameter[index] -= rate * velocity[index]
                    }
                }
            }
        }
    }
}

/// The length of all gradients taken as one vector, summed in Double in the order of `names`.
public func gradientNorm(_ gradients: [String: Tensor], names: [String]) -> Double {
    var squares = 0.0
    for name in names {
        gradients[name]?.withUnsafeElements { for value in $0 { squares += Double(value) * Double(value) } }
    }
    return squares.squareRoot()
}

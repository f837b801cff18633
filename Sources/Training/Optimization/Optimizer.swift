import Tensors

/// The rule by which gradients update parameters.
public enum UpdateRule: Hashable, Sendable {
    /// Stochastic gradient descent with momentum, the paper's:
    ///
    ///     velocity ← momentum · velocity + gradient + decay · parameter
    ///     parameter ← parameter − rate · velocity
    case sgd(momentum: Float)
    /// AdamW (Kingma and Ba, arXiv 1412.6980; Loshchilov and Hutter, arXiv 1711.05101): each parameter's step is scaled
    /// by the typical magnitude of its gradients.
    ///
    ///     mean ← β₁ · mean + (1 − β₁) · gradient        square ← β₂ · square + (1 − β₂) · gradient²
    ///     parameter ← (1 − rate · decay) · parameter − rate · mean′ / (√square′ + 1e-8)
    ///
    /// where ′ denotes division by 1 − βᵗ, which corrects the bias from starting at zero. A small network trained from
    /// scratch for a few thousand steps reaches a better result with it than with SGD.
    case adamW(beta1: Float, beta2: Float)
}

/// An update rule and its state between steps. Both rules compute as PyTorch does.
public struct Optimizer: Sendable {
    /// The rule.
    package let rule: UpdateRule
    /// The weight decay.
    package let weightDecay: Float
    /// Whether weight decay also applies to biases and to the scales and shifts of norms (one-dimensional parameters).
    package let decaysVectors: Bool
    /// Each parameter's velocity (SGD) or running mean of gradients (AdamW), by name.
    package private(set) var means: [String: Tensor] = [:]
    /// Each parameter's running mean of squared gradients, by name; empty for SGD.
    package private(set) var squares: [String: Tensor] = [:]

    /// An optimiser without state.
    package init(_ rule: UpdateRule, weightDecay: Float, decaysVectors: Bool = true) {
        self.rule = rule
        self.weightDecay = weightDecay
        self.decaysVectors = decaysVectors
    }

    /// Restores a saved state.
    package mutating func restore(means: [String: Tensor], squares: [String: Tensor]) {
        self.means = means
        self.squares = squares
    }

    /// Updates each of the parameters `names`; one without a gradient is treated as having the gradient 0.
    /// - Parameter step: the number of the step, from 0.
    package mutating func step(
        _ parameters: inout Parameters, names: [String], gradients: [String: Tensor], rate: Float, step: Int
    ) {
        for name in names {
            parameters.update(name) { parameter in
                var mean = means[name].take() ?? Tensor(shape: parameter.shape)
                let gradient = gradients[name] ?? Tensor(shape: parameter.shape)
                precondition(gradient.shape == parameter.shape)
                let decay = decaysVectors || parameter.shape.count > 1 ? weightDecay : 0
                switch rule {
                case .sgd(let momentum):
                    Self.descend(&parameter, &mean, gradient, momentum: momentum, decay: decay, rate: rate)
                case .adamW(let beta1, let beta2):
                    var square = squares[name].take() ?? Tensor(shape: parameter.shape)
                    Self.adapt(
                        &parameter, &mean, &square, gradient, beta1: beta1, beta2: beta2, decay: decay,
                        rate: rate, step: step)
                    squares[name] = square
                }
                means[name] = mean
            }
        }
    }

    private static func descend(
        _ parameter: inout Tensor, _ velocity: inout Tensor, _ gradient: Tensor, momentum: Float,
        decay: Float, rate: Float
    ) {
        parameter.withUnsafeMutableElements { parameter in
            velocity.withUnsafeMutableElements { velocity in
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

    private static func adapt(
        _ parameter: inout Tensor, _ mean: inout Tensor, _ square: inout Tensor, _ gradient: Tensor,
        beta1: Float, beta2: Float, decay: Float, rate: Float, step: Int
    ) {
        // In Double, since 1 − βᵗ loses most of its digits in Float.
        let meanScale = 1 - power(beta1, step + 1)
        let squareScale = (1 - power(beta2, step + 1)).squareRoot()
        let size = Float(Double(rate) / meanScale)
        let root = Float(squareScale)
        parameter.withUnsafeMutableElements { parameter in
            mean.withUnsafeMutableElements { mean in
                square.withUnsafeMutableElements { square in
                    gradient.withUnsafeElements { gradient in
                        for index in parameter.indices {
                            let slope = gradient[index]
                            mean[index] += (1 - beta1) * (slope - mean[index])
                            square[index] = beta2 * square[index] + (1 - beta2) * slope * slope
                            let usual = square[index].squareRoot() / root + 1e-8
                            parameter[index] =
                                parameter[index] * (1 - rate * decay) - size * mean[index] / usual
                        }
                    }
                }
            }
        }
    }

    private static func power(_ base: Float, _ exponent: Int) -> Double {
        var (result, factor, rest) = (1.0, Double(base), exponent)
        while rest > 0 {
            if rest & 1 == 1 { result *= factor }
            factor *= factor
            rest >>= 1
        }
        return result
    }
}

/// The L2 norm of all gradients together, accumulated in Double in the order of `names`.
package func gradientNorm(_ gradients: [String: Tensor], names: [String]) -> Double {
    var squares = 0.0
    for name in names {
        gradients[name]?.withUnsafeElements { for value in $0 { squares += Double(value) * Double(value) } }
    }
    return squares.squareRoot()
}

extension UpdateRule: Codable {
    private enum Kind: String, CodingKey { case sgd, adamW }
    private struct Momentum: Codable { var momentum: Float }
    private struct Betas: Codable { var beta1: Float, beta2: Float }

    /// Reads `{"sgd": {"momentum": 0.9}}` or `{"adamW": {"beta1": 0.9, "beta2": 0.999}}`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Kind.self)
        if let betas = try container.decodeIfPresent(Betas.self, forKey: .adamW) {
            self = .adamW(beta1: betas.beta1, beta2: betas.beta2)
        } else {
            self = .sgd(momentum: try container.decode(Momentum.self, forKey: .sgd).momentum)
        }
    }

    /// Writes the form that `init(from:)` reads.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Kind.self)
        switch self {
        case .sgd(let momentum): try container.encode(Momentum(momentum: momentum), forKey: .sgd)
        case .adamW(let beta1, let beta2):
            try container.encode(Betas(beta1: beta1, beta2: beta2), forKey: .adamW)
        }
    }
}

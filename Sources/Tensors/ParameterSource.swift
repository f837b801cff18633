/// The source of a network's parameters: a checkpoint, or a seeded random generator.
///
/// Each layer asks once for each of its parameters, under the name of the stage that it computes
/// (`rpn.hidden.weight`, `box.hidden.1.bias`, …) and with the shape it needs. Shapes follow PyTorch's layout:
/// convolutions `[output, input / groups, height, width]`, transposed convolutions `[input, output, height,
/// width]`, dense layers `[output, input]`.
public protocol ParameterSource {
    /// The parameter called `name`, of exactly the given shape.
    /// - Parameter initialization: the distribution to draw from if the source is random; checkpoints ignore it.
    /// - Throws: ``ParameterError`` when it is missing, has another shape, or holds NaN or infinity.
    mutating func parameter(_ name: String, shape: [Int], initialization: Initialization) throws -> Tensor

    /// Whether the source has a parameter called `name`. A random source has no optional parameters.
    func contains(_ name: String) -> Bool
}

/// The initial distribution of a parameter that has not been trained.
public enum Initialization: Sendable, Equatable {
    /// Every element equal.
    case constant(Float)
    /// Normal with mean 0 and the given standard deviation.
    case normal(Float)
    /// Normal with mean 0 and variance 2 / fan-out, which keeps the gradient's scale through ReLUs (He et
    /// al., 2015).
    case kaimingNormalFanOut
    /// Uniform in ±√(3 · gain² / fan-in); `a = 1` in PyTorch's `kaiming_uniform_` is gain 1.
    case kaimingUniform(gain: Float)
}

/// Why a parameter cannot be used by the network.
public enum ParameterError: Error, Equatable, CustomStringConvertible {
    /// The source has no parameter of that name.
    case missing(name: String)
    /// The shape differs from the one that the network needs.
    case shape(name: String, found: [Int], expected: [Int])
    /// The parameter contains a NaN or an infinity; `index` is the row-major index of the first.
    case notFinite(name: String, index: Int)

    /// One line with the parameter's name and the fault.
    public var description: String {
        switch self {
        case .missing(let name): "no parameter '\(name)'"
        case .shape(let name, let found, let expected):
            "parameter '\(name)' has shape \(found), the model needs \(expected)"
        case .notFinite(let name, let index):
            "parameter '\(name)' holds a NaN or an infinity (element \(index))"
        }
    }
}

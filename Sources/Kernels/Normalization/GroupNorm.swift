import Execution
import Tensors

/// Group norm (Wu and He, arXiv 1803.08494): each group of channels of each map gets mean 0 and variance 1,
/// then a scale and a shift of its channels. Works on one image at a time, so training from scratch does not
/// need large batches.
package struct GroupNorm: Sendable {
    /// How many groups the channels are cut into.
    package let groups: Int
    /// One factor a channel.
    package let weight: [Float]
    /// One summand a channel.
    package let bias: [Float]
    /// Added to the variance.
    package let epsilon: Float

    /// A group norm; the number of groups must divide the number of channels.
    package init(groups: Int, weight: [Float], bias: [Float], epsilon: Float = 1e-5) {
        precondition(weight.count == bias.count && weight.count % groups == 0)
        self.groups = groups
        self.weight = weight
        self.bias = bias
        self.epsilon = epsilon
    }

    /// Normalises a map `[height, width, channels]` or each of a batch, adds `residual`, and, if `relu`,
    /// replaces negative values by 0.
    package func callAsFunction(_ input: Tensor, adding residual: Tensor? = nil, relu: Bool = false) -> Tensor
    {
        precondition(input.shape.last == weight.count)
        precondition(residual.map { $0.shape == input.shape } ?? true)
        let (input, residual) = (Maps(input), residual.map { Maps($0) })
        let output = MutableMaps(input.sizes)
        switch ExecutionContext.current.kernels {
        case .optimized: normalize(input, residual, relu: relu, into: output)
        case .direct: normalizeDirectly(input, residual, relu: relu, into: output)
        }
        return output.tensor
    }

    /// The pullback of the norm alone, without residual and ReLU.
    ///
    /// With x̂ the input of mean 0 and variance 1, and h = weight · gradient, the input's gradient is
    /// (h − mean(h) − x̂ · mean(h · x̂)) / √(variance + epsilon), the means over the group.
    ///
    /// - Parameters:
    ///   - gradient: by the norm's output: a map `[height, width, channels]` or a batch.
    ///   - input: what the norm was given, of the same shape.
    package func gradients(_ gradient: Tensor, input: Tensor) -> GroupNormGradients {
        precondition(input.shape.last == weight.count && gradient.shape == input.shape)
        let (gradient, input) = (Maps(gradient), Maps(input))
        return switch ExecutionContext.current.kernels {
        case .optimized: optimizedGradients(gradient, input)
        case .direct: directGradients(gradient, input)
        }
    }

    /// The channels of a group.
    func channels(of group: Int) -> Range<Int> {
        let size = weight.count / groups
        return group * size..<(group + 1) * size
    }
}

/// What a group norm's pullback gives.
package struct GroupNormGradients: Sendable {
    /// Of the norm's input's shape.
    package var input: Tensor
    /// `[channels]`, summed over all maps.
    package var weight: Tensor
    /// `[channels]`, summed over all maps.
    package var bias: Tensor

    init(input: Tensor, weight: [Double], bias: [Double]) {
        self.input = input
        self.weight = Tensor(shape: [weight.count], elements: weight.map { Float($0) })
        self.bias = Tensor(shape: [bias.count], elements: bias.map { Float($0) })
    }
}

import Kernels
import Tensors

// A layer is a kernel with its parameters, under the name of the stage that it computes: the layer `rpn.hidden.1` has
// the parameters `rpn.hidden.1.weight` and `rpn.hidden.1.bias`. A layer takes its parameters from a source when it is
// made, so the same code loads a checkpoint or starts a network from random numbers.

/// The normalisation that follows a convolution, in place of a bias.
public enum Normalization: Hashable, Sendable {
    /// None: the convolution has a bias.
    case bias
    /// Batch norm with fixed statistics, folded into a scale and a shift per channel.
    case frozenBatch(epsilon: Float)
    /// Group norm with that many groups: for training from scratch. With standardised weights, each output's weights
    /// are brought to mean 0 and deviation 1 before they are used (Qiao et al., arXiv 1903.10520; MMDetection's
    /// `ConvWS`).
    case group(groups: Int, standardizesWeights: Bool = false)
}

/// A convolution with its bias, frozen batch norm or group norm.
public struct ConvolutionLayer: Sendable {
    /// The name of the stage that the layer computes, which is also the prefix of its parameters' names.
    package let name: String
    /// The kernel with its weight; a frozen batch norm or bias is folded into its scale and shift.
    package var convolution: Convolution
    /// The group norm after the convolution; nil if there is none.
    package let groupNorm: GroupNorm?

    /// Whether the layer's shift is a trainable bias rather than a frozen batch norm's.
    package var hasBias: Bool { convolution.shift != nil && convolution.scale == nil }

    /// Takes the layer's parameters from `source`.
    /// - Throws: the source's error for a parameter that is missing or has another shape.
    package init(
        _ name: String, inputs: Int, outputs: Int, window: ConvolutionWindow, norm: Normalization = .bias,
        initialization: Initialization = .kaimingNormalFanOut, from source: inout some ParameterSource
    ) throws {
        self.name = name
        let weight = try source.parameter(
            "\(name).weight", shape: [outputs, inputs / window.groups, window.kernel, window.kernel],
            initialization: initialization)
        func vector(_ suffix: String, _ start: Float) throws -> [Float] {
            try source.parameter("\(name).\(suffix)", shape: [outputs], initialization: .constant(start))
                .array
        }
        switch norm {
        case .bias:
            convolution = Convolution(weight: weight, shift: try vector("bias", 0), window: window)
            groupNorm = nil
        case .frozenBatch(let epsilon):
            let folded = FrozenBatchNorm(
                weight: try vector("norm.weight", 1), bias: try vector("norm.bias", 0),
                mean: try vector("norm.running_mean", 0), variance: try vector("norm.running_var", 1),
                epsilon: epsilon)
            convolution = Convolution(
                weight: weight, scale: folded.scale, shift: folded.shift, window: window)
            groupNorm = nil
        case .group(let groups, let standardizesWeights):
            convolution = Convolution(
                weight: standardizesWeights ? standardizedWeight(weight) : weight, window: window)
            groupNorm = GroupNorm(
                groups: groups, weight: try vector("norm.weight", 1), bias: try vector("norm.bias", 0))
        }
    }
}

/// A convolution's weight, `[output, input / groups, kernel, kernel]`, with the weights of each output brought to mean 0
/// and deviation 1: `(w − mean) / (deviation + 10⁻⁵)`, the deviation dividing by n − 1 (mmcv's `conv_ws_2d`).
package func standardizedWeight(_ weight: Tensor) -> Tensor {
    let count = weight.count / weight.shape[0]
    return Tensor(shape: weight.shape) { result in
        weight.withUnsafeElements { elements in
            for output in 0..<weight.shape[0] {
                let own = elements[output * count..<(output + 1) * count]
                let mean = own.reduce(0.0) { $0 + Double($1) } / Double(count)
                let squares = own.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
                let deviation = (squares / Double(max(count - 1, 1))).squareRoot()
                for index in own.indices {
                    result.initializeElement(
                        at: index, to: Float((Double(elements[index]) - mean) / (deviation + 1e-5)))
                }
            }
        }
    }
}

/// A transposed convolution with its bias.
public struct TransposedConvolutionLayer: Sendable {
    /// The name of the stage that the layer computes, which is also the prefix of its parameters' names.
    package let name: String
    /// The kernel and its parameters.
    package let convolution: TransposedConvolution

    /// Takes the layer's parameters from `source`; the weight is `[inputs, outputs, kernel, kernel]`.
    package init(
        _ name: String, inputs: Int, outputs: Int, kernel: Int, stride: Int, padding: Int = 0,
        from source: inout some ParameterSource
    ) throws {
        self.name = name
        convolution = TransposedConvolution(
            weight: try source.parameter(
                "\(name).weight", shape: [inputs, outputs, kernel, kernel],
                initialization: .kaimingNormalFanOut),
            bias: try source.parameter("\(name).bias", shape: [outputs], initialization: .constant(0)).array,
            stride: stride, padding: padding)
    }
}

/// A fully connected layer with its bias.
public struct DenseLayer: Sendable {
    /// The name of the stage that the layer computes, which is also the prefix of its parameters' names.
    package let name: String
    /// The kernel and its parameters.
    package let dense: Dense

    /// Takes the layer's parameters from `source`.
    /// - Parameters:
    ///   - name: the stage that the layer computes; also the prefix of the parameters' names.
    ///   - inputs: number of input features.
    ///   - outputs: number of output features.
    ///   - flattening: the shape of the maps whose elements are the input features; nil if the input is a vector.
    ///   - initialization: initialisation of the weights when the source is random.
    ///   - source: where the parameters come from.
    package init(
        _ name: String, inputs: Int, outputs: Int, flattening: MapSize? = nil,
        initialization: Initialization = .kaimingUniform(gain: 1), from source: inout some ParameterSource
    ) throws {
        self.name = name
        dense = Dense(
            weight: try source.parameter(
                "\(name).weight", shape: [outputs, inputs], initialization: initialization),
            bias: try source.parameter("\(name).bias", shape: [outputs], initialization: .constant(0)).array,
            flattening: flattening)
    }
}

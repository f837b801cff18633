import Kernels
import Tensors

// A layer is a kernel with its parameters, under the name of the stage that it computes: the layer
// `rpn.hidden.1` has the parameters `rpn.hidden.1.weight` and `rpn.hidden.1.bias`. Making a layer takes its
// parameters from a source, so the same lines load a checkpoint and start a network from random numbers.

/// What follows a convolution in place of a bias.
public enum Normalization: Hashable, Sendable {
    /// Nothing: the convolution has a bias.
    case bias
    /// A batch norm with fixed statistics, folded into a scale and a shift.
    case frozenBatch(epsilon: Float)
    /// Group norm with that many groups: for training from scratch.
    case group(groups: Int)
}

/// A convolution with its bias, frozen batch norm or group norm.
public struct ConvolutionLayer: Sendable {
    /// The name of the stage that the layer computes, which its parameters begin with.
    package let name: String
    /// The kernel; a frozen batch norm or bias is folded into its scale and shift.
    package var convolution: Convolution
    /// A group norm that follows, if any.
    package let groupNorm: GroupNorm?

    /// Whether the layer's shift is a bias, which training changes; a folded batch norm's is fixed.
    package var hasBias: Bool { convolution.shift != nil && convolution.scale == nil }

    /// Takes the layer's parameters from `source`.
    /// - Throws: what the source throws for a parameter that is missing or of another shape.
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
        case .group(let groups):
            convolution = Convolution(weight: weight, window: window)
            groupNorm = GroupNorm(
                groups: groups, weight: try vector("norm.weight", 1), bias: try vector("norm.bias", 0))
        }
    }
}

/// A transposed convolution with its bias.
public struct TransposedConvolutionLayer: Sendable {
    /// The name of the stage that the layer computes.
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
    /// The name of the stage that the layer computes.
    package let name: String
    /// The kernel and its parameters.
    package let dense: Dense

    /// Takes the layer's parameters from `source`.
    /// - Parameters:
    ///   - name: the stage that it computes, which is also the parameters' name.
    ///   - inputs: numbers that go in.
    ///   - outputs: numbers that come out.
    ///   - flattening: the size of the maps that the layer sees as rows of numbers, if it does.
    ///   - initialization: how the weights are drawn if nobody has them.
    ///   - source: who has them.
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

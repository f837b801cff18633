import Execution
import Synchronization
import Tensors

/// The shape of a convolution's window and how it moves. All lengths in positions of the input map.
public struct ConvolutionWindow: Hashable, Sendable {
    /// Side of the square kernel.
    package var kernel: Int
    /// Step between neighbouring outputs.
    package var stride: Int
    /// Zeros around the map.
    package var padding: Int
    /// Input and output channels are cut into this many groups that do not see each other (ResNeXt's
    /// cardinality).
    package var groups: Int
    /// Distance between the input positions that neighbouring weights meet: 1, or more for an atrous convolution,
    /// whose stride is 1.
    package let dilation: Int

    /// A window; by default 1×1, stride 1, with the padding that keeps the size at stride 1.
    package init(kernel: Int = 1, stride: Int = 1, padding: Int? = nil, groups: Int = 1, dilation: Int = 1) {
        precondition(dilation == 1 || stride == 1, "a dilated window moves by one position")
        self.kernel = kernel
        self.stride = stride
        self.padding = padding ?? kernel / 2 * dilation
        self.groups = groups
        self.dilation = dilation
    }

    /// The positions from the first to the last that a window meets, along one axis.
    var extent: Int { (kernel - 1) * dilation + 1 }

    /// The length of the output along one axis: `⌊(length + 2·padding − extent) / stride⌋ + 1`, the extent being
    /// `(kernel − 1)·dilation + 1`, or 0 where not even one window fits.
    package func outputLength(_ length: Int) -> Int {
        let room = length + 2 * padding - extent
        return room < 0 ? 0 : room / stride + 1
    }
}

/// A convolution's parameters, and what its output goes through before it is written: a scale and a shift
/// for each channel (a bias, or a frozen batch norm folded into two numbers).
///
/// `output = scale · (weight ∗ input) + shift`. The weight stays in the order and the memory of its file; each
/// algorithm repacks it once, at first use, and keeps the result here.
package struct Convolution: Sendable {
    /// `[output, input / groups, kernel, kernel]`.
    package let weight: Tensor
    /// One factor an output channel, or nil for 1.
    package let scale: [Float]?
    /// One summand an output channel, or nil for 0.
    package let shift: [Float]?
    /// Kernel, stride, padding and groups.
    package let window: ConvolutionWindow
    /// The algorithm to use whatever the context and the shapes; nil to follow ``ExecutionContext``, and shapes
    /// where that names none.
    package var algorithm: ConvolutionAlgorithm?

    let packed = PackedWeights()

    /// A convolution by `weight`, of shape `[output, input / groups, kernel, kernel]`.
    package init(
        weight: Tensor, scale: [Float]? = nil, shift: [Float]? = nil, window: ConvolutionWindow,
        algorithm: ConvolutionAlgorithm? = nil
    ) {
        precondition(
            weight.shape.count == 4 && weight.shape[2] == window.kernel && weight.shape[3] == window.kernel)
        precondition(weight.shape[0] % window.groups == 0)
        precondition(scale.map { $0.count == weight.shape[0] } ?? true)
        precondition(shift.map { $0.count == weight.shape[0] } ?? true)
        self.weight = weight
        self.scale = scale
        self.shift = shift
        self.window = window
        self.algorithm = algorithm
    }

    /// Number of input channels.
    package var inputs: Int { weight.shape[1] * window.groups }
    /// Number of output channels.
    package var outputs: Int { weight.shape[0] }

    var groupInputs: Int { weight.shape[1] }
    var groupOutputs: Int { outputs / window.groups }

    /// Convolves a map `[height, width, inputs]`, or a batch of them `[count, height, width, inputs]`.
    ///
    /// Computes `scale · (weight ∗ input) + shift`, adds `residual` (of the output's shape), and, if `relu`,
    /// replaces negative values by 0: the end of a residual block in one pass over memory.
    package func callAsFunction(_ input: Tensor, adding residual: Tensor? = nil, relu: Bool = false) -> Tensor
    {
        let input = Maps(input)
        let output = MutableMaps(outputSizes(of: input.sizes))
        if let residual { precondition(residual.shape == output.sizes.shape) }
        let finish = Epilogue(scale: scale, shift: shift, residual: residual, relu: relu, channels: outputs)
        switch algorithm(on: output.sizes) {
        case .direct: convolveDirectly(input, into: output, finish: finish)
        case .matrixProduct: convolveByMatrixProduct(input, into: output, finish: finish)
        case .winograd:
            convolveByWinograd(
                input, kernels: winogradKernels, padding: window.padding, into: output, finish: finish)
        }
        return output.tensor
    }

    /// The sizes of the output for an input of the given sizes, which must have as many channels as the weight.
    func outputSizes(of input: MapSizes) -> MapSizes {
        precondition(input.channels == inputs, "convolution of \(input.channels) channels by \(weight.shape)")
        return input.convolved(by: window, outputs: outputs)
    }

    // MARK: - Which algorithm

    /// Whether the Winograd algorithm can compute this convolution at all.
    package var canUseWinograd: Bool {
        window.kernel == 3 && window.stride == 1 && window.groups == 1 && window.dilation == 1
    }

    /// What the convolution itself or the context asks for.
    private var chosenAlgorithm: ConvolutionAlgorithm? {
        let context = ExecutionContext.current
        return algorithm ?? context.convolution ?? (context.kernels == .direct ? .direct : nil)
    }

    /// The algorithm for maps of usual sizes. Winograd wins wherever it applies, except on few
    /// channels, where its transforms cost more than the multiplications they save.
    package var resolvedAlgorithm: ConvolutionAlgorithm {
        switch chosenAlgorithm {
        case .direct: .direct
        case .matrixProduct: .matrixProduct
        case .winograd: canUseWinograd ? .winograd : .matrixProduct
        case nil: canUseWinograd && inputs >= 8 && outputs >= 8 ? .winograd : .matrixProduct
        }
    }

    /// The algorithm for an output of the given sizes, forwards and backwards. On a dozen tiles Winograd's four
    /// times as many weights cost more to transform and to read than its multiplications save.
    func algorithm(on output: MapSizes) -> ConvolutionAlgorithm {
        guard chosenAlgorithm == nil, resolvedAlgorithm == .winograd else { return resolvedAlgorithm }
        return WinogradTiles(of: output).count < 16 ? .matrixProduct : .winograd
    }

    /// Packs the weights for the algorithm that the convolution will use, so that the first image does not
    /// pay for it.
    package func prepare() {
        switch resolvedAlgorithm {
        case .winograd: _ = winogradKernels
        case .matrixProduct: _ = patchWeights
        case .direct: break
        }
    }
}

/// The weights of one layer as its kernels want them, made at first use and then shared by all copies of the layer.
final class PackedWeights: Sendable {
    /// What the weights are packed for.
    enum Use {
        case matrixProduct, matrixProductGradient, winograd, winogradGradient
    }

    private let packings = Mutex<[Use: Tensor]>([:])

    func packing(for use: Use, make: () -> Tensor) -> Tensor {
        packings.withLock { packings in
            if let packing = packings[use] { return packing }
            let packing = make()
            packings[use] = packing
            return packing
        }
    }
}

import Synchronization
import Tensors

/// The shape of a convolution's window and how it moves. All lengths in pixels of the input map.
public struct ConvolutionWindow: Hashable, Sendable {
    /// Side of the square kernel.
    public var kernel: Int
    /// Step between neighbouring outputs.
    public var stride: Int
    /// Zeros around the map.
    public var padding: Int
    /// Input and output channels are cut into this many groups that do not see each other (ResNeXt's
    /// cardinality).
    public var groups: Int

    /// A window; by default 1×1, stride 1, with the padding that keeps the size at stride 1.
    public init(kernel: Int = 1, stride: Int = 1, padding: Int? = nil, groups: Int = 1) {
        self.kernel = kernel
        self.stride = stride
        self.padding = padding ?? kernel / 2
        self.groups = groups
    }

    /// The length of the output along one axis: `⌊(length + 2·padding − kernel) / stride⌋ + 1`, or 0 where
    /// not even one window fits.
    public func outputLength(_ length: Int) -> Int {
        let room = length + 2 * padding - kernel
        return room < 0 ? 0 : room / stride + 1
    }
}

/// The three ways to compute the same convolution.
public enum ConvolutionAlgorithm: String, CaseIterable, Sendable {
    /// Plain loops that accumulate in `Double`: the oracle, and the first reading.
    case direct
    /// Patches of the input times the weights, through OpenBLAS.
    case matrixProduct = "matrix-product"
    /// F(4×4, 3×3): a quarter of the multiplications, for 3×3 windows of stride 1.
    case winograd

    /// Which algorithm every convolution uses that it fits and that names none itself; nil, the default,
    /// chooses by shape. For comparing the algorithms, and for whoever distrusts one:
    ///
    ///     ConvolutionAlgorithm.$forced.withValue(.direct) { model.detect(picture) }
    @TaskLocal public static var forced: ConvolutionAlgorithm?
}

/// A convolution's parameters, and what its output goes through before it is written: a scale and a shift
/// for each channel (a bias, or a frozen batch norm folded into two numbers).
///
/// `output = scale · (weight ∗ input) + shift`. The weight stays in the order and the memory that its file
/// has; each algorithm repacks it once, at first use, and keeps the result here.
public struct Convolution: Sendable {
    /// `[output, input / groups, kernel, kernel]`.
    public let weight: Tensor
    /// One factor an output channel, or nil for 1.
    public let scale: [Float]?
    /// One summand an output channel, or nil for 0.
    public let shift: [Float]?
    /// Kernel, stride, padding and groups.
    public let window: ConvolutionWindow
    /// Which algorithm to use, whatever the shapes; nil chooses by shape.
    public var algorithm: ConvolutionAlgorithm?

    let packed = PackedWeights()

    /// A convolution by `weight`, of shape `[output, input / groups, kernel, kernel]`.
    public init(
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
    public var inputs: Int { weight.shape[1] * window.groups }
    /// Number of output channels.
    public var outputs: Int { weight.shape[0] }

    /// Convolves a map `[height, width, inputs]`, or a batch of them `[count, height, width, inputs]`.
    ///
    /// Computes `scale · (weight ∗ input) + shift`, adds `residual` (of the output's shape), and, if
    /// `relu`, replaces negative values by 0: the block of a residual network in one pass over memory.
    public func callAsFunction(_ input: Tensor, adding residual: Tensor? = nil, relu: Bool = false)
        -> Tensor
    {
        let maps = MapBatch(input.shape)
        precondition(maps.channels == inputs, "convolution of \(maps.channels) channels by \(weight.shape)")
        let output = maps.convolved(by: window, outputs: outputs)
        if let residual { precondition(residual.shape == output.shape(like: input.shape)) }
        return Tensor(shape: output.shape(like: input.shape)) { result in
            input.withUnsafeElements { input in
                let finish = Epilogue(
                    scale: scale, shift: shift, residual: residual, relu: relu, channels: outputs)
                let destination = Shared(result.baseAddress!)
                let source = Shared(input.baseAddress!)
                switch algorithm(on: output) {
                case .winograd:
                    convolveWinograd(
                        source, maps, by: winogradWeights, padding: window.padding, into: destination, output,
                        finish: finish)
                case .direct: convolveDirectly(source, maps, into: destination, output, finish: finish)
                case .matrixProduct:
                    convolveByMatrixProduct(source, maps, into: destination, output, finish: finish)
                }
            }
        }
    }

    /// Whether the Winograd algorithm can compute this convolution at all.
    public var canUseWinograd: Bool { window.kernel == 3 && window.stride == 1 && window.groups == 1 }

    /// The algorithm that a call uses on maps of some size. Winograd wins wherever it applies, except on few
    /// channels, where its transforms cost more than the multiplications they save.
    public var resolvedAlgorithm: ConvolutionAlgorithm {
        switch algorithm ?? .forced {
        case .direct: .direct
        case .matrixProduct: .matrixProduct
        case .winograd: canUseWinograd ? .winograd : .matrixProduct
        case nil: canUseWinograd && inputs >= 8 && outputs >= 8 ? .winograd : .matrixProduct
        }
    }

    /// The algorithm for maps of this size at stride 1, forwards and backwards. On a dozen tiles Winograd's four
    /// times as many weights cost more to transform and to read than its multiplications save.
    func algorithm(on maps: MapBatch) -> ConvolutionAlgorithm {
        guard (algorithm ?? .forced) == nil, resolvedAlgorithm == .winograd else { return resolvedAlgorithm }
        let tiles = WinogradTiles(maps: maps, outputMaps: maps, padding: window.padding).count
        return tiles < 16 ? .matrixProduct : .winograd
    }

    /// Packs the weights for the algorithm that the convolution will use, so that the first image does not
    /// pay for it.
    public func prepare() {
        switch resolvedAlgorithm {
        case .winograd: _ = winogradWeights
        case .matrixProduct: _ = patchWeights
        case .direct: break
        }
    }
}

/// The weights of one convolution as its algorithms want them, made at first use and then shared by all
/// copies of the convolution.
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

/// The sizes of a batch of maps `[count, height, width, channels]`; a single map has count 1.
struct MapBatch: Hashable, Sendable {
    let count: Int
    let height: Int
    let width: Int
    let channels: Int

    init(count: Int, height: Int, width: Int, channels: Int) {
        self.count = count
        self.height = height
        self.width = width
        self.channels = channels
    }

    init(_ shape: [Int]) {
        precondition(shape.count == 3 || shape.count == 4, "shape \(shape) is not a map or a batch of maps")
        let sizes = shape.suffix(3)
        self.init(
            count: shape.count == 4 ? shape[0] : 1, height: sizes[sizes.startIndex],
            width: sizes[sizes.startIndex + 1], channels: sizes[sizes.startIndex + 2])
    }

    /// The number of positions in all maps.
    var positions: Int { count * height * width }

    func convolved(by window: ConvolutionWindow, outputs: Int) -> MapBatch {
        let size = (window.outputLength(height), window.outputLength(width))
        precondition(size.0 > 0 && size.1 > 0, "a \(height)×\(width) map is smaller than the window")
        return MapBatch(count: count, height: size.0, width: size.1, channels: outputs)
    }

    /// The tensor shape, with a batch axis only if `other` has one.
    func shape(like other: [Int]) -> [Int] {
        other.count == 4 ? [count, height, width, channels] : [height, width, channels]
    }
}

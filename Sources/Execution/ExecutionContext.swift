/// How a task's work is carried out: on how many threads and by which implementations. It never decides what is
/// computed: results are the same on any number of threads, and agree up to rounding between implementations.
///
/// The context is task-local. Everything that runs in parallel obeys the one in force where it is called:
///
///     ExecutionContext.with(threads: 1, kernels: .direct) { model.detect(image) }
public struct ExecutionContext: Sendable, Equatable {
    /// The largest number of threads to use at once; nil for one per core.
    public var threads: Int?
    /// How kernels compute.
    public var kernels = KernelImplementation.optimized
    /// How convolutions compute, wherever the algorithm fits the shape; nil to follow ``kernels``.
    public var convolution: ConvolutionAlgorithm?

    /// Whether a parallel loop further out already keeps every thread busy.
    var isInsideParallelLoop = false

    /// The context in force.
    @TaskLocal public static var current = ExecutionContext()

    /// The default: one thread per core, optimized kernels.
    public init() {}

    /// Calls `body` with some settings changed; those that are nil stay as they are.
    public static func with<Result>(
        threads: Int? = nil, kernels: KernelImplementation? = nil, convolution: ConvolutionAlgorithm? = nil,
        perform body: () throws -> Result
    ) rethrows -> Result {
        precondition(threads ?? 1 > 0, "\(threads ?? 0) threads")
        var context = current
        context.threads = threads ?? context.threads
        context.kernels = kernels ?? context.kernels
        context.convolution = convolution ?? context.convolution
        return try $current.withValue(context, operation: body)
    }
}

/// Two ways to compute every kernel for which speed and clarity part.
public enum KernelImplementation: String, CaseIterable, Sendable {
    /// Blocked, vectorized, and by matrix products where possible.
    case optimized
    /// The definition in plain loops, accumulated in `Double`: slow, the first reading, and what tests compare with.
    case direct
}

/// Three ways to compute a convolution.
public enum ConvolutionAlgorithm: String, CaseIterable, Sendable {
    /// The definition in plain loops, accumulated in `Double`.
    case direct
    /// Patches of the input times the weights, through OpenBLAS.
    case matrixProduct = "matrix-product"
    /// F(4×4, 3×3): a quarter of the multiplications, for 3×3 windows of stride 1.
    case winograd
}

/// How a task's work is carried out: on how many threads and by which implementations. It never affects what
/// is computed: results are identical for any number of threads, and equal up to rounding between
/// implementations.
///
/// The context is task-local. All parallel code obeys the context in force where it is called:
///
///     ExecutionContext.with(threads: 1, kernels: .direct) { model.detect(image) }
public struct ExecutionContext: Sendable, Equatable {
    /// The largest number of threads to use at once; nil means one per core.
    public var threads: Int?
    /// The implementation that kernels use, except convolutions for which ``convolution`` is set.
    public var kernels = KernelImplementation.optimized
    /// The convolution algorithm, used wherever it supports the shape; nil follows ``kernels``.
    public var convolution: ConvolutionAlgorithm?

    /// Whether an enclosing parallel loop already keeps every thread busy.
    var isInsideParallelLoop = false

    /// The context in force.
    @TaskLocal public static var current = ExecutionContext()

    /// The default: one thread per core, optimized kernels.
    public init() {}

    /// Calls `body` with the given settings changed; a nil argument leaves its setting unchanged.
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

/// Which version of a kernel runs, where the fast one is harder to read than its definition.
public enum KernelImplementation: String, CaseIterable, Sendable {
    /// Blocked and vectorized; matrix products where possible.
    case optimized
    /// The definition in plain loops, accumulated in `Double`: slow, meant to be read first, and the
    /// reference in tests.
    case direct
}

/// The algorithms for a convolution.
public enum ConvolutionAlgorithm: String, CaseIterable, Sendable {
    /// The definition in plain loops, accumulated in `Double`.
    case direct
    /// im2col: a matrix of input patches times the weight matrix, through OpenBLAS.
    case matrixProduct = "matrix-product"
    /// Winograd's F(4×4, 3×3), for 3×3 kernels of stride 1: a quarter of the multiplications.
    case winograd
}

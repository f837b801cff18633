import COpenBLAS

/// A row-major matrix somewhere in memory.
struct MatrixView<Pointer>: @unchecked Sendable {
    let start: Pointer
    /// The distance in elements from one row to the next.
    let stride: Int

    @inline(__always) init(_ start: Pointer, stride: Int) {
        self.start = start
        self.stride = stride
    }
}

/// How the right-hand factor of a product lies in memory.
enum RightFactor {
    /// `[inner, columns]`.
    case plain
    /// `[columns, inner]`: what PyTorch stores for dense layers and 1×1 convolutions.
    case transposed
}

/// `result = left · right`, or `result += left · right`, on the calling thread.
///
/// - Parameters:
///   - left: `[rows, inner]`.
///   - right: `[inner, columns]`, or its transpose as `layout` says.
///   - result: `[rows, columns]`.
func multiply(
    _ left: MatrixView<UnsafePointer<Float>>, _ right: MatrixView<UnsafePointer<Float>>,
    layout: RightFactor = .plain, into result: MatrixView<UnsafeMutablePointer<Float>>,
    rows: Int, columns: Int, inner: Int, accumulating: Bool = false
) {
    guard rows > 0, columns > 0 else { return }
    _ = singleThreadedBLAS
    cblas_sgemm(
        CblasRowMajor, CblasNoTrans, layout == .plain ? CblasNoTrans : CblasTrans,
        blasint(rows), blasint(columns), blasint(inner),
        1, left.start, blasint(left.stride), right.start, blasint(right.stride),
        accumulating ? 1 : 0, result.start, blasint(result.stride))
}

/// OpenBLAS is set to one thread once: the kernels cut the work themselves, which scales better for products
/// of this size and makes results independent of the number of threads.
private let singleThreadedBLAS: Void = openblas_set_num_threads(1)

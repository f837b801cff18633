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

/// How a factor of a product lies in memory.
enum FactorLayout {
    /// As it is multiplied.
    case plain
    /// With rows and columns exchanged: on the right, what PyTorch stores for dense layers and 1×1
    /// convolutions; on the left, what the gradient by a weight is made from.
    case transposed
}

/// `result = left · right`, or `result += left · right`, on the calling thread.
///
/// - Parameters:
///   - left: `[rows, inner]`, or its transpose as `leftLayout` says.
///   - right: `[inner, columns]`, or its transpose as `layout` says.
///   - result: `[rows, columns]`.
func multiply(
    _ left: MatrixView<UnsafePointer<Float>>, _ right: MatrixView<UnsafePointer<Float>>,
    leftLayout: FactorLayout = .plain, layout: FactorLayout = .plain,
    into result: MatrixView<UnsafeMutablePointer<Float>>,
    rows: Int, columns: Int, inner: Int, accumulating: Bool = false
) {
    guard rows > 0, columns > 0 else { return }
    guard inner > 0 else {
        // A sum of nothing. (BLAS would not take a matrix without columns.)
        if !accumulating {
            for row in 0..<rows { (result.start + row * result.stride).update(repeating: 0, count: columns) }
        }
        return
    }
    _ = singleThreadedBLAS
    cblas_sgemm(
        CblasRowMajor, leftLayout == .plain ? CblasNoTrans : CblasTrans,
        layout == .plain ? CblasNoTrans : CblasTrans,
        blasint(rows), blasint(columns), blasint(inner),
        1, left.start, blasint(left.stride), right.start, blasint(right.stride),
        accumulating ? 1 : 0, result.start, blasint(result.stride))
}

/// OpenBLAS is set to one thread once: the kernels cut the work themselves, which scales better for products
/// of this size and makes results independent of the number of threads.
private let singleThreadedBLAS: Void = openblas_set_num_threads(1)

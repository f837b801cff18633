import COpenBLAS
import Execution

/// A factor of a matrix product: a matrix, or one with rows and columns exchanged.
protocol Factor: Sendable {
    var rows: Int { get }
    var columns: Int { get }
    /// The factor cut down to some rows, or to some columns.
    subscript(rows rows: Range<Int>) -> Self { get }
    subscript(columns columns: Range<Int>) -> Self { get }
    /// How the elements lie in memory.
    var layout: FactorLayout { get }
}

/// How a factor lies in memory.
struct FactorLayout {
    let start: UnsafePointer<Float>
    /// The distance in elements from one stored row to the next.
    let stride: Int
    /// Whether the stored rows are the factor's columns.
    let isTransposed: Bool
}

extension MatrixView: Factor {
    var layout: FactorLayout { FactorLayout(start: start.readable, stride: stride, isTransposed: false) }
}

/// A matrix read with rows and columns exchanged. On the right of a product, that is how PyTorch stores dense layers
/// and 1×1 convolutions; on the left, what the gradient by a weight is made from.
struct Transposed<Pointer: FloatPointer>: Factor {
    let matrix: MatrixView<Pointer>

    var rows: Int { matrix.columns }
    var columns: Int { matrix.rows }
    subscript(rows rows: Range<Int>) -> Self { Self(matrix: matrix[columns: rows]) }
    subscript(columns columns: Range<Int>) -> Self { Self(matrix: matrix[rows: columns]) }
    var layout: FactorLayout {
        FactorLayout(start: matrix.start.readable, stride: matrix.stride, isTransposed: true)
    }
}

/// `result = left · right`, or `result += left · right`, on the calling thread.
func multiply(
    _ left: some Factor, _ right: some Factor, into result: MutableMatrix, accumulating: Bool = false
) {
    let inner = left.columns
    precondition(left.rows == result.rows && right.rows == inner && right.columns == result.columns)
    guard result.rows > 0, result.columns > 0 else { return }
    guard inner > 0 else {
        // A sum of nothing. (BLAS does not take a matrix without columns.)
        guard !accumulating else { return }
        for row in 0..<result.rows { result[row].update(repeating: 0, count: result.columns) }
        return
    }
    _ = singleThreadedBLAS
    let (left, right) = (left.layout, right.layout)
    cblas_sgemm(
        CblasRowMajor, left.isTransposed ? CblasTrans : CblasNoTrans,
        right.isTransposed ? CblasTrans : CblasNoTrans,
        blasint(result.rows), blasint(result.columns), blasint(inner),
        1, left.start, blasint(left.stride), right.start, blasint(right.stride),
        accumulating ? 1 : 0, result.start, blasint(result.stride))
}

/// `result = left · right`, tile by tile, in parallel.
func multiplyInParallel(
    _ left: some Factor, _ right: some Factor, into result: MutableMatrix, rowsPerTile: Int = 512,
    columnsPerTile: Int = 256
) {
    // Cut along rows and columns, so that few rows still use every core.
    let rowTiles = (result.rows + rowsPerTile - 1) / rowsPerTile
    let columnTiles = (result.columns + columnsPerTile - 1) / columnsPerTile
    parallel(rowTiles * columnTiles) { index in
        let (rowTile, columnTile) = index.quotientAndRemainder(dividingBy: columnTiles)
        let rows = rowTile * rowsPerTile..<min((rowTile + 1) * rowsPerTile, result.rows)
        let columns = columnTile * columnsPerTile..<min((columnTile + 1) * columnsPerTile, result.columns)
        multiply(left[rows: rows], right[columns: columns], into: result[rows: rows, columns: columns])
    }
}

/// OpenBLAS is set to one thread once: the kernels cut the work themselves, which scales better for products
/// of this size and makes results independent of the number of threads.
private let singleThreadedBLAS: Void = openblas_set_num_threads(1)

/// Writes `source`, `[rows, columns]`, as `[columns, rows]`.
func transpose(_ source: MatrixView<some FloatPointer>, into destination: MutableMatrix) {
    precondition(destination.rows == source.columns && destination.columns == source.rows)
    let (from, to) = (source.start.readable, destination.start)
    // Squares of 8 × 8, so that the lines read and written stay in the cache.
    for firstRow in stride(from: 0, to: source.rows, by: 8) {
        let rows = firstRow..<min(firstRow + 8, source.rows)
        for firstColumn in stride(from: 0, to: source.columns, by: 8) {
            let columns = firstColumn..<min(firstColumn + 8, source.columns)
            for column in columns {
                for row in rows { to[column * destination.stride + row] = from[row * source.stride + column] }
            }
        }
    }
}

/// Consecutive ranges of at most `size` that cover `range`.
func blocks(of size: Int, covering range: Range<Int>) -> [Range<Int>] {
    stride(from: range.lowerBound, to: range.upperBound, by: size).map {
        $0..<min($0 + size, range.upperBound)
    }
}

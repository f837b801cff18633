import Tensors

/// A row-major matrix in memory: `matrix[row]` points at the elements of a row.
///
/// A view keeps its memory alive. Indices are checked in debug builds only.
struct MatrixView<Pointer: FloatPointer>: @unchecked Sendable {
    let start: Pointer
    let rows: Int
    let columns: Int
    /// The distance in elements from one row to the next.
    let stride: Int
    let memory: TensorMemory

    init(_ start: Pointer, rows: Int, columns: Int, stride: Int? = nil, memory: TensorMemory) {
        self.start = start
        self.rows = rows
        self.columns = columns
        self.stride = stride ?? columns
        self.memory = memory
    }

    @inline(__always)
    subscript(row: Int) -> Pointer {
        assert(0..<rows ~= row, "row \(row) of \(rows)")
        return start.advanced(by: row &* stride)
    }

    /// Some rows.
    subscript(rows rows: Range<Int>) -> Self { self[rows: rows, columns: 0..<columns] }

    /// Some columns.
    subscript(columns columns: Range<Int>) -> Self { self[rows: 0..<rows, columns: columns] }

    /// Some rows and columns.
    subscript(rows rows: Range<Int>, columns columns: Range<Int>) -> Self {
        assert(
            rows.isEmpty || rows.lowerBound >= 0 && rows.upperBound <= self.rows, "\(rows) of \(self.rows)")
        assert(columns.lowerBound >= 0 && columns.upperBound <= self.columns, "\(columns) of \(self.columns)")
        return Self(
            start.advanced(by: rows.lowerBound * stride + columns.lowerBound), rows: rows.count,
            columns: columns.count, stride: stride, memory: memory)
    }

    /// Matrices that lie one above the other, each of the given number of rows.
    func stacked(_ index: Int, rows: Int) -> Self { self[rows: index * rows..<(index + 1) * rows] }

    /// The same elements with rows and columns exchanged, as a factor of a product.
    var transposed: Transposed<Pointer> { Transposed(matrix: self) }
}

/// A matrix to read.
typealias Matrix = MatrixView<UnsafePointer<Float>>
/// A matrix that a kernel writes. Several threads may write at once, each to elements of its own.
typealias MutableMatrix = MatrixView<UnsafeMutablePointer<Float>>

extension MatrixView where Pointer == UnsafePointer<Float> {
    /// A tensor's elements as a matrix of the given number of rows.
    init(_ tensor: Tensor, rows: Int, columns: Int) {
        precondition(tensor.count == rows * columns, "\(tensor.shape) as a \(rows)×\(columns) matrix")
        self.init(
            UnsafePointer(tensor.memory.start), rows: rows, columns: columns, memory: tensor.memory)
    }

    /// A tensor `[rows, …]`; the further axes become one.
    init(_ tensor: Tensor) {
        self.init(tensor, rows: tensor.shape[0], columns: tensor.shape.dropFirst().reduce(1, *))
    }

    /// A matrix of one row.
    init(row: [Float]) { self.init(Tensor(shape: [1, row.count], elements: row)) }
}

extension MatrixView where Pointer == UnsafeMutablePointer<Float> {
    /// A new matrix, uninitialized.
    init(rows: Int, columns: Int) {
        let memory = TensorMemory(count: rows * columns)
        self.init(memory.start, rows: rows, columns: columns, memory: memory)
    }

    /// The finished elements as a tensor; the matrix must be all of its memory. Nothing may write to it any more.
    func tensor(shape: [Int]) -> Tensor {
        precondition(stride == columns)
        return Tensor(shape: shape, memory: memory)
    }

    /// The same matrix, to read what has been written.
    var readable: Matrix {
        Matrix(UnsafePointer(start), rows: rows, columns: columns, stride: stride, memory: memory)
    }
}

/// `UnsafePointer<Float>`, to read, or `UnsafeMutablePointer<Float>`, to write as well.
protocol FloatPointer: Strideable where Stride == Int {
    /// The same address, to read from.
    var readable: UnsafePointer<Float> { get }
}

extension UnsafePointer<Float>: FloatPointer {
    var readable: Self { self }
}

extension UnsafeMutablePointer<Float>: FloatPointer {
    var readable: UnsafePointer<Float> { UnsafePointer(self) }
}

extension TensorMemory {
    /// The first element; of borrowed memory without elements, nothing that may be read.
    var start: UnsafeMutablePointer<Float> {
        elements.baseAddress ?? UnsafeMutablePointer(bitPattern: MemoryLayout<Float>.alignment)!
    }
}

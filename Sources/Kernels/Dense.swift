import Tensors

/// A fully connected layer: `output = weight · input + bias`.
public struct Dense: Sendable {
    /// `[output, input]`, in the order of its file.
    public let weight: Tensor
    /// One number an output, or nil for 0.
    public let bias: [Float]?
    /// Where the input is a flattened map: its size and channels. Files order such inputs channel by channel
    /// (`C, H, W`), maps here run position by position (`H, W, C`); the weight is reordered once, at first use.
    public let flattening: MapSize?

    private let packed = PackedWeights()

    /// A layer by `weight`, of shape `[output, input]`.
    public init(weight: Tensor, bias: [Float]?, flattening: MapSize? = nil) {
        precondition(weight.shape.count == 2)
        precondition(flattening.map { $0.height * $0.width * $0.channels == weight.shape[1] } ?? true)
        self.weight = weight
        self.bias = bias
        self.flattening = flattening
    }

    /// Number of inputs.
    public var inputs: Int { weight.shape[1] }
    /// Number of outputs.
    public var outputs: Int { weight.shape[0] }

    /// Applies the layer to each row: `[rows, …]` with `inputs` numbers a row → `[rows, outputs]`.
    public func callAsFunction(_ input: Tensor, relu: Bool = false) -> Tensor {
        let rows = input.shape[0]
        precondition(input.count == rows * inputs, "a dense layer of \(inputs) inputs on \(input.shape)")
        let weight = packedWeight
        let finish = Epilogue(scale: nil, shift: bias, relu: relu, channels: outputs)
        return Tensor(shape: [rows, outputs]) { output in
            guard rows > 0 else { return }
            let output = Shared(output.baseAddress!)
            input.withUnsafeElements { input in
                let input = Shared(input.baseAddress!)
                weight.withUnsafeElements { weight in
                    let weight = Shared(weight.baseAddress!)
                    // Pieces of the output, in rows and in columns, so that few rows still use every core.
                    let columnsPerPiece = 256
                    let pieces = (outputs + columnsPerPiece - 1) / columnsPerPiece
                    let rowsPerPiece = 512
                    parallel(pieces * ((rows + rowsPerPiece - 1) / rowsPerPiece)) { index in
                        let (rowPiece, columnPiece) = index.quotientAndRemainder(dividingBy: pieces)
                        let row = rowPiece * rowsPerPiece
                        let column = columnPiece * columnsPerPiece
                        multiply(
                            MatrixView(input.pointer + row * inputs, stride: inputs),
                            MatrixView(weight.pointer + column * inputs, stride: inputs), layout: .transposed,
                            into: MatrixView(output.pointer + row * outputs + column, stride: outputs),
                            rows: min(rowsPerPiece, rows - row),
                            columns: min(columnsPerPiece, outputs - column),
                            inner: inputs)
                    }
                }
            }
            parallelBlocks(of: 64, covering: rows) { range in
                finish.unpacked { $0.finish(output.pointer + range.lowerBound * outputs, positions: range) }
            }
        }
    }

    /// The gradient by the input, in `inputShape`, `[rows, …]`, given the one by the output before ReLU,
    /// `[rows, outputs]`.
    public func inputGradient(_ gradient: Tensor, inputShape: [Int]) -> Tensor {
        let rows = inputShape[0]
        precondition(gradient.count == rows * outputs && inputShape.reduce(1, *) == rows * inputs)
        let weight = packedWeight
        return Tensor(shape: inputShape) { result in
            guard rows > 0 else { return }
            let result = Shared(result.baseAddress!)
            gradient.withUnsafeElements { gradient in
                let gradient = Shared(gradient.baseAddress!)
                weight.withUnsafeElements { weight in
                    let weight = Shared(weight.baseAddress!)
                    let columnPieces = (inputs + 255) / 256
                    parallel(columnPieces * ((rows + 511) / 512)) { index in
                        let (rowPiece, columnPiece) = index.quotientAndRemainder(dividingBy: columnPieces)
                        let (row, column) = (rowPiece * 512, columnPiece * 256)
                        multiply(
                            MatrixView(gradient.pointer + row * outputs, stride: outputs),
                            MatrixView(weight.pointer + column, stride: inputs),
                            into: MatrixView(result.pointer + row * inputs + column, stride: inputs),
                            rows: min(512, rows - row), columns: min(256, inputs - column), inner: outputs)
                    }
                }
            }
        }
    }

    /// The gradient by the weight, `[output, input]` in the order of its file, given the one by the output
    /// before ReLU, `[rows, outputs]`, and the input, `[rows, …]`.
    public func weightGradient(_ gradient: Tensor, input: Tensor) -> Tensor {
        let rows = input.shape[0]
        precondition(gradient.count == rows * outputs && input.count == rows * inputs)
        let result = Tensor(shape: weight.shape) { result in
            let result = Shared(result.baseAddress!)
            gradient.withUnsafeElements { gradient in
                let gradient = Shared(gradient.baseAddress!)
                input.withUnsafeElements { input in
                    let input = Shared(input.baseAddress!)
                    parallelBlocks(of: 256, covering: inputs) { columns in
                        multiply(
                            MatrixView(gradient.pointer, stride: outputs),
                            MatrixView(input.pointer + columns.lowerBound, stride: inputs),
                            leftLayout: .transposed,
                            into: MatrixView(result.pointer + columns.lowerBound, stride: inputs),
                            rows: outputs, columns: columns.count, inner: rows)
                    }
                }
            }
        }
        guard let map = flattening, map.height * map.width > 1 else { return result }
        return Tensor(shape: weight.shape) { ordered in
            let ordered = Shared(ordered.baseAddress!)
            result.withUnsafeElements { result in
                let result = Shared(result.baseAddress!)
                parallel(outputs) { output in
                    transpose(
                        result.pointer + output * inputs, rows: map.height * map.width, columns: map.channels,
                        into: ordered.pointer + output * inputs)
                }
            }
        }
    }

    /// Reorders the weight now, so that the first image does not pay for it.
    public func prepare() { _ = packedWeight }

    /// The weight with its inputs in the order of the maps here.
    private var packedWeight: Tensor {
        guard let map = flattening, map.height * map.width > 1 else { return weight }
        return packed.packing(for: .matrixProduct) {
            let area = map.height * map.width
            return Tensor(shape: weight.shape) { packed in
                let packed = Shared(packed.baseAddress!)
                weight.withUnsafeElements { weight in
                    let weight = Shared(weight.baseAddress!)
                    parallel(outputs) { output in
                        transpose(
                            weight.pointer + output * inputs, rows: map.channels, columns: area,
                            into: packed.pointer + output * inputs)
                    }
                }
            }
        }
    }
}

/// The size of a feature map.
public struct MapSize: Hashable, Sendable {
    /// Rows.
    public var height: Int
    /// Columns.
    public var width: Int
    /// Numbers at each position.
    public var channels: Int

    /// A size.
    public init(height: Int, width: Int, channels: Int) {
        self.height = height
        self.width = width
        self.channels = channels
    }
}

/// `[rows, columns]` → `[columns, rows]`. The rows of the source lie `stride` apart, by default next to each other.
func transpose(
    _ source: UnsafePointer<Float>, rows: Int, columns: Int, stride rowStride: Int? = nil,
    into destination: UnsafeMutablePointer<Float>
) {
    let rowStride = rowStride ?? columns
    // Squares of 8 × 8, so that the lines read and written stay in the cache.
    for firstRow in stride(from: 0, to: rows, by: 8) {
        for firstColumn in stride(from: 0, to: columns, by: 8) {
            for column in firstColumn..<min(firstColumn + 8, columns) {
                for row in firstRow..<min(firstRow + 8, rows) {
                    destination[column * rows + row] = source[row * rowStride + column]
                }
            }
        }
    }
}

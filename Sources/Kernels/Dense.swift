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
    public func callAsFunction(_ input: Tensor, rectified: Bool = false) -> Tensor {
        let rows = input.shape[0]
        precondition(input.count == rows * inputs, "a dense layer of \(inputs) inputs on \(input.shape)")
        let weight = packedWeight
        let finish = Epilogue(scale: nil, shift: bias, rectified: rectified, channels: outputs)
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

/// `[rows, columns]` → `[columns, rows]`.
func transpose(
    _ source: UnsafePointer<Float>, rows: Int, columns: Int, into destination: UnsafeMutablePointer<Float>
) {
    // Squares of 8 × 8, so that the lines read and written stay in the cache.
    for firstRow in stride(from: 0, to: rows, by: 8) {
        for firstColumn in stride(from: 0, to: columns, by: 8) {
            for column in firstColumn..<min(firstColumn + 8, columns) {
                for row in firstRow..<min(firstRow + 8, rows) {
                    destination[column * rows + row] = source[row * columns + column]
                }
            }
        }
    }
}

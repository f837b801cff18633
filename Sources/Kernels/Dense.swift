import Execution
import Tensors

/// A fully connected layer: `output = weight · input + bias`.
package struct Dense: Sendable {
    /// `[output, input]`, in the order of its file.
    package let weight: Tensor
    /// One number an output, or nil for 0.
    package let bias: [Float]?
    /// Where the input is a flattened map: its size and channels. Files order such inputs channel by channel
    /// (`C, H, W`), maps here run position by position (`H, W, C`); the weight is reordered once, at first use.
    package let flattening: MapSize?

    private let packed = PackedWeights()

    /// A layer by `weight`, of shape `[output, input]`.
    package init(weight: Tensor, bias: [Float]?, flattening: MapSize? = nil) {
        precondition(weight.shape.count == 2)
        precondition(flattening.map { $0.height * $0.width * $0.channels == weight.shape[1] } ?? true)
        self.weight = weight
        self.bias = bias
        self.flattening = flattening
    }

    /// Number of inputs.
    package var inputs: Int { weight.shape[1] }
    /// Number of outputs.
    package var outputs: Int { weight.shape[0] }

    /// Applies the layer to each row: `[rows, …]` with `inputs` numbers a row → `[rows, outputs]`.
    package func callAsFunction(_ input: Tensor, relu: Bool = false) -> Tensor {
        precondition(
            input.count == input.shape[0] * inputs, "a dense layer of \(inputs) inputs on \(input.shape)")
        let input = Matrix(input, rows: input.shape[0], columns: inputs)
        let output = MutableMatrix(rows: input.rows, columns: outputs)
        switch ExecutionContext.current.kernels {
        case .optimized: multiplyInParallel(input, Matrix(packedWeight).transposed, into: output)
        case .direct: multiplyDirectly(input, into: output)
        }
        let finish = Epilogue(shift: bias, relu: relu, channels: outputs)
        parallelBlocks(of: 64, covering: input.rows) { finish.finish(output, positions: $0) }
        return output.tensor(shape: [input.rows, outputs])
    }

    /// The gradient by the input, in `inputShape`, `[rows, …]`, given the one by the output before ReLU,
    /// `[rows, outputs]`.
    package func inputGradient(_ gradient: Tensor, inputShape: [Int]) -> Tensor {
        let rows = inputShape[0]
        precondition(gradient.count == rows * outputs && inputShape.reduce(1, *) == rows * inputs)
        let gradient = Matrix(gradient, rows: rows, columns: outputs)
        let result = MutableMatrix(rows: rows, columns: inputs)
        switch ExecutionContext.current.kernels {
        case .optimized: multiplyInParallel(gradient, Matrix(packedWeight), into: result)
        case .direct: inputGradientDirectly(gradient, into: result)
        }
        return result.tensor(shape: inputShape)
    }

    /// The gradient by the weight, `[output, input]` in the order of its file, given the one by the output
    /// before ReLU, `[rows, outputs]`, and the input, `[rows, …]`.
    package func weightGradient(_ gradient: Tensor, input: Tensor) -> Tensor {
        let rows = input.shape[0]
        precondition(gradient.count == rows * outputs && input.count == rows * inputs)
        let gradient = Matrix(gradient, rows: rows, columns: outputs)
        let input = Matrix(input, rows: rows, columns: inputs)
        let result = MutableMatrix(rows: outputs, columns: inputs)
        guard ExecutionContext.current.kernels == .optimized else {
            weightGradientDirectly(gradient, input, into: result)
            return result.tensor(shape: weight.shape)
        }
        multiplyInParallel(gradient.transposed, input, into: result, rowsPerTile: max(outputs, 1))
        guard let map = flattening, map.area > 1 else { return result.tensor(shape: weight.shape) }
        return reordered(result.readable, rows: map.area, columns: map.channels)
    }

    /// Reorders the weight now, so that the first image does not pay for it.
    package func prepare() {
        if ExecutionContext.current.kernels == .optimized { _ = packedWeight }
    }

    /// The weight with its inputs in the order of the maps here.
    private var packedWeight: Tensor {
        guard let map = flattening, map.area > 1 else { return weight }
        return packed.packing(for: .matrixProduct) {
            reordered(Matrix(weight), rows: map.channels, columns: map.area)
        }
    }

    /// Each output's weights, a matrix of the given size, with rows and columns exchanged.
    private func reordered(_ weight: Matrix, rows: Int, columns: Int) -> Tensor {
        let source = Matrix(
            weight.start, rows: outputs * rows, columns: columns, memory: weight.memory)
        let result = MutableMatrix(rows: outputs * columns, columns: rows)
        parallel(outputs) { output in
            transpose(source.stacked(output, rows: rows), into: result.stacked(output, rows: columns))
        }
        return result.tensor(shape: [outputs, inputs])
    }
}

/// The definition, in plain loops and accumulated in `Double`.
extension Dense {
    private func multiplyDirectly(_ input: Matrix, into output: MutableMatrix) {
        let weight = Matrix(weight)
        parallel(input.rows) { row in
            for channel in 0..<outputs {
                var sum = 0.0
                for index in 0..<inputs {
                    sum += Double(weight[channel][index]) * Double(input[row][indexInMap(index)])
                }
                output[row][channel] = Float(sum)
            }
        }
    }

    private func inputGradientDirectly(_ gradient: Matrix, into result: MutableMatrix) {
        let weight = Matrix(weight)
        parallel(gradient.rows) { row in
            for index in 0..<inputs {
                var sum = 0.0
                for output in 0..<outputs {
                    sum += Double(weight[output][index]) * Double(gradient[row][output])
                }
                result[row][indexInMap(index)] = Float(sum)
            }
        }
    }

    private func weightGradientDirectly(_ gradient: Matrix, _ input: Matrix, into result: MutableMatrix) {
        parallel(outputs) { output in
            for index in 0..<inputs {
                var sum = 0.0
                for row in 0..<input.rows {
                    sum += Double(gradient[row][output]) * Double(input[row][indexInMap(index)])
                }
                result[output][index] = Float(sum)
            }
        }
    }

    /// Where an input of the file is in a row here: `[channel, position]` → `[position, channel]`.
    private func indexInMap(_ index: Int) -> Int {
        guard let flattening else { return index }
        let (channel, position) = index.quotientAndRemainder(dividingBy: flattening.area)
        return position * flattening.channels + channel
    }
}

/// The size of a feature map.
package struct MapSize: Hashable, Sendable {
    /// Rows.
    package var height: Int
    /// Columns.
    package var width: Int
    /// Numbers at each position.
    package var channels: Int

    /// A size.
    package init(height: Int, width: Int, channels: Int) {
        self.height = height
        self.width = width
        self.channels = channels
    }

    fileprivate var area: Int { height * width }
}

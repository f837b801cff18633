import Execution
import Tensors

/// A transposed convolution ("deconvolution"): each input position adds its channels, times a kernel, to a
/// window of the output. Enlarges a map `stride` times.
///
/// Computed as a matrix product, input [positions, inputs] by weights [inputs, kernel · kernel · outputs],
/// whose results are then added up where windows overlap. The mask head's 2×2 kernel with stride 2 has no
/// overlap; the keypoint head's 4×4 with stride 2 and padding 1 adds up four results at each position.
package struct TransposedConvolution: Sendable {
    /// `[input, output, kernel, kernel]`: note that PyTorch puts the inputs first here.
    package let weight: Tensor
    /// One number an output channel, or nil for 0.
    package let bias: [Float]?
    /// Distance in output positions between the windows of neighbouring inputs.
    package let stride: Int
    /// Output positions cut off at each border.
    package let padding: Int

    private let packed = PackedWeights()

    /// A transposed convolution by `weight`, of shape `[input, output, kernel, kernel]`.
    package init(weight: Tensor, bias: [Float]?, stride: Int, padding: Int = 0) {
        precondition(weight.shape.count == 4 && weight.shape[2] == weight.shape[3])
        self.weight = weight
        self.bias = bias
        self.stride = stride
        self.padding = padding
    }

    /// Number of input channels.
    package var inputs: Int { weight.shape[0] }
    /// Number of output channels.
    package var outputs: Int { weight.shape[1] }
    private var kernel: Int { weight.shape[2] }

    /// `(length − 1) · stride − 2 · padding + kernel`.
    package func outputLength(_ length: Int) -> Int { (length - 1) * stride - 2 * padding + kernel }

    /// Applies the layer to a map `[height, width, inputs]` or a batch of them; negative results become 0 if
    /// `relu`.
    package func callAsFunction(_ input: Tensor, relu: Bool = false) -> Tensor {
        let input = Maps(input)
        precondition(input.channels == inputs)
        let output = MutableMaps(
            input.sizes.with(
                height: outputLength(input.height), width: outputLength(input.width), channels: outputs))
        let finish = Epilogue(shift: bias, relu: relu, channels: outputs)
        switch ExecutionContext.current.kernels {
        case .optimized: applyByMatrixProduct(input, into: output, finish: finish)
        case .direct: applyDirectly(input, into: output, finish: finish)
        }
        return output.tensor
    }

    // MARK: - By its definition

    /// For each output, the sum over the inputs whose windows cover it of weight times input, accumulated in
    /// `Double`.
    private func applyDirectly(_ input: Maps, into output: MutableMaps, finish: Epilogue) {
        let weight = KernelView(weight)
        parallelRows(of: output.sizes) { map, y in
            for x in 0..<output.width {
                for channel in 0..<outputs {
                    output[map, y, x][channel] = Float(
                        sum(covering: (map, y, x), of: input, by: weight, output: channel))
                }
            }
            let first = (map * output.height + y) * output.width
            finish.finish(output.matrix, positions: first..<first + output.width)
        }
    }

    /// The weighted sum of the inputs whose windows cover one output position.
    private func sum(
        covering position: (map: Int, y: Int, x: Int), of input: Maps,
        by weight: KernelView<UnsafePointer<Float>>, output: Int
    ) -> Double {
        let rows = taps(covering: position.y, length: input.height)
        let columns = taps(covering: position.x, length: input.width)
        var sum = 0.0
        for y in rows.inputs {
            for x in columns.inputs {
                let values = input[position.map, y, x]
                let (dy, dx) = (rows.kernelIndex(of: y), columns.kernelIndex(of: x))
                for channel in 0..<inputs {
                    sum += Double(weight[channel, output, dy, dx]) * Double(values[channel])
                }
            }
        }
        return sum
    }

    // MARK: - By a matrix product

    private func applyByMatrixProduct(_ input: Maps, into output: MutableMaps, finish: Epilogue) {
        let weight = Matrix(tapWeights)
        let area = input.sizes.area
        // Several maps at a time, so that packing the weights pays.
        parallelBlocks(of: 4, covering: input.count) { maps in
            let positions = maps.lowerBound * area..<maps.upperBound * area
            let products = MutableMatrix(rows: positions.count, columns: weight.columns)
            multiply(input.matrix[rows: positions], weight, into: products)
            for (index, map) in maps.enumerated() {
                gather(
                    products.stacked(index, rows: area), width: input.width, map, into: output, finish: finish
                )
            }
        }
    }

    /// Adds up, for each output position of a map, the products whose windows cover it.
    private func gather(
        _ products: MutableMatrix, width: Int, _ map: Int, into output: MutableMaps, finish: Epilogue
    ) {
        for y in 0..<output.height {
            let rows = taps(covering: y, length: products.rows / width)
            for x in 0..<output.width {
                let columns = taps(covering: x, length: width)
                let position = (map * output.height + y) * output.width + x
                forEachChannelVector(of: outputs) { channels in
                    output[position: position][channels] = finish.finished(
                        sum(of: products, width: width, rows, columns, channels), position: position,
                        channels: channels)
                }
            }
        }
    }

    @inline(__always)
    private func sum(
        of products: MutableMatrix, width: Int, _ rows: Taps, _ columns: Taps, _ channels: Channels
    ) -> ChannelVector {
        var sum = ChannelVector.zero
        for y in rows.inputs {
            for x in columns.inputs {
                let tap = rows.kernelIndex(of: y) * kernel + columns.kernelIndex(of: x)
                sum += (products[y * width + x] + tap * outputs)[channels]
            }
        }
        return sum
    }

    /// Along one axis: the inputs whose window covers an output, first to last, and the kernel index that the
    /// first of them meets it with; each next one meets it `stride` earlier.
    private func taps(covering output: Int, length: Int) -> Taps {
        let start = output + padding
        let last = min(start / stride, length - 1)
        // start − input · stride < kernel
        let first = max(0, (start - kernel) / stride + (start >= kernel ? 1 : 0))
        return Taps(
            inputs: first..<max(first, last + 1), firstKernelIndex: start - first * stride, step: stride)
    }

    /// The weights as `[input, kernel · kernel · output]`.
    private var tapWeights: Tensor {
        packed.packing(for: .matrixProduct) {
            let area = kernel * kernel
            let source = Matrix(weight, rows: inputs * outputs, columns: area)
            let result = MutableMatrix(rows: inputs * area, columns: outputs)
            for input in 0..<inputs {
                transpose(source.stacked(input, rows: outputs), into: result.stacked(input, rows: area))
            }
            return result.tensor(shape: [inputs, area * outputs])
        }
    }

    /// Reorders the weight now, so that the first image does not pay for it.
    package func prepare() {
        if ExecutionContext.current.kernels == .optimized { _ = tapWeights }
    }

    // MARK: - Pullbacks

    /// The gradient by the input, given the one by the output (before ReLU, of the output's shape).
    package func inputGradient(_ gradient: Tensor, inputShape: [Int]) -> Tensor {
        let result = adjoint(gradient)
        precondition(
            result.shape == inputShape, "a gradient of \(gradient.shape) by an input of \(inputShape)")
        return result
    }

    /// The gradient by the weight, `[input, output, kernel, kernel]`, given the one by the output before ReLU.
    package func weightGradient(_ gradient: Tensor, input: Tensor) -> Tensor {
        adjoint.weightGradient(input, input: gradient)
    }

    /// A transposed convolution is a convolution read backwards: this one maps outputs to inputs, and the
    /// weight's order `[input, output, …]` is just the order that it needs.
    private var adjoint: Convolution {
        Convolution(
            weight: weight, window: ConvolutionWindow(kernel: kernel, stride: stride, padding: padding))
    }
}

private struct Taps {
    let inputs: Range<Int>
    let firstKernelIndex: Int
    let step: Int

    @inline(__always)
    func kernelIndex(of input: Int) -> Int { firstKernelIndex - (input - inputs.lowerBound) * step }
}

import Tensors

/// A transposed convolution ("deconvolution"): each input position adds its channels, times a kernel, to a
/// window of the output. Enlarges a map `stride` times.
///
/// Computed as a matrix product, input [positions, inputs] by weights [inputs, kernel · kernel · outputs],
/// whose results are then added up where windows overlap. The mask head's 2×2 kernel with stride 2 has no
/// overlap; the keypoint head's 4×4 with stride 2 and padding 1 has four results at each place.
public struct TransposedConvolution: Sendable {
    /// `[input, output, kernel, kernel]`: note that PyTorch puts the inputs first here.
    public let weight: Tensor
    /// One number an output channel, or nil for 0.
    public let bias: [Float]?
    /// Distance in output pixels between the windows of neighbouring inputs.
    public let stride: Int
    /// Output pixels cut off at each border.
    public let padding: Int

    private let packed = PackedWeights()

    /// A transposed convolution by `weight`, of shape `[input, output, kernel, kernel]`.
    public init(weight: Tensor, bias: [Float]?, stride: Int, padding: Int = 0) {
        precondition(weight.shape.count == 4 && weight.shape[2] == weight.shape[3])
        self.weight = weight
        self.bias = bias
        self.stride = stride
        self.padding = padding
    }

    /// Number of input channels.
    public var inputs: Int { weight.shape[0] }
    /// Number of output channels.
    public var outputs: Int { weight.shape[1] }
    private var kernel: Int { weight.shape[2] }

    /// `(length − 1) · stride − 2 · padding + kernel`.
    public func outputLength(_ length: Int) -> Int { (length - 1) * stride - 2 * padding + kernel }

    /// Applies the layer to a map `[height, width, inputs]` or a batch of them; negative results become 0 if
    /// `relu`.
    public func callAsFunction(_ input: Tensor, relu: Bool = false) -> Tensor {
        let maps = MapBatch(input.shape)
        precondition(maps.channels == inputs)
        let outputMaps = MapBatch(
            count: maps.count, height: outputLength(maps.height), width: outputLength(maps.width),
            channels: outputs)
        let weight = tapWeights
        let area = maps.height * maps.width
        let productLength = kernel * kernel * outputs
        let finish = Epilogue(scale: nil, shift: bias, relu: relu, channels: outputs)
        return Tensor(shape: outputMaps.shape(like: input.shape)) { output in
            let output = Shared(output.baseAddress!)
            input.withUnsafeElements { input in
                let input = Shared(input.baseAddress!)
                weight.withUnsafeElements { weight in
                    let weight = Shared(weight.baseAddress!)
                    // Several maps at a time, so that packing the weights pays.
                    parallelBlocks(of: 4, covering: maps.count) { block in
                        withScratch(block.count * area * productLength) { products in
                            multiply(
                                MatrixView(
                                    input.pointer + block.lowerBound * area * inputs, stride: inputs),
                                MatrixView(weight.pointer, stride: productLength),
                                into: MatrixView(products, stride: productLength),
                                rows: block.count * area, columns: productLength, inner: inputs)
                            finish.unpacked { finish in
                                for (index, map) in block.enumerated() {
                                    gather(
                                        UnsafePointer(products) + index * area * productLength, of: maps,
                                        map: map, into: output.pointer, outputMaps, finish: finish)
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// The gradient by the input, given the one by the output (before ReLU, of the output's shape).
    public func inputGradient(_ gradient: Tensor, inputShape: [Int]) -> Tensor {
        let result = adjoint(gradient)
        precondition(
            result.shape == inputShape, "a gradient of \(gradient.shape) by an input of \(inputShape)")
        return result
    }

    /// The gradient by the weight, `[input, output, kernel, kernel]`, given the one by the output before ReLU.
    public func weightGradient(_ gradient: Tensor, input: Tensor) -> Tensor {
        adjoint.weightGradient(input, input: gradient)
    }

    /// A transposed convolution is a convolution read backwards: this one maps outputs to inputs, and the
    /// weight's order `[input, output, …]` is just the order that it needs.
    private var adjoint: Convolution {
        Convolution(
            weight: weight, window: ConvolutionWindow(kernel: kernel, stride: stride, padding: padding))
    }

    /// Adds up, for each output position, the products whose windows cover it.
    private func gather(
        _ products: UnsafePointer<Float>, of maps: MapBatch, map: Int,
        into output: UnsafeMutablePointer<Float>, _ outputMaps: MapBatch, finish: UnpackedEpilogue
    ) {
        for y in 0..<outputMaps.height {
            let rows = taps(covering: y, length: maps.height)
            for x in 0..<outputMaps.width {
                let columns = taps(covering: x, length: maps.width)
                let position = (map * outputMaps.height + y) * outputMaps.width + x
                forEachLane(
                    of: outputs,
                    SumOfTaps(
                        products: products, rows: rows, columns: columns, width: maps.width, kernel: kernel,
                        position: position, output: output, finish: finish))
            }
        }
    }

    /// Along one axis: the inputs whose window covers an output, first to last, and the kernel index that the
    /// first of them meets it with; each next one meets it `stride` earlier.
    private func taps(covering output: Int, length: Int) -> Taps {
        let place = output + padding
        let last = min(place / stride, length - 1)
        // place − input · stride < kernel
        let first = max(0, (place - kernel) / stride + (place >= kernel ? 1 : 0))
        return Taps(
            inputs: first..<max(first, last + 1), firstKernelIndex: place - first * stride, step: stride)
    }

    /// The weights as `[input, kernel · kernel · output]`.
    private var tapWeights: Tensor {
        packed.packing(for: .matrixProduct) {
            let area = kernel * kernel
            return Tensor(shape: [inputs, area * outputs]) { packed in
                weight.withUnsafeElements { weight in
                    for input in 0..<inputs {
                        transpose(
                            weight.baseAddress! + input * area * outputs, rows: outputs, columns: area,
                            into: packed.baseAddress! + input * area * outputs)
                    }
                }
            }
        }
    }

    /// Reorders the weight now, so that the first image does not pay for it.
    public func prepare() { _ = tapWeights }
}

private struct Taps {
    let inputs: Range<Int>
    let firstKernelIndex: Int
    let step: Int

    @inline(__always)
    func kernelIndex(of input: Int) -> Int { firstKernelIndex - (input - inputs.lowerBound) * step }
}

private struct SumOfTaps: LaneBody {
    let products: UnsafePointer<Float>
    let rows: Taps
    let columns: Taps
    let width: Int
    let kernel: Int
    let position: Int
    let output: UnsafeMutablePointer<Float>
    let finish: UnpackedEpilogue

    @inline(__always)
    func callAsFunction<L: Lane>(_: L.Type, at channel: Int) {
        var sum = L(repeating: 0)
        for y in rows.inputs {
            for x in columns.inputs {
                let tap = rows.kernelIndex(of: y) * kernel + columns.kernelIndex(of: x)
                let place = ((y * width + x) * kernel * kernel + tap) * finish.channels
                sum += L(loading: products + place + channel)
            }
        }
        finish.finished(sum, position: position, channel: channel)
            .store(to: output + position * finish.channels + channel)
    }
}

import Execution
import Tensors

extension Convolution {
    /// The definition, written out: for each output, the sum over the window and the group's channels of
    /// weight times input, accumulated in `Double`. Slow, and the answer that the other two must give.
    func convolveDirectly(_ input: Maps, into output: MutableMaps, finish: Epilogue) {
        let weight = KernelView(weight)
        parallelRows(of: output.sizes) { map, y in
            for x in 0..<output.width {
                for channel in 0..<outputs {
                    output[map, y, x][channel] = Float(
                        sum(under: (map, y, x), of: input, by: weight, output: channel))
                }
            }
            let first = (map * output.height + y) * output.width
            finish.finish(output.matrix, positions: first..<first + output.width)
        }
    }

    /// The weighted sum of the inputs under the window of one output position.
    private func sum(
        under position: (map: Int, y: Int, x: Int), of input: Maps,
        by weight: KernelView<UnsafePointer<Float>>,
        output: Int
    ) -> Double {
        let (top, left) = (window.start(of: position.y), window.start(of: position.x))
        let firstInput = output / groupOutputs * groupInputs
        var sum = 0.0
        for dy in window.taps(under: position.y, length: input.height) {
            for dx in window.taps(under: position.x, length: input.width) {
                let values =
                    input[position.map, top + dy * window.dilation, left + dx * window.dilation] + firstInput
                for channel in 0..<groupInputs {
                    sum += Double(weight[output, channel, dy, dx]) * Double(values[channel])
                }
            }
        }
        return sum
    }

    /// The gradient by the input, by its definition: for each input, the sum over all outputs whose window
    /// covers it of scale times weight times gradient, accumulated in `Double`.
    func inputGradientDirectly(_ gradient: Maps, into result: MutableMaps) {
        let weight = KernelView(weight)
        parallelRows(of: result.sizes) { map, y in
            for x in 0..<result.width {
                for channel in 0..<inputs {
                    result[map, y, x][channel] = Float(
                        sum(covering: (map, y, x), of: gradient, by: weight, input: channel))
                }
            }
        }
    }

    /// The weighted sum of the gradients of the outputs whose windows cover one input position.
    private func sum(
        covering position: (map: Int, y: Int, x: Int), of gradient: Maps,
        by weight: KernelView<UnsafePointer<Float>>, input: Int
    ) -> Double {
        let (group, channel) = input.quotientAndRemainder(dividingBy: groupInputs)
        let rows = window.outputs(covering: position.y, length: gradient.height)
        let columns = window.outputs(covering: position.x, length: gradient.width)
        var sum = 0.0
        for row in rows {
            for column in columns {
                let slopes = gradient[position.map, row.output, column.output]
                for output in group * groupOutputs..<(group + 1) * groupOutputs {
                    sum +=
                        Double(scale?[output] ?? 1)
                        * Double(weight[output, channel, row.tap, column.tap]) * Double(slopes[output])
                }
            }
        }
        return sum
    }

    /// The gradient by the weight, by its definition: for each weight, the sum over all output positions of
    /// scale times gradient times the input that the weight met there, accumulated in `Double`.
    func weightGradientDirectly(
        _ gradient: Maps, _ input: Maps, into result: KernelView<UnsafeMutablePointer<Float>>
    ) {
        parallel(outputs * groupInputs) { index in
            let (output, channel) = index.quotientAndRemainder(dividingBy: groupInputs)
            for dy in 0..<window.kernel {
                for dx in 0..<window.kernel {
                    let sum = sumOfProducts(gradient, output: output, input, channel: channel, tap: (dy, dx))
                    result[output, channel, dy, dx] = Float(sum * Double(scale?[output] ?? 1))
                }
            }
        }
    }

    /// The sum, over all positions of an output, of its gradient times the input that one weight meets there.
    private func sumOfProducts(
        _ gradient: Maps, output: Int, _ input: Maps, channel: Int, tap: (y: Int, x: Int)
    ) -> Double {
        let inputChannel = output / groupOutputs * groupInputs + channel
        var sum = 0.0
        for row in 0..<gradient.count * gradient.height {
            let (map, y) = row.quotientAndRemainder(dividingBy: gradient.height)
            let sourceY = window.start(of: y) + tap.y * window.dilation
            guard 0..<input.height ~= sourceY else { continue }
            for x in 0..<gradient.width {
                let sourceX = window.start(of: x) + tap.x * window.dilation
                guard 0..<input.width ~= sourceX else { continue }
                sum +=
                    Double(gradient[map, y, x][output]) * Double(input[map, sourceY, sourceX][inputChannel])
            }
        }
        return sum
    }
}

extension ConvolutionWindow {
    /// The indices into the kernel, along one axis, that meet positions inside the map under the window of one output.
    fileprivate func taps(under output: Int, length: Int) -> Range<Int> {
        let start = start(of: output)
        func first(from position: Int) -> Int {
            min((max(0, position - start) + dilation - 1) / dilation, kernel)
        }
        return first(from: 0)..<max(first(from: 0), first(from: length))
    }

    /// Along one axis, the outputs whose windows cover an input position, each with the index into the kernel that
    /// meets the position, in the order of these indices.
    fileprivate func outputs(covering position: Int, length: Int) -> [(output: Int, tap: Int)] {
        (0..<kernel).compactMap { tap in
            let start = position + padding - tap * dilation
            guard start >= 0 && start % stride == 0 && start / stride < length else { return nil }
            return (start / stride, tap)
        }
    }
}

/// The weight of a convolution in the order of its file: `weight[output, input, y, x]`, inputs counted within their
/// group.
struct KernelView<Pointer: FloatPointer>: @unchecked Sendable {
    private let matrix: MatrixView<Pointer>
    private let inputs: Int
    private let side: Int

    /// - Parameters:
    ///   - matrix: one output a row.
    ///   - side: of the square kernels.
    init(_ matrix: MatrixView<Pointer>, side: Int) {
        self.matrix = matrix
        self.side = side
        inputs = matrix.columns / (side * side)
    }

    @inline(__always)
    fileprivate func element(_ output: Int, _ input: Int, _ y: Int, _ x: Int) -> Pointer {
        matrix[output].advanced(by: (input * side + y) * side + x)
    }
}

extension KernelView<UnsafePointer<Float>> {
    init(_ tensor: Tensor) { self.init(Matrix(tensor), side: tensor.shape[3]) }

    @inline(__always)
    subscript(output: Int, input: Int, y: Int, x: Int) -> Float { element(output, input, y, x).pointee }
}

extension KernelView<UnsafeMutablePointer<Float>> {
    @inline(__always)
    subscript(output: Int, input: Int, y: Int, x: Int) -> Float {
        get { element(output, input, y, x).pointee }
        nonmutating set { element(output, input, y, x).pointee = newValue }
    }
}

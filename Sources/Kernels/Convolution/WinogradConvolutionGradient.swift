import Execution
import Tensors

// The pullbacks of the 3×3 convolution of stride 1, by the same 36 small products.
//
// By the input: the gradient convolved with each kernel turned by half a circle, inputs and outputs exchanged.
//
// By the weight: the forward pass is a chain of linear maps, y = Aᵀ (U ⊙ V) A with U = G g Gᵀ and V = Bᵀ d B.
// Read backwards: transform each 4×4 tile of the gradient, A e Aᵀ; for each of the 36 elements, multiply its
// matrix, transposed, by V, which sums over all tiles; transform each sum back, Gᵀ S G, to 3×3.

extension Convolution {
    /// The gradient by the input.
    func inputGradientByWinograd(_ gradient: Maps, into result: MutableMaps) {
        convolveByWinograd(
            gradient, kernels: turnedWinogradKernels, padding: window.kernel - 1 - window.padding,
            into: result,
            finish: Epilogue(channels: inputs))
    }

    /// The kernels, turned and times the scale, transformed: `[36, outputs, inputs]`.
    private var turnedWinogradKernels: Tensor {
        packed.packing(for: .winogradGradient) {
            let weight = Matrix(weight, rows: outputs * inputs, columns: 9)
            let result = MutableMatrix(rows: tileArea * outputs, columns: inputs)
            parallelBlocks(of: 8, covering: outputs) { range in
                let kernels = MutableMatrix(rows: 9, columns: inputs)
                for output in range {
                    transpose(weight.stacked(output, rows: inputs), into: kernels)
                    multiplyByScale(kernels.start, count: 9 * inputs, output: output)
                    transformKernels(
                        (0..<9).reversed().map { kernels[$0].readable }, count: inputs, into: result[output],
                        stride: inputs * outputs)
                }
            }
            return result.tensor(shape: [tileArea, outputs, inputs])
        }
    }

    /// The gradient by the weight, one output a row.
    func weightGradientByWinograd(_ gradient: Maps, _ input: Maps, into result: MutableMatrix) {
        let tiles = WinogradTiles(of: gradient.sizes)
        let blockSize = min(tiles.count, WinogradTiles.countPerBlock(inputs: inputs, outputs: outputs))
        let transformed = TransformedTiles(count: blockSize, channels: inputs)
        let gradients = TransformedTiles(count: blockSize, channels: outputs)
        // S, for each output and input.
        let sums = TransformedTiles(count: outputs, channels: inputs)
        for block in blocks(of: blockSize, covering: 0..<tiles.count) {
            parallelBlocks(of: 16, covering: block.count) { range in
                tiles.transform(
                    range, after: block.lowerBound, of: input, padding: window.padding, into: transformed)
                tiles.transformGradient(range, after: block.lowerBound, of: gradient, into: gradients)
            }
            parallel(tileArea) { element in
                multiply(
                    gradients[element][rows: 0..<block.count].transposed,
                    transformed[element][rows: 0..<block.count], into: sums[element],
                    accumulating: block.lowerBound > 0)
            }
        }
        let inFileOrder = MutableMatrix(
            result.start, rows: outputs * inputs, columns: 9, memory: result.memory)
        parallelBlocks(of: 8, covering: outputs) { range in
            let kernels = MutableMatrix(rows: 9, columns: inputs)
            for output in range {
                transformKernelGradients(
                    sums.tile(output).readable, stride: sums.stride, channels: inputs, into: kernels)
                multiplyByScale(kernels.start, count: 9 * inputs, output: output)
                transpose(kernels, into: inFileOrder.stacked(output, rows: inputs))
            }
        }
    }
}

import Execution
import Tensors

// Winograd's minimal filtering F(4×4, 3×3): 16 outputs of a 3×3 convolution from 36 multiplications instead of
// 144 (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", arXiv 1509.09308).
//
// A tile is a 4×4 piece of the output and the 6×6 piece of the input under it.
//
// 0. Once: transform each 3×3 kernel g into a 6×6 one, U = G g Gᵀ.
// Then, for each block of tiles:
// 1. Transform each input tile d, channel by channel: V = Bᵀ d B.
// 2. For each of the 36 elements of a tile, multiply the matrix V [tiles, inputs] by U [inputs, outputs]:
//    the only step that mixes channels, and 36 small products instead of nine large ones.
// 3. Transform back, channel by channel: Aᵀ M A gives the 4×4 outputs; scale, shift, residual and ReLU follow.
//
// WinogradTransforms.swift holds the transforms along one axis and where they come from, WinogradTiles.swift the
// transforms of tiles.

/// Convolves `input` by transformed kernels, `[36, inputs, outputs]`.
///
/// - Parameter padding: zeros around the input; below 0, what is cut off instead.
func convolveByWinograd(
    _ input: Maps, kernels: Tensor, padding: Int, into output: MutableMaps, finish: Epilogue
) {
    let tiles = WinogradTiles(of: output.sizes)
    let blockSize = min(
        tiles.count, WinogradTiles.countPerBlock(inputs: input.channels, outputs: output.channels))
    guard blockSize > 0 else { return }
    let kernels = Matrix(kernels, rows: tileArea * input.channels, columns: output.channels)
    let transformed = TransformedTiles(count: blockSize, channels: input.channels)
    let products = TransformedTiles(count: blockSize, channels: output.channels)
    for block in blocks(of: blockSize, covering: 0..<tiles.count) {
        parallelBlocks(of: 16, covering: block.count) { range in
            tiles.transform(range, after: block.lowerBound, of: input, padding: padding, into: transformed)
        }
        parallel(tileArea) { element in
            multiply(
                transformed[element][rows: 0..<block.count], kernels.stacked(element, rows: input.channels),
                into: products[element][rows: 0..<block.count])
        }
        parallelBlocks(of: 16, covering: block.count) { range in
            tiles.transformBack(range, after: block.lowerBound, of: products, into: output, finish: finish)
        }
    }
}

extension Convolution {
    /// The transformed kernels, `[36, inputs, outputs]`: U = G g Gᵀ.
    var winogradKernels: Tensor {
        packed.packing(for: .winograd) {
            let weight = Matrix(weight)
            let result = MutableMatrix(rows: tileArea * inputs, columns: outputs)
            parallelBlocks(of: 8, covering: inputs) { range in
                // One element of each kernel side by side, so that a vector holds eight kernels.
                let kernels = MutableMatrix(rows: 9, columns: outputs)
                for input in range {
                    transpose(weight[columns: 9 * input..<9 * (input + 1)], into: kernels)
                    transformKernels(
                        (0..<9).map { kernels[$0].readable }, count: outputs, into: result[input],
                        stride: inputs * outputs)
                }
            }
            return result.tensor(shape: [tileArea, inputs, outputs])
        }
    }
}

/// U = G g Gᵀ for many kernels at once.
///
/// - Parameters:
///   - kernels: nine pointers, each to one element of all kernels, row by row.
///   - count: of the kernels.
///   - result: where the first element of U goes; the other 35 follow `stride` apart.
func transformKernels(
    _ kernels: [UnsafePointer<Float>], count: Int, into result: UnsafeMutablePointer<Float>, stride: Int
) {
    forEachChannelVector(of: count) { channels in
        var columns = InlineArray<18, ChannelVector>(repeating: .zero)
        for x in 0..<3 {
            let column = kernelTransform(
                (kernels[x][channels], kernels[3 + x][channels], kernels[6 + x][channels]))
            column.forEach { y, value in columns[3 * y + x] = value }
        }
        for y in 0..<inputTileSide {
            let row = kernelTransform((columns[3 * y], columns[3 * y + 1], columns[3 * y + 2]))
            row.forEach { x, value in (result + (y * inputTileSide + x) * stride)[channels] = value }
        }
    }
}

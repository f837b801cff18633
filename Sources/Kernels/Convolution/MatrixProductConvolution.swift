import Execution
import Tensors

// Convolution as a matrix product.
//
// 1. Cut the output positions into blocks.
// 2. For each block, copy the window under each position into one row of a matrix: the patches,
//    [positions, kernel · kernel · inputs]. A 1×1 convolution of stride 1 needs no copy: with channels last,
//    the map already is that matrix.
// 3. Multiply the patches by the weights [kernel · kernel · inputs, outputs].
// 4. Scale, shift, residual and ReLU while the block is in the cache.
//
// With groups, each group has patches, weights and output columns of its own.

extension Convolution {
    func convolveByMatrixProduct(_ input: Maps, into output: MutableMaps, finish: Epilogue) {
        let patches = Patches(of: input.sizes, under: output.sizes, window: window)
        let weights = Matrix(patchWeights)
        let blockSize = patches.positionsPerBlock(outputs: outputs)
        parallelBlocks(of: blockSize, covering: output.sizes.positions) { positions in
            let matrix = patches.matrix(of: positions, from: input)
            for group in 0..<window.groups {
                let outputs = group * groupOutputs..<(group + 1) * groupOutputs
                multiply(
                    matrix[columns: patches.columns(of: group)], weights[rows: outputs].transposed,
                    into: output.matrix[rows: positions, columns: outputs])
            }
            finish.finish(output.matrix, positions: positions)
        }
    }

    /// The weights as `[output, kernel · kernel · inputs / groups]`, in the order of a patch. For 1×1 kernels
    /// that is the order of the file, so nothing is copied.
    var patchWeights: Tensor {
        guard window.kernel > 1 else { return weight }
        return packed.packing(for: .matrixProduct) {
            let area = window.kernel * window.kernel
            let source = Matrix(weight, rows: outputs * groupInputs, columns: area)
            let result = MutableMatrix(rows: outputs * area, columns: groupInputs)
            parallel(outputs) { output in
                transpose(source.stacked(output, rows: groupInputs), into: result.stacked(output, rows: area))
            }
            return result.tensor(shape: [outputs, area * groupInputs])
        }
    }
}

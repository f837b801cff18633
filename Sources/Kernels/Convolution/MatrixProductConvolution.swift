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
    func convolveByMatrixProduct(
        _ input: Shared<UnsafePointer<Float>>, _ maps: MapBatch,
        into output: Shared<UnsafeMutablePointer<Float>>, _ outputMaps: MapBatch, finish: Epilogue
    ) {
        let patches = Patches(of: maps, under: outputMaps, window: window)
        let groupOutputs = outputs / window.groups
        let weights = patchWeights
        parallelBlocks(of: patches.positionsPerBlock(outputs: outputs), covering: outputMaps.positions) {
            positions in
            let block = output.pointer + positions.lowerBound * outputs
            weights.withUnsafeElements { weights in
                patches.withMatrix(of: positions, from: input.pointer) { matrix in
                    for group in 0..<window.groups {
                        multiply(
                            MatrixView(matrix.start + group * patches.length, stride: matrix.stride),
                            MatrixView(
                                weights.baseAddress! + group * groupOutputs * patches.length,
                                stride: patches.length),
                            layout: .transposed,
                            into: MatrixView(block + group * groupOutputs, stride: outputs),
                            rows: positions.count, columns: groupOutputs, inner: patches.length)
                    }
                }
            }
            finish.unpacked { $0.finish(block, positions: positions) }
        }
    }

    /// The weights as `[output, kernel · kernel · inputs / groups]`, in the order of a patch. For 1×1 kernels
    /// that is the order of the file, so nothing is copied.
    var patchWeights: Tensor {
        guard window.kernel > 1 else { return weight }
        return packed.packing(for: .matrixProduct) {
            let area = window.kernel * window.kernel
            let channels = inputs / window.groups
            return Tensor(shape: [outputs, area * channels]) { packed in
                let packed = Shared(packed.baseAddress!)
                weight.withUnsafeElements { weight in
                    let weight = Shared(weight.baseAddress!)
                    parallel(outputs) { output in
                        let source = weight.pointer + output * area * channels
                        let destination = packed.pointer + output * area * channels
                        for channel in 0..<channels {
                            for tap in 0..<area {
                                destination[tap * channels + channel] = source[channel * area + tap]
                            }
                        }
                    }
                }
            }
        }
    }
}

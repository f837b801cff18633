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
        let patches = Patches(maps: maps, outputMaps: outputMaps, window: window)
        let groupOutputs = outputs / window.groups
        let weights = patchWeights
        parallelBlocks(of: patches.positionsPerBlock, covering: outputMaps.positions) { positions in
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

/// Where the windows of a convolution lie in memory, and how to copy them into a matrix.
struct Patches: Sendable {
    let maps: MapBatch
    let outputMaps: MapBatch
    let window: ConvolutionWindow

    /// The numbers in one group's part of a patch.
    var length: Int { window.kernel * window.kernel * maps.channels / window.groups }

    /// Whether the map itself is the matrix of patches.
    var areTheMap: Bool {
        window.kernel == 1 && window.stride == 1 && window.padding == 0 && window.groups == 1
    }

    /// Enough rows to make packing the weights pay, few enough for the block to stay in the cache: about a
    /// megabyte of patches and results.
    var positionsPerBlock: Int {
        let floatsPerPosition = length * window.groups + outputMaps.channels
        return min(max((1 << 18) / floatsPerPosition, 256), 2048)
    }

    /// Calls `body` with the patches of `positions`, one row each, groups side by side.
    func withMatrix(
        of positions: Range<Int>, from input: UnsafePointer<Float>,
        _ body: (MatrixView<UnsafePointer<Float>>) -> Void
    ) {
        let rowLength = length * window.groups
        guard !areTheMap else {
            return body(MatrixView(input + positions.lowerBound * rowLength, stride: rowLength))
        }
        withScratch(positions.count * rowLength) { matrix in
            for position in positions {
                copyPatch(
                    at: position, from: input, to: matrix + (position - positions.lowerBound) * rowLength)
            }
            body(MatrixView(UnsafePointer(matrix), stride: rowLength))
        }
    }

    private func copyPatch(
        at position: Int, from input: UnsafePointer<Float>, to patch: UnsafeMutablePointer<Float>
    ) {
        let (row, x) = position.quotientAndRemainder(dividingBy: outputMaps.width)
        let (map, y) = row.quotientAndRemainder(dividingBy: outputMaps.height)
        let left = x * window.stride - window.padding
        // The columns of the window that lie inside the map; the rest is padding.
        let first = min(max(0, -left), window.kernel)
        let inside = first..<max(first, min(window.kernel, maps.width - left))
        let channels = maps.channels / window.groups
        for dy in 0..<window.kernel {
            let sourceY = y * window.stride + dy - window.padding
            for group in 0..<window.groups {
                let line = patch + group * length + dy * window.kernel * channels
                guard sourceY >= 0 && sourceY < maps.height else {
                    line.update(repeating: 0, count: window.kernel * channels)
                    continue
                }
                line.update(repeating: 0, count: inside.lowerBound * channels)
                (line + inside.upperBound * channels)
                    .update(repeating: 0, count: (window.kernel - inside.upperBound) * channels)
                let source =
                    input + ((map * maps.height + sourceY) * maps.width + left) * maps.channels
                    + group * channels
                if window.groups == 1 {
                    (line + inside.lowerBound * channels).update(
                        from: source + inside.lowerBound * channels, count: inside.count * channels)
                } else {
                    for dx in inside {
                        (line + dx * channels).update(from: source + dx * maps.channels, count: channels)
                    }
                }
            }
        }
    }
}

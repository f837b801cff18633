import Tensors

// The pullbacks of the 3×3 convolution of stride 1, by the same 36 small products.
//
// By the input: the gradient convolved with each kernel turned by half a circle, inputs and outputs exchanged.
//
// By the weight: the forward pass is a chain of linear maps, y = Aᵀ (U ⊙ V) A with U = G g Gᵀ and V = Bᵀ d B.
// Read backwards: transform each 4×4 tile of the gradient, A e Aᵀ; for each of the 36 places, multiply its
// matrix, transposed, by V, which sums over all tiles; transform each sum back, Gᵀ S G, to 3×3.

extension Convolution {
    /// The gradient by the input.
    func pullBackByWinograd(
        _ gradient: Shared<UnsafePointer<Float>>, _ outputMaps: MapBatch,
        to result: Shared<UnsafeMutablePointer<Float>>, _ maps: MapBatch
    ) {
        convolveWinograd(
            gradient, outputMaps, by: turnedWinogradWeights, padding: window.kernel - 1 - window.padding,
            into: result, maps, finish: Epilogue(scale: nil, shift: nil, relu: false, channels: inputs))
    }

    /// The kernels, turned and times the scale, transformed: `[36, outputs, inputs]`.
    private var turnedWinogradWeights: Tensor {
        packed.packing(for: .winogradGradient) {
            Tensor(shape: [tilePlaces, outputs, inputs]) { packed in
                let packed = Shared(packed.baseAddress!)
                weight.withUnsafeElements { weight in
                    let weight = Shared(weight.baseAddress!)
                    let (inputs, outputs) = (inputs, outputs)
                    parallelBlocks(of: 8, covering: outputs) { range in
                        withScratch(9 * inputs) { kernels in
                            for output in range {
                                transpose(
                                    weight.pointer + output * inputs * 9, rows: inputs, columns: 9,
                                    into: kernels)
                                if let factor = scale?[output] {
                                    for index in 0..<9 * inputs { kernels[index] *= factor }
                                }
                                // From the last tap to the first.
                                forEachLane(
                                    of: inputs,
                                    KernelTransform(
                                        source: UnsafePointer(kernels) + 8 * inputs, tapStride: -inputs,
                                        destination: packed.pointer + output * inputs,
                                        stride: inputs * outputs))
                            }
                        }
                    }
                }
            }
        }
    }

    /// The gradient by the weight.
    func sumWeightGradientByWinograd(
        _ gradient: Shared<UnsafePointer<Float>>, _ outputMaps: MapBatch,
        _ input: Shared<UnsafePointer<Float>>, _ maps: MapBatch,
        into result: Shared<UnsafeMutablePointer<Float>>
    ) {
        let (inputs, outputs) = (inputs, outputs)
        let tiles = WinogradTiles(maps: maps, outputMaps: outputMaps, padding: window.padding)
        let blockSize = min(tiles.count, WinogradTiles.countPerBlock(inputs: inputs, outputs: outputs))
        let inputStride = blockSize * inputs + placeGap
        let outputStride = blockSize * outputs + placeGap
        let sumStride = outputs * inputs + placeGap
        withScratch(tilePlaces * (inputStride + outputStride + sumStride)) { scratch in
            let transformed = Shared(scratch)
            let gradients = Shared(scratch + tilePlaces * inputStride)
            let sums = Shared(scratch + tilePlaces * (inputStride + outputStride))
            for first in stride(from: 0, to: tiles.count, by: blockSize) {
                let block = first..<min(first + blockSize, tiles.count)
                parallelBlocks(of: 16, covering: block.count) { range in
                    tiles.transformInput(
                        range.offset(by: first), from: input.pointer,
                        to: transformed.pointer + range.lowerBound * inputs, stride: inputStride)
                    tiles.transformGradient(
                        range.offset(by: first), from: gradient.pointer,
                        to: gradients.pointer + range.lowerBound * outputs, stride: outputStride)
                }
                parallel(tilePlaces) { place in
                    multiply(
                        MatrixView(UnsafePointer(gradients.pointer) + place * outputStride, stride: outputs),
                        MatrixView(UnsafePointer(transformed.pointer) + place * inputStride, stride: inputs),
                        leftLayout: .transposed,
                        into: MatrixView(sums.pointer + place * sumStride, stride: inputs), rows: outputs,
                        columns: inputs, inner: block.count, accumulating: first > 0)
                }
            }
            parallelBlocks(of: 8, covering: outputs) { range in
                withScratch(9 * inputs) { kernels in
                    for output in range {
                        forEachLane(
                            of: inputs,
                            KernelGradientTransform(
                                source: UnsafePointer(sums.pointer) + output * inputs, stride: sumStride,
                                destination: kernels, tapStride: inputs))
                        if let factor = scale?[output] {
                            for index in 0..<9 * inputs { kernels[index] *= factor }
                        }
                        transpose(
                            kernels, rows: 9, columns: inputs, into: result.pointer + output * inputs * 9)
                    }
                }
            }
        }
    }
}

extension WinogradTiles {
    /// A e Aᵀ of each tile of the output's gradient in `range`; the 36 results of a tile go `stride` floats apart.
    fileprivate func transformGradient(
        _ range: Range<Int>, from gradient: UnsafePointer<Float>,
        to destination: UnsafeMutablePointer<Float>, stride: Int
    ) {
        let channels = outputMaps.channels
        for tile in range {
            let (map, y, x) = place(of: tile)
            forEachLane(
                of: channels,
                GradientTransform(
                    source: gradient + ((map * outputMaps.height + y) * outputMaps.width + x) * channels,
                    rowStride: outputMaps.width * channels, columnStride: channels,
                    rows: min(outputTileSide, outputMaps.height - y),
                    columns: min(outputTileSide, outputMaps.width - x),
                    destination: destination + (tile - range.lowerBound) * channels, stride: stride))
        }
    }
}

/// A e Aᵀ for the channels of one lane.
private struct GradientTransform: LaneBody {
    let source: UnsafePointer<Float>
    let rowStride: Int
    let columnStride: Int
    /// How much of the tile lies inside the output; the rest counts as 0.
    let rows: Int
    let columns: Int
    let destination: UnsafeMutablePointer<Float>
    let stride: Int

    @inline(__always)
    func callAsFunction<L: Lane>(_: L.Type, at channel: Int) {
        withUnsafeTemporaryAllocation(of: L.self, capacity: inputTileSide * outputTileSide) { scratch in
            let scratch = scratch.baseAddress!
            for x in 0..<outputTileSide {
                gradientTransform(
                    (
                        value(L.self, 0, x, channel), value(L.self, 1, x, channel),
                        value(L.self, 2, x, channel), value(L.self, 3, x, channel)
                    )
                ).write(to: scratch + x, stride: outputTileSide)
            }
            for y in 0..<inputTileSide {
                let row = scratch + y * outputTileSide
                gradientTransform((row[0], row[1], row[2], row[3]))
                    .store(to: destination + y * inputTileSide * stride + channel, stride: stride)
            }
        }
    }

    @inline(__always)
    private func value<L: Lane>(_: L.Type, _ y: Int, _ x: Int, _ channel: Int) -> L {
        y < rows && x < columns
            ? L(loading: source + y * rowStride + x * columnStride + channel) : L(repeating: 0)
    }
}

/// Gᵀ S G for the 3×3 kernels of one lane.
private struct KernelGradientTransform: LaneBody {
    let source: UnsafePointer<Float>
    let stride: Int
    let destination: UnsafeMutablePointer<Float>
    let tapStride: Int

    @inline(__always)
    func callAsFunction<L: Lane>(_: L.Type, at channel: Int) {
        withUnsafeTemporaryAllocation(of: L.self, capacity: 3 * inputTileSide) { scratch in
            let scratch = scratch.baseAddress!
            for x in 0..<inputTileSide {
                let column = kernelGradientTransform(
                    Six<L>(loading: source + x * stride + channel, stride: inputTileSide * stride))
                scratch[x] = column.0
                scratch[inputTileSide + x] = column.1
                scratch[2 * inputTileSide + x] = column.2
            }
            for y in 0..<3 {
                let row = kernelGradientTransform(
                    Six(from: UnsafePointer(scratch + y * inputTileSide), stride: 1))
                row.0.store(to: destination + 3 * y * tapStride + channel)
                row.1.store(to: destination + (3 * y + 1) * tapStride + channel)
                row.2.store(to: destination + (3 * y + 2) * tapStride + channel)
            }
        }
    }
}

import Tensors

// Winograd's minimal filtering F(4×4, 3×3): 16 outputs of a 3×3 convolution from 36 multiplications instead of
// 144 (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", arXiv 1509.09308).
//
// A tile is a 4×4 piece of the output and the 6×6 piece of the input under it.
//
// 0. Once: transform each 3×3 kernel g into a 6×6 one, U = G g Gᵀ.
// Then, for each block of tiles:
// 1. Transform each input tile d, channel by channel: V = Bᵀ d B.
// 2. For each of the 36 places of a tile, multiply the matrix V [tiles, inputs] by U [inputs, outputs]:
//    the only step that mixes channels, and 36 small products instead of nine large ones.
// 3. Transform back, channel by channel: Aᵀ M A gives the 4×4 outputs; scale, shift, residual and ReLU follow.
//
// WinogradTransforms.swift holds the transforms along one axis, and where they come from.

/// The side of a tile of outputs, and of the inputs that it needs.
let outputTileSide = 4
let inputTileSide = 6
/// The places of a transformed tile: one matrix product each.
let tilePlaces = inputTileSide * inputTileSide
/// Floats between the matrices of two places beyond their own size: without them all 36 would start at the
/// same place of every cache set, and evict each other.
let placeGap = 80

/// Convolves `input` by transformed kernels, `[36, inputs, outputs]`.
///
/// - Parameter padding: zeros around the input; below 0, what is cut off instead.
func convolveWinograd(
    _ input: Shared<UnsafePointer<Float>>, _ maps: MapBatch, by weights: Tensor, padding: Int,
    into output: Shared<UnsafeMutablePointer<Float>>, _ outputMaps: MapBatch, finish: Epilogue
) {
    let (inputs, outputs) = (maps.channels, outputMaps.channels)
    let tiles = WinogradTiles(maps: maps, outputMaps: outputMaps, padding: padding)
    let blockSize = min(tiles.count, WinogradTiles.countPerBlock(inputs: inputs, outputs: outputs))
    guard blockSize > 0 else { return }
    let inputStride = blockSize * inputs + placeGap
    let outputStride = blockSize * outputs + placeGap
    withScratch(tilePlaces * inputStride) { transformed in
        withScratch(tilePlaces * outputStride) { products in
            weights.withUnsafeElements { weights in
                let transformed = Shared(transformed)
                let products = Shared(products)
                let weights = Shared(weights.baseAddress!)
                for first in stride(from: 0, to: tiles.count, by: blockSize) {
                    let block = first..<min(first + blockSize, tiles.count)
                    parallelBlocks(of: 16, covering: block.count) { range in
                        tiles.transformInput(
                            range.offset(by: first), from: input.pointer,
                            to: transformed.pointer + range.lowerBound * inputs, stride: inputStride)
                    }
                    parallel(tilePlaces) { place in
                        multiply(
                            MatrixView(
                                UnsafePointer(transformed.pointer) + place * inputStride, stride: inputs),
                            MatrixView(weights.pointer + place * inputs * outputs, stride: outputs),
                            into: MatrixView(products.pointer + place * outputStride, stride: outputs),
                            rows: block.count, columns: outputs, inner: inputs)
                    }
                    parallelBlocks(of: 16, covering: block.count) { range in
                        finish.unpacked { finish in
                            tiles.transformOutput(
                                range.offset(by: first),
                                from: UnsafePointer(products.pointer) + range.lowerBound * outputs,
                                stride: outputStride, to: output.pointer, finish: finish)
                        }
                    }
                }
            }
        }
    }
}

extension Convolution {
    /// The transformed kernels, `[36, inputs, outputs]`: U = G g Gᵀ.
    var winogradWeights: Tensor {
        packed.packing(for: .winograd) {
            Tensor(shape: [tilePlaces, inputs, outputs]) { packed in
                let packed = Shared(packed.baseAddress!)
                weight.withUnsafeElements { weight in
                    let weight = Shared(weight.baseAddress!)
                    let (inputs, outputs) = (inputs, outputs)
                    parallelBlocks(of: 8, covering: inputs) { range in
                        withScratch(9 * outputs) { kernels in
                            for input in range {
                                // One number of each kernel side by side, so that a lane holds eight kernels.
                                transpose(
                                    weight.pointer + input * 9, rows: outputs, columns: 9, stride: inputs * 9,
                                    into: kernels)
                                forEachLane(
                                    of: outputs,
                                    KernelTransform(
                                        source: UnsafePointer(kernels), tapStride: outputs,
                                        destination: packed.pointer + input * outputs,
                                        stride: inputs * outputs))
                            }
                        }
                    }
                }
            }
        }
    }
}

/// U = G g Gᵀ for the 3×3 kernels of one lane.
struct KernelTransform: LaneBody {
    let source: UnsafePointer<Float>
    /// Floats from one number of a kernel to the next; below 0 for a kernel read backwards.
    let tapStride: Int
    let destination: UnsafeMutablePointer<Float>
    /// Floats between the 36 results.
    let stride: Int

    @inline(__always)
    func callAsFunction<L: Lane>(_: L.Type, at channel: Int) {
        withUnsafeTemporaryAllocation(of: L.self, capacity: 3 * inputTileSide) { columns in
            let columns = columns.baseAddress!
            for x in 0..<3 {
                let top = source + x * tapStride + channel
                kernelTransform(
                    (L(loading: top), L(loading: top + 3 * tapStride), L(loading: top + 6 * tapStride))
                ).write(to: columns + x, stride: 3)
            }
            for y in 0..<inputTileSide {
                let row = columns + 3 * y
                kernelTransform((row[0], row[1], row[2]))
                    .store(to: destination + y * inputTileSide * stride + channel, stride: stride)
            }
        }
    }
}

extension Range<Int> {
    func offset(by distance: Int) -> Range<Int> {
        lowerBound + distance..<upperBound + distance
    }
}

// MARK: - WinogradTiles

/// The tiles of a batch of maps, counted row by row, map after map.
struct WinogradTiles: Sendable {
    let maps: MapBatch
    let outputMaps: MapBatch
    let padding: Int
    let rows: Int
    let columns: Int

    init(maps: MapBatch, outputMaps: MapBatch, padding: Int) {
        self.maps = maps
        self.outputMaps = outputMaps
        self.padding = padding
        rows = (outputMaps.height + outputTileSide - 1) / outputTileSide
        columns = (outputMaps.width + outputTileSide - 1) / outputTileSide
    }

    var count: Int { maps.count * rows * columns }

    /// As many tiles as keep the transformed input and the products in the last-level cache, and never so few
    /// that packing the weights in each product outweighs the product.
    static func countPerBlock(inputs: Int, outputs: Int) -> Int {
        max((3 << 16) / (inputs + outputs) / 16 * 16, 128)
    }

    /// The map that a tile belongs to, and the output position of its upper left corner.
    @inline(__always)
    func place(of tile: Int) -> (map: Int, y: Int, x: Int) {
        let (row, column) = tile.quotientAndRemainder(dividingBy: columns)
        let (map, y) = row.quotientAndRemainder(dividingBy: rows)
        return (map, y * outputTileSide, column * outputTileSide)
    }

    /// V = Bᵀ d B of each tile in `range`; the 36 results of a tile go `stride` floats apart.
    func transformInput(
        _ range: Range<Int>, from input: UnsafePointer<Float>, to destination: UnsafeMutablePointer<Float>,
        stride: Int
    ) {
        let channels = maps.channels
        withScratch(tilePlaces * channels) { border in
            for tile in range {
                let (map, y, x) = place(of: tile)
                let (top, left) = (y - padding, x - padding)
                let inside =
                    top >= 0 && left >= 0 && top + inputTileSide <= maps.height
                    && left + inputTileSide <= maps.width
                var source = input + ((map * maps.height + top) * maps.width + left) * channels
                var rowStride = maps.width * channels
                if !inside {
                    copyBorderTile(map: map, top: top, left: left, from: input, to: border)
                    source = UnsafePointer(border)
                    rowStride = inputTileSide * channels
                }
                forEachLane(
                    of: channels,
                    InputTransform(
                        source: source, rowStride: rowStride, columnStride: channels,
                        destination: destination + (tile - range.lowerBound) * channels, stride: stride))
            }
        }
    }

    /// Copies a tile that reaches over the border of its map, with zeros for what lies outside.
    private func copyBorderTile(
        map: Int, top: Int, left: Int, from input: UnsafePointer<Float>, to tile: UnsafeMutablePointer<Float>
    ) {
        let channels = maps.channels
        tile.update(repeating: 0, count: tilePlaces * channels)
        let inside = max(0, -left)..<max(max(0, -left), min(inputTileSide, maps.width - left))
        for dy in 0..<inputTileSide where top + dy >= 0 && top + dy < maps.height {
            let source = input + ((map * maps.height + top + dy) * maps.width + left) * channels
            (tile + (dy * inputTileSide + inside.lowerBound) * channels).update(
                from: source + inside.lowerBound * channels, count: inside.count * channels)
        }
    }

    /// Aᵀ M A of each tile in `range`, finished and written to its place of the output.
    func transformOutput(
        _ range: Range<Int>, from products: UnsafePointer<Float>, stride: Int,
        to output: UnsafeMutablePointer<Float>, finish: UnpackedEpilogue
    ) {
        for tile in range {
            let (map, y, x) = place(of: tile)
            forEachLane(
                of: outputMaps.channels,
                OutputTransform(
                    source: products + (tile - range.lowerBound) * outputMaps.channels, stride: stride,
                    output: output, position: (map * outputMaps.height + y) * outputMaps.width + x,
                    width: outputMaps.width, rows: min(outputTileSide, outputMaps.height - y),
                    columns: min(outputTileSide, outputMaps.width - x), finish: finish))
        }
    }
}

/// Bᵀ d B for the channels of one lane.
private struct InputTransform: LaneBody {
    let source: UnsafePointer<Float>
    let rowStride: Int
    let columnStride: Int
    let destination: UnsafeMutablePointer<Float>
    let stride: Int

    @inline(__always)
    func callAsFunction<L: Lane>(_: L.Type, at channel: Int) {
        withUnsafeTemporaryAllocation(of: L.self, capacity: tilePlaces) { scratch in
            let scratch = scratch.baseAddress!
            for x in 0..<inputTileSide {
                inputTransform(Six<L>(loading: source + x * columnStride + channel, stride: rowStride))
                    .write(to: scratch + x, stride: inputTileSide)
            }
            for y in 0..<inputTileSide {
                inputTransform(Six(from: UnsafePointer(scratch + y * inputTileSide), stride: 1))
                    .store(to: destination + y * inputTileSide * stride + channel, stride: stride)
            }
        }
    }
}

/// Aᵀ M A for the channels of one lane.
private struct OutputTransform: LaneBody {
    let source: UnsafePointer<Float>
    let stride: Int
    let output: UnsafeMutablePointer<Float>
    /// The output position of the tile's upper left corner.
    let position: Int
    let width: Int
    /// How much of the tile lies inside the output.
    let rows: Int
    let columns: Int
    let finish: UnpackedEpilogue

    @inline(__always)
    func callAsFunction<L: Lane>(_: L.Type, at channel: Int) {
        withUnsafeTemporaryAllocation(of: L.self, capacity: inputTileSide * outputTileSide) { scratch in
            let scratch = scratch.baseAddress!
            for x in 0..<inputTileSide {
                let column = outputTransform(
                    Six<L>(loading: source + x * stride + channel, stride: inputTileSide * stride))
                scratch[x] = column.0
                scratch[inputTileSide + x] = column.1
                scratch[2 * inputTileSide + x] = column.2
                scratch[3 * inputTileSide + x] = column.3
            }
            for y in 0..<rows {
                let row = outputTransform(Six(from: UnsafePointer(scratch + y * inputTileSide), stride: 1))
                let first = position + y * width
                write(row.0, column: 0, first, channel)
                write(row.1, column: 1, first, channel)
                write(row.2, column: 2, first, channel)
                write(row.3, column: 3, first, channel)
            }
        }
    }

    @inline(__always)
    private func write<L: Lane>(_ sum: L, column: Int, _ first: Int, _ channel: Int) {
        guard column < columns else { return }
        finish.finished(sum, position: first + column, channel: channel)
            .store(to: output + (first + column) * finish.channels + channel)
    }
}

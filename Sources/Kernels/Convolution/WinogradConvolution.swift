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
// The three matrices follow from the interpolation points 0, ±a, ±b and ∞ (Cook and Toom). The usual ones, ±1
// and ±2, need no multiplications but lose precision in powers of 2; a = 5/8 and b = 3/2 lie on both sides of 1,
// which more than halves the error, and all their coefficients are exact in float32. About 1e-6 of relative
// error is left.

/// The positive interpolation points.
private let a: Float = 0.625
private let b: Float = 1.5

/// The side of a tile of outputs, and of the inputs that it needs.
private let outputSide = 4
private let inputSide = 6
/// The places of a transformed tile: one matrix product each.
private let places = inputSide * inputSide
/// Floats between the matrices of two places beyond their own size: without them all 36 would start at the
/// same place of every cache set, and evict each other.
private let gap = 80

extension Convolution {
    func convolveWinograd(
        _ input: Shared<UnsafePointer<Float>>, _ maps: MapBatch,
        into output: Shared<UnsafeMutablePointer<Float>>, _ outputMaps: MapBatch, finish: Epilogue
    ) {
        let tiles = Tiles(maps: maps, outputMaps: outputMaps, padding: window.padding)
        let blockSize = min(tiles.count, Self.tilesPerBlock(inputs: inputs, outputs: outputs))
        guard blockSize > 0 else { return }
        let inputStride = blockSize * inputs + gap
        let outputStride = blockSize * outputs + gap
        let weights = winogradWeights
        withScratch(places * inputStride) { transformed in
            withScratch(places * outputStride) { products in
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
                        parallel(places) { place in
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

    /// As many tiles as keep the transformed input and the products in the last-level cache, and never so few
    /// that packing the weights in each product outweighs the product.
    private static func tilesPerBlock(inputs: Int, outputs: Int) -> Int {
        max((3 << 16) / (inputs + outputs) / 16 * 16, 128)
    }

    /// The transformed kernels, `[36, inputs, outputs]`: U = G g Gᵀ.
    var winogradWeights: Tensor {
        packed.packing(for: .winograd) {
            Tensor(shape: [places, inputs, outputs]) { packed in
                let packed = Shared(packed.baseAddress!)
                weight.withUnsafeElements { weight in
                    let weight = Shared(weight.baseAddress!)
                    let (inputs, outputs) = (inputs, outputs)
                    parallelBlocks(of: 8, covering: inputs) { range in
                        for input in range {
                            for output in 0..<outputs {
                                let kernel = weight.pointer + (output * inputs + input) * 9
                                transformKernel(
                                    kernel, to: packed.pointer + input * outputs + output,
                                    stride: inputs * outputs)
                            }
                        }
                    }
                }
            }
        }
    }
}

extension Range<Int> {
    fileprivate func offset(by distance: Int) -> Range<Int> {
        lowerBound + distance..<upperBound + distance
    }
}

// MARK: - The three transforms, along one axis

/// G x: one column of a kernel, 3 → 6 numbers: its polynomial at each point, over the product of the point's
/// distances from the others.
@inline(__always)
private func kernelTransform(_ x: (Float, Float, Float)) -> Six<Float> {
    let near = 1 / (2 * a * a * (a * a - b * b))
    let far = 1 / (2 * b * b * (b * b - a * a))
    let (nearEven, nearOdd) = (x.0 + a * a * x.2, a * x.1)
    let (farEven, farOdd) = (x.0 + b * b * x.2, b * x.1)
    return Six(
        x.0 / (a * a * b * b), near * (nearEven + nearOdd), near * (nearEven - nearOdd),
        far * (farEven + farOdd), far * (farEven - farOdd), x.2)
}

/// Bᵀ x: one column of an input tile, 6 → 6 numbers: the coefficients of the products of all (t − point) but
/// one. Opposite points share their even and odd parts.
@inline(__always)
private func inputTransform<L: Lane>(_ x: Six<L>) -> Six<L> {
    let nearEven = x.e - (b * b) * x.c
    let nearOdd = a * (x.d - (b * b) * x.b)
    let farEven = x.e - (a * a) * x.c
    let farOdd = b * (x.d - (a * a) * x.b)
    return Six(
        (a * a * b * b) * x.a - (a * a + b * b) * x.c + x.e, nearEven + nearOdd, nearEven - nearOdd,
        farEven + farOdd, farEven - farOdd, (a * a * b * b) * x.b - (a * a + b * b) * x.d + x.f)
}

/// Aᵀ x: one column of a product, 6 → 4 numbers: the powers of the points.
@inline(__always)
private func outputTransform<L: Lane>(_ x: Six<L>) -> (L, L, L, L) {
    let nearEven = x.b + x.c
    let nearOdd = a * (x.b - x.c)
    let farEven = x.d + x.e
    let farOdd = b * (x.d - x.e)
    return (
        x.a + nearEven + farEven, nearOdd + farOdd, (a * a) * nearEven + (b * b) * farEven,
        (a * a) * nearOdd + (b * b) * farOdd + x.f
    )
}

/// Six values along one axis of a tile.
private struct Six<L> {
    let a: L, b: L, c: L, d: L, e: L, f: L

    @inline(__always)
    init(_ a: L, _ b: L, _ c: L, _ d: L, _ e: L, _ f: L) {
        (self.a, self.b, self.c, self.d, self.e, self.f) = (a, b, c, d, e, f)
    }

    /// Reads six values from scratch memory, `stride` apart.
    @inline(__always)
    init(from start: UnsafePointer<L>, stride: Int) {
        self.init(
            start[0], start[stride], start[2 * stride], start[3 * stride], start[4 * stride],
            start[5 * stride])
    }

    /// Writes the six values to scratch memory, `stride` apart.
    @inline(__always)
    func write(to start: UnsafeMutablePointer<L>, stride: Int) {
        start[0] = a
        start[stride] = b
        start[2 * stride] = c
        start[3 * stride] = d
        start[4 * stride] = e
        start[5 * stride] = f
    }
}

extension Six where L: Lane {
    /// Loads the lanes that begin at six places, `stride` floats apart.
    @inline(__always)
    init(loading start: UnsafePointer<Float>, stride: Int) {
        self.init(
            L(loading: start), L(loading: start + stride), L(loading: start + 2 * stride),
            L(loading: start + 3 * stride), L(loading: start + 4 * stride), L(loading: start + 5 * stride))
    }

    /// Stores the lanes at six places, `stride` floats apart.
    @inline(__always)
    func store(to start: UnsafeMutablePointer<Float>, stride: Int) {
        a.store(to: start)
        b.store(to: start + stride)
        c.store(to: start + 2 * stride)
        d.store(to: start + 3 * stride)
        e.store(to: start + 4 * stride)
        f.store(to: start + 5 * stride)
    }
}

/// U = G g Gᵀ for one 3×3 kernel; the 36 results go `stride` floats apart.
private func transformKernel(
    _ kernel: UnsafePointer<Float>, to destination: UnsafeMutablePointer<Float>, stride: Int
) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 3 * inputSide) { columns in
        let columns = columns.baseAddress!
        for x in 0..<3 {
            kernelTransform((kernel[x], kernel[3 + x], kernel[6 + x])).write(to: columns + x, stride: 3)
        }
        for y in 0..<inputSide {
            let row = columns + 3 * y
            kernelTransform((row[0], row[1], row[2]))
                .write(to: destination + y * inputSide * stride, stride: stride)
        }
    }
}

// MARK: - Tiles

/// The tiles of a batch of maps, counted row by row, map after map.
private struct Tiles: Sendable {
    let maps: MapBatch
    let outputMaps: MapBatch
    let padding: Int
    let rows: Int
    let columns: Int

    init(maps: MapBatch, outputMaps: MapBatch, padding: Int) {
        self.maps = maps
        self.outputMaps = outputMaps
        self.padding = padding
        rows = (outputMaps.height + outputSide - 1) / outputSide
        columns = (outputMaps.width + outputSide - 1) / outputSide
    }

    var count: Int { maps.count * rows * columns }

    /// The map that a tile belongs to, and the output position of its upper left corner.
    @inline(__always)
    private func place(of tile: Int) -> (map: Int, y: Int, x: Int) {
        let (row, column) = tile.quotientAndRemainder(dividingBy: columns)
        let (map, y) = row.quotientAndRemainder(dividingBy: rows)
        return (map, y * outputSide, column * outputSide)
    }

    /// V = Bᵀ d B of each tile in `range`; the 36 results of a tile go `stride` floats apart.
    func transformInput(
        _ range: Range<Int>, from input: UnsafePointer<Float>, to destination: UnsafeMutablePointer<Float>,
        stride: Int
    ) {
        let channels = maps.channels
        withScratch(places * channels) { border in
            for tile in range {
                let (map, y, x) = place(of: tile)
                let (top, left) = (y - padding, x - padding)
                let inside =
                    top >= 0 && left >= 0 && top + inputSide <= maps.height && left + inputSide <= maps.width
                var source = input + ((map * maps.height + top) * maps.width + left) * channels
                var rowStride = maps.width * channels
                if !inside {
                    copyBorderTile(map: map, top: top, left: left, from: input, to: border)
                    source = UnsafePointer(border)
                    rowStride = inputSide * channels
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
        tile.update(repeating: 0, count: places * channels)
        let inside = max(0, -left)..<max(max(0, -left), min(inputSide, maps.width - left))
        for dy in 0..<inputSide where top + dy >= 0 && top + dy < maps.height {
            let source = input + ((map * maps.height + top + dy) * maps.width + left) * channels
            (tile + (dy * inputSide + inside.lowerBound) * channels).update(
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
                    width: outputMaps.width, rows: min(outputSide, outputMaps.height - y),
                    columns: min(outputSide, outputMaps.width - x), finish: finish))
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
        withUnsafeTemporaryAllocation(of: L.self, capacity: places) { scratch in
            let scratch = scratch.baseAddress!
            for x in 0..<inputSide {
                inputTransform(Six<L>(loading: source + x * columnStride + channel, stride: rowStride))
                    .write(to: scratch + x, stride: inputSide)
            }
            for y in 0..<inputSide {
                inputTransform(Six(from: UnsafePointer(scratch + y * inputSide), stride: 1))
                    .store(to: destination + y * inputSide * stride + channel, stride: stride)
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
        withUnsafeTemporaryAllocation(of: L.self, capacity: inputSide * outputSide) { scratch in
            let scratch = scratch.baseAddress!
            for x in 0..<inputSide {
                let column = outputTransform(
                    Six<L>(loading: source + x * stride + channel, stride: inputSide * stride))
                scratch[x] = column.0
                scratch[inputSide + x] = column.1
                scratch[2 * inputSide + x] = column.2
                scratch[3 * inputSide + x] = column.3
            }
            for y in 0..<rows {
                let row = outputTransform(Six(from: UnsafePointer(scratch + y * inputSide), stride: 1))
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

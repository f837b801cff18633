import Tensors

/// The side of a tile of outputs, and of the inputs that it needs.
let outputTileSide = 4
let inputTileSide = 6
/// The elements of a transformed tile: one matrix product each.
let tileArea = inputTileSide * inputTileSide

/// The tiles of a batch of maps, counted row by row, map after map.
struct WinogradTiles: Sendable {
    private let output: MapSizes
    private let rows: Int
    private let columns: Int

    /// The 4×4 tiles that cover an output.
    init(of output: MapSizes) {
        self.output = output
        rows = (output.height + outputTileSide - 1) / outputTileSide
        columns = (output.width + outputTileSide - 1) / outputTileSide
    }

    var count: Int { output.count * rows * columns }

    /// As many tiles as keep the transformed input and the products in the last-level cache, and never so few
    /// that packing the weights in each product outweighs the product.
    static func countPerBlock(inputs: Int, outputs: Int) -> Int {
        max((3 << 16) / (inputs + outputs) / 16 * 16, 128)
    }

    /// The map that a tile belongs to, and the output position of its upper left corner.
    @inline(__always)
    private func position(of tile: Int) -> (map: Int, y: Int, x: Int) {
        let (row, column) = tile.quotientAndRemainder(dividingBy: columns)
        let (map, y) = row.quotientAndRemainder(dividingBy: rows)
        return (map, y * outputTileSide, column * outputTileSide)
    }

    /// V = Bᵀ d B of some tiles of the input.
    ///
    /// - Parameters:
    ///   - range: which tiles of `transformed` to write.
    ///   - first: the number of the tile that is the first of `transformed`.
    func transform(
        _ range: Range<Int>, after first: Int, of input: Maps, padding: Int,
        into transformed: TransformedTiles
    ) {
        let border = MutableMatrix(rows: tileArea, columns: input.channels)
        for tile in range {
            let (map, y, x) = position(of: first + tile)
            let (top, left) = (y - padding, x - padding)
            let isInside =
                top >= 0 && left >= 0 && top + inputTileSide <= input.height
                && left + inputTileSide <= input.width
            if isInside {
                transformInput(
                    input[map, top, left], rowStride: input.width * input.channels, channels: input.channels,
                    into: transformed.tile(tile), stride: transformed.stride)
            } else {
                copyBorderTile(map, top, left, of: input, into: border)
                transformInput(
                    border.start.readable, rowStride: inputTileSide * input.channels,
                    channels: input.channels,
                    into: transformed.tile(tile), stride: transformed.stride)
            }
        }
    }

    /// Copies a tile that reaches over the border of its map, with zeros for what lies outside.
    private func copyBorderTile(_ map: Int, _ top: Int, _ left: Int, of input: Maps, into tile: MutableMatrix)
    {
        tile.start.update(repeating: 0, count: tile.rows * tile.columns)
        let lower = max(0, -left)
        let inside = lower..<max(lower, min(inputTileSide, input.width - left))
        guard !inside.isEmpty else { return }
        for y in 0..<inputTileSide where 0..<input.height ~= top + y {
            tile[y * inputTileSide + inside.lowerBound].update(
                from: input[map, top + y, left + inside.lowerBound], count: inside.count * input.channels)
        }
    }

    /// Aᵀ M A of some tiles, finished and written to their positions of the output; `range` and `first` as for
    /// ``transform(_:after:of:padding:into:)``.
    func transformBack(
        _ range: Range<Int>, after first: Int, of products: TransformedTiles, into output: MutableMaps,
        finish: Epilogue
    ) {
        for tile in range {
            let (map, y, x) = position(of: first + tile)
            transformOutput(
                products.tile(tile).readable, stride: products.stride, into: output,
                position: (map * output.height + y) * output.width + x,
                rows: min(outputTileSide, output.height - y), columns: min(outputTileSide, output.width - x),
                finish: finish)
        }
    }

    /// A e Aᵀ of some tiles of the output's gradient; `range` and `first` as for
    /// ``transform(_:after:of:padding:into:)``.
    func transformGradient(
        _ range: Range<Int>, after first: Int, of gradient: Maps, into transformed: TransformedTiles
    ) {
        for tile in range {
            let (map, y, x) = position(of: first + tile)
            Kernels.transformGradient(
                gradient[map, y, x], rowStride: gradient.width * gradient.channels,
                channels: gradient.channels,
                rows: min(outputTileSide, gradient.height - y),
                columns: min(outputTileSide, gradient.width - x), into: transformed.tile(tile),
                stride: transformed.stride)
        }
    }
}

/// Tiles after a transform: 36 matrices `[tiles, channels]`, one for each element of a 6×6 tile.
struct TransformedTiles: Sendable {
    private let count: Int
    private let channels: Int
    /// One of the matrices a row.
    private let matrices: MutableMatrix

    /// Floats between two matrices beyond their own size: without them all 36 would start at the same address of
    /// every cache set, and evict each other.
    private static let gap = 80

    init(count: Int, channels: Int) {
        self.count = count
        self.channels = channels
        matrices = MutableMatrix(rows: tileArea, columns: count * channels + Self.gap)
    }

    /// The matrix `[tiles, channels]` of one element.
    subscript(element: Int) -> MutableMatrix {
        MutableMatrix(matrices[element], rows: count, columns: channels, memory: matrices.memory)
    }

    /// The channels of a tile's first element; those of the others follow ``stride`` apart.
    func tile(_ tile: Int) -> UnsafeMutablePointer<Float> { matrices[0] + tile * channels }

    /// Floats between the same channel of two elements.
    var stride: Int { matrices.stride }
}

// MARK: - The transforms of one tile, for all channels

/// V = Bᵀ d B.
private func transformInput(
    _ tile: UnsafePointer<Float>, rowStride: Int, channels count: Int,
    into result: UnsafeMutablePointer<Float>, stride: Int
) {
    forEachChannelVector(of: count) { channels in
        var columns = InlineArray<36, ChannelVector>(repeating: .zero)
        for x in 0..<inputTileSide {
            let column = inputTransform(Six { y in (tile + y * rowStride + x * count)[channels] })
            column.forEach { y, value in columns[y * inputTileSide + x] = value }
        }
        for y in 0..<inputTileSide {
            let row = inputTransform(Six { x in columns[y * inputTileSide + x] })
            row.forEach { x, value in (result + (y * inputTileSide + x) * stride)[channels] = value }
        }
    }
}

/// Aᵀ M A, finished.
///
/// - Parameters:
///   - position: of the tile's upper left corner, counted through the whole output.
///   - rows: how many of the tile lie inside the output.
///   - columns: how many of the tile lie inside the output.
private func transformOutput(
    _ tile: UnsafePointer<Float>, stride: Int, into output: MutableMaps, position: Int, rows: Int,
    columns: Int, finish: Epilogue
) {
    forEachChannelVector(of: output.channels) { channels in
        var half = InlineArray<24, ChannelVector>(repeating: .zero)
        for x in 0..<inputTileSide {
            let column = outputTransform(
                Six { y in (tile + (y * inputTileSide + x) * stride)[channels] })
            half[x] = column.0
            half[inputTileSide + x] = column.1
            half[2 * inputTileSide + x] = column.2
            half[3 * inputTileSide + x] = column.3
        }
        for y in 0..<rows {
            let row = outputTransform(Six { x in half[y * inputTileSide + x] })
            func write(_ sum: ChannelVector, _ column: Int) {
                guard column < columns else { return }
                let position = position + y * output.width + column
                output[position: position][channels] = finish.finished(
                    sum, position: position, channels: channels)
            }
            write(row.0, 0)
            write(row.1, 1)
            write(row.2, 2)
            write(row.3, 3)
        }
    }
}

/// A e Aᵀ. Only `rows` × `columns` of the tile lie inside the output; the rest counts as 0.
private func transformGradient(
    _ tile: UnsafePointer<Float>, rowStride: Int, channels count: Int, rows: Int, columns: Int,
    into result: UnsafeMutablePointer<Float>, stride: Int
) {
    forEachChannelVector(of: count) { channels in
        func value(_ y: Int, _ x: Int) -> ChannelVector {
            y < rows && x < columns ? (tile + y * rowStride + x * count)[channels] : .zero
        }
        var half = InlineArray<24, ChannelVector>(repeating: .zero)
        for x in 0..<outputTileSide {
            let column = gradientTransform((value(0, x), value(1, x), value(2, x), value(3, x)))
            column.forEach { y, value in half[y * outputTileSide + x] = value }
        }
        for y in 0..<inputTileSide {
            let first = y * outputTileSide
            let row = gradientTransform((half[first], half[first + 1], half[first + 2], half[first + 3]))
            row.forEach { x, value in (result + (y * inputTileSide + x) * stride)[channels] = value }
        }
    }
}

/// Gᵀ S G, the 3×3 gradients of many kernels: the nine elements go to the rows of `result`.
func transformKernelGradients(
    _ sums: UnsafePointer<Float>, stride: Int, channels count: Int, into result: MutableMatrix
) {
    forEachChannelVector(of: count) { channels in
        var half = InlineArray<18, ChannelVector>(repeating: .zero)
        for x in 0..<inputTileSide {
            let column = kernelGradientTransform(
                Six { y in (sums + (y * inputTileSide + x) * stride)[channels] })
            half[x] = column.0
            half[inputTileSide + x] = column.1
            half[2 * inputTileSide + x] = column.2
        }
        for y in 0..<3 {
            let row = kernelGradientTransform(Six { x in half[y * inputTileSide + x] })
            result[3 * y][channels] = row.0
            result[3 * y + 1][channels] = row.1
            result[3 * y + 2][channels] = row.2
        }
    }
}

import Execution
import Geometry

// RoIAlign (Mask R-CNN, section 3):
//
// 1. Scale the box to the map. Nothing is rounded, here or later.
// 2. Cut it into outputSize × outputSize bins.
// 3. In each bin, take regular sample points; at each, interpolate bilinearly between the four nearest
//    positions of the map.
// 4. Average the samples of a bin, or take their maximum.

/// Samples a region at exact coordinates, without any rounding.
public struct RoIAlign: Hashable, Sendable {
    /// What becomes of the samples of a bin.
    public enum Reduction: String, Hashable, Sendable, CaseIterable {
        /// Their mean; the paper's and everyone's default.
        case average
        /// Their maximum. The paper finds no difference (table 2c).
        case maximum
    }

    /// Bins along each axis.
    package var outputSize: Int
    /// Sample points along each axis of a bin; nil for as many as the bin is long, in map positions, rounded
    /// up (detectron2, MMDetection).
    package var samplesPerAxis: Int?
    /// Whether the value at index i of a map stands at coordinate i + ½, the centre of its cell, as it should
    /// ("aligned"). Without, as in torchvision's models, everything is read half a position too far to the
    /// lower right, and regions smaller than one position are enlarged to one.
    package var subtractsHalfPixel: Bool
    /// What becomes of the samples of a bin.
    package var reduction: Reduction

    /// A layer of the given conventions.
    package init(
        outputSize: Int, samplesPerAxis: Int? = 2, subtractsHalfPixel: Bool = false,
        reduction: Reduction = .average
    ) {
        precondition(outputSize > 0 && samplesPerAxis ?? 1 > 0)
        self.outputSize = outputSize
        self.samplesPerAxis = samplesPerAxis
        self.subtractsHalfPixel = subtractsHalfPixel
        self.reduction = reduction
    }

    /// One sample point and the four map positions that it is interpolated from.
    package struct Sample: Hashable, Sendable {
        /// The coordinates in map positions: row and column.
        package var y: Float, x: Float
        /// The rows above and below, and the columns left and right.
        package var top: Int, bottom: Int, left: Int, right: Int
        /// The share of the lower row and of the right column; 0 for a sample outside the map.
        package var lowerWeight: Float, rightWeight: Float
        /// False for a sample more than one position outside the map, which counts as 0.
        package var isInside: Bool

        /// A position of the map, and its share of a sample's value.
        package struct Neighbour: Hashable, Sendable {
            /// The row.
            package var row: Int
            /// The column.
            package var column: Int
            /// From 0 to 1; the four weights of a sample inside the map add up to 1.
            package var weight: Float
        }

        /// The four positions that the value is interpolated from: upper left, upper right, lower left, lower
        /// right. Empty for a sample outside the map.
        package var neighbours: [Neighbour] {
            guard isInside else { return [] }
            let weights = bilinearWeights(lower: lowerWeight, right: rightWeight)
            return [
                Neighbour(row: top, column: left, weight: weights.0),
                Neighbour(row: top, column: right, weight: weights.1),
                Neighbour(row: bottom, column: left, weight: weights.2),
                Neighbour(row: bottom, column: right, weight: weights.3),
            ]
        }
    }

    /// Where bins begin and end: `outputSize + 1` borders along each axis, in map positions as sample points
    /// have them. With half a pixel subtracted, position i is the centre of a cell, else its upper left corner.
    package struct Borders: Hashable, Sendable {
        /// From the upper to the lower edge.
        package var rows: [Float]
        /// From the left to the right edge.
        package var columns: [Float]
    }

    /// The borders of a region's bins: exact numbers, where RoIPool has whole ones.
    /// - Parameters:
    ///   - box: in pixels of the network's input.
    ///   - scale: map positions a pixel.
    package func borders(of box: Box, scale: Float) -> Borders {
        let grid = SampleGrid(self, box: box, scale: scale)
        return Borders(
            rows: (0...outputSize).map { grid.top(ofBin: $0) },
            columns: (0...outputSize).map { grid.left(ofBin: $0) })
    }

    /// The sample points of one bin, in row-major order: what a figure draws and a port prints.
    ///
    /// - Parameters:
    ///   - box: in pixels of the network's input.
    ///   - scale: map positions a pixel.
    ///   - mapSize: rows and columns of the map.
    ///   - row: the bin's row.
    ///   - column: the bin's column.
    package func samples(
        of box: Box, scale: Float, mapSize: PixelSize, row: Int, column: Int
    ) -> [Sample] {
        let grid = SampleGrid(self, box: box, scale: scale)
        return (0..<grid.rowsPerBin).flatMap { sampleRow in
            let y = AxisSample(grid.y(bin: row, sample: sampleRow), length: mapSize.height)
            return (0..<grid.columnsPerBin).map { sampleColumn in
                let x = AxisSample(grid.x(bin: column, sample: sampleColumn), length: mapSize.width)
                return Sample(
                    y: y.coordinate, x: x.coordinate, top: y.first, bottom: y.second, left: x.first,
                    right: x.second,
                    lowerWeight: y.weight, rightWeight: x.weight, isInside: y.isInside && x.isInside)
            }
        }
    }

    func pool(_ map: Maps, _ box: Box, scale: Float, into output: MutableMaps, _ region: Int) {
        let grid = SampleGrid(self, box: box, scale: scale)
        guard ExecutionContext.current.kernels == .optimized else {
            return poolDirectly(map, grid, into: output, region)
        }
        forEachBin(of: grid, in: map.sizes) { row, column, bin in
            forEachChannelVector(of: map.channels) { channels in
                output[region, row, column][channels] =
                    switch reduction {
                    case .average: bin.mean(of: map, channels)
                    case .maximum: bin.maximum(of: map, channels)
                    }
            }
        }
    }

    /// Calls `body` with each bin of a region, in row-major order.
    @inline(__always)
    func forEachBin(of grid: SampleGrid, in map: MapSizes, _ body: (_ row: Int, _ column: Int, Bin) -> Void) {
        let rows = grid.rows(length: map.height)
        let columns = grid.columns(length: map.width)
        var bin = Bin(count: grid.rowsPerBin * grid.columnsPerBin)
        for row in 0..<outputSize {
            for column in 0..<outputSize {
                bin.setTaps(rows[row], columns[column], in: map)
                body(row, column, bin)
            }
        }
    }
}

/// The samples of one bin.
struct Bin {
    /// Those inside the map.
    private(set) var taps: [Tap] = []
    /// How many there are, those outside the map included: they count as 0.
    let count: Int

    fileprivate init(count: Int) { self.count = count }

    fileprivate mutating func setTaps(_ rows: [AxisSample], _ columns: [AxisSample], in map: MapSizes) {
        taps.removeAll(keepingCapacity: true)
        for y in rows where y.isInside {
            for x in columns where x.isInside { taps.append(Tap(y, x, in: map)) }
        }
    }

    @inline(__always)
    func mean(of map: Maps, _ channels: Channels) -> ChannelVector {
        var sum = ChannelVector.zero
        for tap in taps { sum += tap.sample(map, channels) }
        return (1 / Float(max(count, 1))) * sum
    }

    @inline(__always)
    func maximum(of map: Maps, _ channels: Channels) -> ChannelVector {
        // 0 of a sample outside the map, if there is one, or of a bin without samples.
        var maximum = ChannelVector(repeating: taps.count == count && count > 0 ? -.infinity : 0)
        for tap in taps { maximum = tap.sample(map, channels).maximum(maximum) }
        return maximum
    }
}

/// The regular grid of sample points over a region, in map positions.
struct SampleGrid {
    private let top: Float, left: Float
    private let binHeight: Float, binWidth: Float
    private let bins: Int
    let rowsPerBin: Int, columnsPerBin: Int

    init(_ layer: RoIAlign, box: Box, scale: Float) {
        let offset: Float = layer.subtractsHalfPixel ? 0.5 : 0
        left = box.x1 * scale - offset
        top = box.y1 * scale - offset
        var width = box.x2 * scale - offset - left
        var height = box.y2 * scale - offset - top
        if !layer.subtractsHalfPixel {
            width = max(width, 1)
            height = max(height, 1)
        }
        bins = layer.outputSize
        binHeight = height / Float(bins)
        binWidth = width / Float(bins)
        // A box that is not a number, or absurdly large, must not ask for absurdly many samples.
        func samples(_ length: Float) -> Int {
            layer.samplesPerAxis ?? (length > 0 ? Int(min(length.rounded(.up), 1024)) : 0)
        }
        rowsPerBin = samples(binHeight)
        columnsPerBin = samples(binWidth)
    }

    func top(ofBin bin: Int) -> Float { top + Float(bin) * binHeight }

    func left(ofBin bin: Int) -> Float { left + Float(bin) * binWidth }

    func y(bin: Int, sample: Int) -> Float {
        top(ofBin: bin) + (Float(sample) + 0.5) * binHeight / Float(rowsPerBin)
    }

    func x(bin: Int, sample: Int) -> Float {
        left(ofBin: bin) + (Float(sample) + 0.5) * binWidth / Float(columnsPerBin)
    }

    /// For each row of bins, its rows of samples on a map of the given height.
    func rows(length: Int) -> [[AxisSample]] {
        (0..<bins).map { bin in
            (0..<rowsPerBin).map { AxisSample(y(bin: bin, sample: $0), length: length) }
        }
    }

    /// For each column of bins, its columns of samples on a map of the given width.
    func columns(length: Int) -> [[AxisSample]] {
        (0..<bins).map { bin in
            (0..<columnsPerBin).map { AxisSample(x(bin: bin, sample: $0), length: length) }
        }
    }
}

/// One coordinate of a sample point, between two neighbouring positions of an axis.
struct AxisSample {
    let coordinate: Float
    let first: Int
    let second: Int
    /// The share of `second`.
    let weight: Float
    /// False when the point lies more than one position outside, or is not a number.
    let isInside: Bool

    init(_ coordinate: Float, length: Int) {
        self.coordinate = coordinate
        isInside = coordinate >= -1 && coordinate <= Float(length)
        guard isInside else {
            (first, second, weight) = (0, 0, 0)
            return
        }
        // At the border the nearest position counts alone.
        let clamped = max(coordinate, 0)
        let index = Int(clamped)
        if index >= length - 1 {
            (first, second, weight) = (length - 1, length - 1, 0)
        } else {
            (first, second, weight) = (index, index + 1, clamped - Float(index))
        }
    }
}

/// The shares of the upper left, upper right, lower left and lower right neighbour of a point between four
/// positions: each is the area of the rectangle between the point and the neighbour across from it.
@inline(__always)
private func bilinearWeights(lower: Float, right: Float) -> (Float, Float, Float, Float) {
    ((1 - lower) * (1 - right), (1 - lower) * right, lower * (1 - right), lower * right)
}

/// A sample's four neighbours, as distances in memory from the first position of the map, and their weights.
struct Tap {
    let offsets: (Int, Int, Int, Int)
    let weights: (Float, Float, Float, Float)

    init(_ y: AxisSample, _ x: AxisSample, in map: MapSizes) {
        func offset(_ row: Int, _ column: Int) -> Int { (row * map.width + column) * map.channels }
        offsets = (
            offset(y.first, x.first), offset(y.first, x.second), offset(y.second, x.first),
            offset(y.second, x.second)
        )
        weights = bilinearWeights(lower: y.weight, right: x.weight)
    }

    /// The interpolated values of some channels.
    @inline(__always)
    func sample(_ map: Maps, _ channels: Channels) -> ChannelVector {
        weights.0 * (map.start + offsets.0)[channels] + weights.1 * (map.start + offsets.1)[channels]
            + weights.2 * (map.start + offsets.2)[channels] + weights.3 * (map.start + offsets.3)[channels]
    }

    /// The pullback of `sample`: adds a gradient to the neighbours by their weights.
    @inline(__always)
    func add(_ gradient: ChannelVector, to map: MutableMaps, _ channels: Channels) {
        (map.start + offsets.0)[channels] += weights.0 * gradient
        (map.start + offsets.1)[channels] += weights.1 * gradient
        (map.start + offsets.2)[channels] += weights.2 * gradient
        (map.start + offsets.3)[channels] += weights.3 * gradient
    }
}

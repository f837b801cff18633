import Geometry
import Tensors

// RoIPool (Fast R-CNN, section 2.1), and what it rounds:
//
// 1. Scale the box to the map and round its corners to whole positions: the first quantisation.
// 2. Cut the rounded region into outputSize × outputSize bins whose borders are whole positions: the second.
// 3. Take the maximum of each bin.

/// Max-pools a region whose corners and bins are rounded to whole positions of the map.
public struct RoIPool: Hashable, Sendable {
    /// How the region and its bins are brought to whole positions.
    public enum Quantization: String, Hashable, Sendable, CaseIterable {
        /// Corners to the nearest position, the last one included; bins reach from ⌊start⌋ to ⌈end⌉, so that
        /// neighbours may share a position. Fast R-CNN's code, and torchvision's `roi_pool`.
        case nearest
        /// Corner, length and bin length all cut down: 20.78 → 20, 2.86 → 2, as RoIPool is usually explained.
        /// The positions beyond `outputSize · bin` are never looked at.
        case truncating
    }

    /// Bins along each axis.
    public var outputSize: Int
    /// How whole positions come about.
    public var quantization: Quantization

    /// A layer of the given size.
    public init(outputSize: Int, quantization: Quantization = .nearest) {
        precondition(outputSize > 0)
        self.outputSize = outputSize
        self.quantization = quantization
    }

    /// One axis of a region after both quantisations: what the layer reads, and what a figure draws.
    public struct Quantized: Hashable, Sendable {
        /// The box's left or upper edge before anything is rounded, in map positions.
        public let exactStart: Float
        /// The right or lower edge.
        public let exactEnd: Float
        /// The whole positions that the first quantisation leaves of the region, before the map's border cuts
        /// anything off.
        public let region: Range<Int>
        /// The length of a bin before the second quantisation: the region's length over the number of bins.
        public let binLength: Float
        /// The positions of the map that each bin covers; cut off at the map's border, so they may be empty.
        public let bins: [Range<Int>]
    }

    /// Both quantisations along one axis.
    ///
    /// - Parameters:
    ///   - start: the box's left or upper edge, in pixels of the network's input.
    ///   - end: the right or lower edge.
    ///   - scale: map positions a pixel.
    ///   - length: of the map along this axis; bins are cut off at its border and may be empty.
    public func quantized(from start: Float, to end: Float, scale: Float, length: Int) -> Quantized {
        func whole(_ value: Float, _ rule: FloatingPointRoundingRule) -> Int {
            // Far outside any map; Int has no place for NaN and infinity.
            value.isNaN ? -1_000_000 : Int(min(max(value.rounded(rule), -1e6), 1e6))
        }
        func inside(_ lower: Int, _ upper: Int) -> Range<Int> {
            let lower = min(max(lower, 0), length)
            return lower..<max(lower, min(upper, length))
        }
        let exactStart = start * scale, exactEnd = end * scale
        switch quantization {
        case .nearest:
            let first = whole(exactStart, .toNearestOrAwayFromZero)
            let last = whole(exactEnd, .toNearestOrAwayFromZero)
            let count = max(last - first + 1, 1)
            let bin = Float(count) / Float(outputSize)
            return Quantized(
                exactStart: exactStart, exactEnd: exactEnd, region: first..<first + count, binLength: bin,
                bins: (0..<outputSize).map { index in
                    inside(
                        first + whole(Float(index) * bin, .down),
                        first + whole(Float(index + 1) * bin, .up))
                })
        case .truncating:
            let first = whole(exactStart, .down)
            let count = max(whole(exactEnd - exactStart, .down), 1)
            let bin = max(count / outputSize, 1)
            return Quantized(
                exactStart: exactStart, exactEnd: exactEnd, region: first..<first + count,
                binLength: Float(count) / Float(outputSize),
                bins: (0..<outputSize).map { inside(first + $0 * bin, first + ($0 + 1) * bin) })
        }
    }

    /// The positions of the map, along one axis, that each bin covers; parameters as for
    /// ``quantized(from:to:scale:length:)``.
    public func bins(from start: Float, to end: Float, scale: Float, length: Int) -> [Range<Int>] {
        quantized(from: start, to: end, scale: scale, length: length).bins
    }

    func pool(_ map: MapView, _ box: Box, scale: Float, into output: UnsafeMutablePointer<Float>) {
        let rows = bins(from: box.y1, to: box.y2, scale: scale, length: map.height)
        let columns = bins(from: box.x1, to: box.x2, scale: scale, length: map.width)
        for (row, y) in rows.enumerated() {
            for (column, x) in columns.enumerated() {
                forEachLane(
                    of: map.channels,
                    MaximumOfBin(
                        map: map, rows: y, columns: x,
                        output: output + (row * outputSize + column) * map.channels))
            }
        }
    }

    func pull(_ pullback: RoIPullback) {
        let map = pullback.map
        let rows = pullback.regions.map {
            bins(from: $0.box.y1, to: $0.box.y2, scale: pullback.scale, length: map.height)
        }
        let columns = pullback.regions.map {
            bins(from: $0.box.x1, to: $0.box.x2, scale: pullback.scale, length: map.width)
        }
        let size = outputSize
        pullback.output.update(repeating: 0, count: map.height * map.width * map.channels)
        parallelChannelBlocks(maps: 1, channels: map.channels) { _, channels in
            let first = channels.lowerBound
            for (index, region) in pullback.regions.enumerated() {
                for bin in 0..<size * size {
                    let place = (region.index * size * size + bin) * map.channels + first
                    forEachLane(
                        of: channels.count,
                        GradientToMaximum(
                            gradient: pullback.gradient + place, input: map.start + first, width: map.width,
                            channels: map.channels, rows: rows[index][bin / size],
                            columns: columns[index][bin % size], result: pullback.output + first))
                }
            }
        }
    }
}

private struct MaximumOfBin: LaneBody {
    let map: MapView
    let rows: Range<Int>
    let columns: Range<Int>
    let output: UnsafeMutablePointer<Float>

    @inline(__always)
    func callAsFunction<L: Lane>(_: L.Type, at channel: Int) {
        // An empty bin is 0, as in Fast R-CNN.
        var result = L(repeating: rows.isEmpty || columns.isEmpty ? 0 : -.infinity)
        for y in rows {
            for x in columns {
                result = L(loading: map.start + (y * map.width + x) * map.channels + channel).maximum(result)
            }
        }
        result.store(to: output + channel)
    }
}

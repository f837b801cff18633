import Geometry

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
    package var outputSize: Int
    /// How whole positions come about.
    package var quantization: Quantization

    /// A layer of the given size.
    package init(outputSize: Int, quantization: Quantization = .nearest) {
        precondition(outputSize > 0)
        self.outputSize = outputSize
        self.quantization = quantization
    }

    /// One axis of a region after both quantisations: what the layer reads, and what a figure draws.
    package struct Quantized: Hashable, Sendable {
        /// The box's left or upper edge before anything is rounded, in map positions.
        package let exactStart: Float
        /// The right or lower edge.
        package let exactEnd: Float
        /// The whole positions that the first quantisation leaves of the region, before the map's border cuts
        /// anything off.
        package let region: Range<Int>
        /// The length of a bin before the second quantisation: the region's length over the number of bins.
        package let binLength: Float
        /// The positions of the map that each bin covers; cut off at the map's border, so they may be empty.
        package let bins: [Range<Int>]
    }

    /// Both quantisations along one axis.
    ///
    /// - Parameters:
    ///   - start: the box's left or upper edge, in pixels of the network's input.
    ///   - end: the right or lower edge.
    ///   - scale: map positions a pixel.
    ///   - length: of the map along this axis; bins are cut off at its border and may be empty.
    package func quantized(from start: Float, to end: Float, scale: Float, length: Int) -> Quantized {
        func whole(_ value: Float, _ rule: FloatingPointRoundingRule) -> Int {
            // Far outside any map; Int cannot hold NaN and infinity.
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
    package func bins(from start: Float, to end: Float, scale: Float, length: Int) -> [Range<Int>] {
        quantized(from: start, to: end, scale: scale, length: length).bins
    }

    func pool(_ map: Maps, _ box: Box, scale: Float, into output: MutableMaps, _ region: Int) {
        let bins = BinPair(self, box, scale: scale, map: map.sizes)
        for (row, y) in bins.rows.enumerated() {
            for (column, x) in bins.columns.enumerated() {
                let isEmpty = y.isEmpty || x.isEmpty
                forEachChannelVector(of: map.channels) { channels in
                    // An empty bin is 0, as in Fast R-CNN.
                    output[region, row, column][channels] = isEmpty ? .zero : map.maximum(0, y, x, channels)
                }
            }
        }
    }

    func pull(_ pullback: RoIPullback) {
        let (map, gradient) = (pullback.map, pullback.gradient)
        let bins = pullback.regions.map { BinPair(self, $0.box, scale: pullback.scale, map: map.sizes) }
        pullback.output.clear()
        parallelChannelBlocks(of: map.sizes) { _, block in
            for (region, bins) in zip(pullback.regions, bins) {
                for bin in 0..<outputSize * outputSize {
                    let (row, column) = bin.quotientAndRemainder(dividingBy: outputSize)
                    forEachChannelVector(in: block) { channels in
                        pullback.output.add(
                            gradient[region.index, row, column][channels], whereMaximal: map, 0,
                            bins.rows[row], bins.columns[column], channels)
                    }
                }
            }
        }
    }
}

/// The bins of a region along both axes.
private struct BinPair {
    let rows: [Range<Int>]
    let columns: [Range<Int>]

    init(_ layer: RoIPool, _ box: Box, scale: Float, map: MapSizes) {
        rows = layer.bins(from: box.y1, to: box.y2, scale: scale, length: map.height)
        columns = layer.bins(from: box.x1, to: box.x2, scale: scale, length: map.width)
    }
}

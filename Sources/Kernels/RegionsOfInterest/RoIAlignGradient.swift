import Geometry
import Tensors

// The pullback of RoIAlign's mean runs along one axis at a time.
//
// The sample points of a region form a grid and a bilinear weight is a product of one weight for the row and
// one for the column, so the mean of a bin is a weighted sum of map rows, of each a weighted sum of columns:
//
// 1. Once a region: for each row of the map, which bin rows it takes part in and with what weight, summed over
//    the samples; the same for columns.
// 2. For each row of the map and each region that it takes part in: the sum of the region's bin rows.
// 3. From that sum, for each column of the map, the sum of the bins that it takes part in.
//
// One thread computes a whole row of the map, region by region, so the result does not depend on the number of
// threads.

extension RoIAlign {
    func pull(_ pullback: RoIPullback) {
        switch reduction {
        case .average: pullMean(pullback)
        case .maximum: pullMaximum(pullback)
        }
    }

    private func pullMean(_ pullback: RoIPullback) {
        let map = pullback.map
        let (size, channels) = (outputSize, map.channels)
        let rowLength = map.width * channels
        var table = ShareTable()
        for region in pullback.regions {
            let grid = SampleGrid(self, box: region.box, scale: pullback.scale)
            table.append(grid.rows(length: map.height), perBin: grid.rowsPerBin)
            table.append(grid.columns(length: map.width), perBin: grid.columnsPerBin)
        }
        let shares = table
        parallel(map.height) { y in
            let output = pullback.output + y * rowLength
            output.update(repeating: 0, count: rowLength)
            withScratch(size * channels) { bins in
                for (index, region) in pullback.regions.enumerated() {
                    shares.withShares(of: y, axis: 2 * index) { vertical in
                        guard !vertical.isEmpty else { return }
                        bins.update(repeating: 0, count: size * channels)
                        forEachLane(
                            of: size * channels,
                            AddingShares(
                                shares: vertical,
                                source: pullback.gradient + region.index * size * size * channels,
                                stride: size * channels, destination: bins))
                        for x in shares.positions(axis: 2 * index + 1) {
                            shares.withShares(of: x, axis: 2 * index + 1) { horizontal in
                                forEachLane(
                                    of: channels,
                                    AddingShares(
                                        shares: horizontal, source: bins, stride: channels,
                                        destination: output + x * channels))
                            }
                        }
                    }
                }
            }
        }
    }

    private func pullMaximum(_ pullback: RoIPullback) {
        let map = pullback.map
        let grids = pullback.regions.map { SampleGrid(self, box: $0.box, scale: pullback.scale) }
        let rows = grids.map { $0.rows(length: map.height) }
        let columns = grids.map { $0.columns(length: map.width) }
        let size = outputSize
        pullback.output.update(repeating: 0, count: map.height * map.width * map.channels)
        parallelChannelBlocks(maps: 1, channels: map.channels) { _, channels in
            for (index, region) in pullback.regions.enumerated() {
                forEachBin(of: grids[index], rows: rows[index], columns: columns[index], in: map) {
                    bin, taps in
                    let gradient = pullback.gradient + (region.index * size * size + bin) * map.channels
                    forEachLane(
                        of: channels.count,
                        GradientToLargestSample(
                            gradient: gradient + channels.lowerBound, map: map.start + channels.lowerBound,
                            taps: taps, count: grids[index].rowsPerBin * grids[index].columnsPerBin,
                            output: pullback.output + channels.lowerBound))
                }
            }
        }
    }
}

extension RoIWarp {
    func pull(_ pullback: RoIPullback) {
        var quantized = pullback
        quantized.scale = 1
        quantized.regions = pullback.regions.map {
            PooledRegion(index: $0.index, box: self.quantized($0.box, scale: pullback.scale))
        }
        sampling.pull(quantized)
    }
}

/// For many axes, each the rows or the columns of a region: which bins a position of the map takes part in.
private struct ShareTable: Sendable {
    private struct Axis {
        /// The positions that take part in any bin.
        let positions: Range<Int>
        /// Where in `starts` the first of them stands.
        let first: Int
    }
    private var axes: [Axis] = []
    /// For each position of each axis, where its shares start; one more at the end of each axis.
    private var starts: [Int] = []
    private var shares: [Share] = []

    /// Adds an axis, given the samples of all its bins. The samples of a bin count equally.
    mutating func append(_ samples: [AxisSample], perBin: Int) {
        let inside = samples.filter(\.isInside)
        let lower = inside.map(\.first).min() ?? 0
        let positions = lower..<(inside.map { $0.second + 1 }.max() ?? lower)
        let bins = samples.count / max(perBin, 1)
        var weights = Array(repeating: Float(0), count: positions.count * bins)
        for (index, sample) in samples.enumerated() where sample.isInside {
            let bin = index / perBin
            weights[(sample.first - lower) * bins + bin] += (1 - sample.weight) / Float(perBin)
            weights[(sample.second - lower) * bins + bin] += sample.weight / Float(perBin)
        }
        axes.append(Axis(positions: positions, first: starts.count))
        for position in 0..<positions.count {
            starts.append(shares.count)
            for bin in 0..<bins where weights[position * bins + bin] > 0 {
                shares.append(Share(output: bin, weight: weights[position * bins + bin]))
            }
        }
        starts.append(shares.count)
    }

    func positions(axis: Int) -> Range<Int> { axes[axis].positions }

    @inline(__always)
    func withShares(of position: Int, axis: Int, _ body: (UnsafeBufferPointer<Share>) -> Void) {
        let axis = axes[axis]
        guard axis.positions.contains(position) else { return }
        let index = axis.first + position - axis.positions.lowerBound
        shares.withUnsafeBufferPointer {
            body(UnsafeBufferPointer(rebasing: $0[starts[index]..<starts[index + 1]]))
        }
    }
}

private struct GradientToLargestSample: LaneBody {
    let gradient: UnsafePointer<Float>
    let map: UnsafePointer<Float>
    let taps: UnsafeBufferPointer<Tap>
    /// Samples in the bin, those outside the map included: they count as 0.
    let count: Int
    let output: UnsafeMutablePointer<Float>

    @inline(__always)
    func callAsFunction<L: Lane>(_: L.Type, at channel: Int) {
        var maximum = L(repeating: taps.count == count ? -.infinity : 0)
        for tap in taps {
            let value: L = tap.sample(map + channel)
            maximum = value.maximum(maximum)
        }
        // What no sample has taken yet; a sample outside the map keeps its share.
        var rest = L(loading: gradient + channel)
        for tap in taps {
            let taken = rest.kept(where: tap.sample(map + channel), equals: maximum)
            tap.add(taken, to: output + channel)
            rest = rest - taken
        }
    }
}

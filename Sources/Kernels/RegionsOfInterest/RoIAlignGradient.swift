import Execution

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
        switch (ExecutionContext.current.kernels, reduction) {
        case (.direct, _): pullDirectly(pullback)
        case (.optimized, .average): pullMean(pullback)
        case (.optimized, .maximum): pullMaximum(pullback)
        }
    }

    private func pullMean(_ pullback: RoIPullback) {
        let map = pullback.map
        var table = ShareTable()
        for region in pullback.regions {
            let grid = SampleGrid(self, box: region.box, scale: pullback.scale)
            table.append(grid.rows(length: map.height))
            table.append(grid.columns(length: map.width))
        }
        parallel(map.height) { [table] y in
            table.withShares { pullRow(y, pullback, by: $0) }
        }
    }

    /// Writes one row of the map's gradient.
    ///
    /// - Parameter shares: of each region's rows, axis 2 · region, and columns, axis 2 · region + 1.
    private func pullRow(_ y: Int, _ pullback: RoIPullback, by shares: ShareTable.Shares) {
        let channels = pullback.map.channels
        let bins = MutableMatrix(rows: outputSize, columns: channels)
        pullback.output[y, 0].update(repeating: 0, count: pullback.map.width * channels)
        for (index, region) in pullback.regions.enumerated() {
            let vertical = shares[2 * index, y]
            guard !vertical.isEmpty else { continue }
            bins.start.update(repeating: 0, count: outputSize * channels)
            bins.start.add(
                vertical, of: pullback.gradient[region.index, 0, 0], stride: outputSize * channels,
                count: outputSize * channels)
            for x in shares.positions(axis: 2 * index + 1) {
                pullback.output[y, x].add(
                    shares[2 * index + 1, x], of: bins.start.readable, stride: channels, count: channels)
            }
        }
    }

    private func pullMaximum(_ pullback: RoIPullback) {
        let (map, gradient) = (pullback.map, pullback.gradient)
        let grids = pullback.regions.map { SampleGrid(self, box: $0.box, scale: pullback.scale) }
        pullback.output.clear()
        parallelChannelBlocks(of: map.sizes) { _, block in
            for (region, grid) in zip(pullback.regions, grids) {
                forEachBin(of: grid, in: map.sizes) { row, column, bin in
                    forEachChannelVector(in: block) { channels in
                        bin.addToMaximum(
                            gradient[region.index, row, column][channels], of: map, to: pullback.output,
                            channels)
                    }
                }
            }
        }
    }
}

extension Bin {
    /// Adds the gradient of the bin's maximum to the neighbours of the first sample that has it. A sample outside the
    /// map keeps its share.
    @inline(__always)
    fileprivate func addToMaximum(
        _ gradient: ChannelVector, of map: Maps, to output: MutableMaps, _ channels: Channels
    ) {
        let maximum = maximum(of: map, channels)
        // What no sample has taken yet.
        var rest = gradient
        for tap in taps {
            let taken = rest.kept(where: tap.sample(map, channels), equals: maximum)
            tap.add(taken, to: output, channels)
            rest -= taken
        }
    }
}

/// For many axes, each the rows or the columns of a region: which bins a position of the map takes part in.
private struct ShareTable: Sendable {
    fileprivate struct Axis {
        /// The positions that take part in any bin.
        let positions: Range<Int>
        /// Where in `starts` the first of them stands.
        let first: Int
    }
    fileprivate private(set) var axes: [Axis] = []
    /// For each position of each axis, where its shares start; one more at the end of each axis.
    fileprivate private(set) var starts: [Int] = []
    private var shares: [Share] = []

    /// Adds an axis, given the samples of each of its bins. The samples of a bin count equally.
    mutating func append(_ bins: [[AxisSample]]) {
        let inside = bins.joined().filter(\.isInside)
        let lower = inside.map(\.first).min() ?? 0
        let positions = lower..<(inside.map { $0.second + 1 }.max() ?? lower)
        var weights = Array(repeating: Float(0), count: positions.count * bins.count)
        for (bin, samples) in bins.enumerated() {
            for sample in samples where sample.isInside {
                let (first, second) = (sample.first - lower, sample.second - lower)
                weights[first * bins.count + bin] += (1 - sample.weight) / Float(samples.count)
                weights[second * bins.count + bin] += sample.weight / Float(samples.count)
            }
        }
        axes.append(Axis(positions: positions, first: starts.count))
        for position in 0..<positions.count {
            starts.append(shares.count)
            for bin in bins.indices where weights[position * bins.count + bin] > 0 {
                shares.append(Share(output: bin, weight: weights[position * bins.count + bin]))
            }
        }
        starts.append(shares.count)
    }

    /// Calls `body` with the shares in memory, for inner loops.
    func withShares(_ body: (Shares) -> Void) {
        shares.withUnsafeBufferPointer { body(Shares(table: self, shares: $0)) }
    }

    struct Shares {
        fileprivate let table: ShareTable
        fileprivate let shares: UnsafeBufferPointer<Share>

        /// The positions that take part in any bin of an axis.
        func positions(axis: Int) -> Range<Int> { table.axes[axis].positions }

        /// The shares of a position in the bins of an axis.
        subscript(axis: Int, position: Int) -> UnsafeBufferPointer<Share> {
            let axis = table.axes[axis]
            guard axis.positions.contains(position) else {
                return UnsafeBufferPointer(rebasing: shares[..<0])
            }
            let index = axis.first + position - axis.positions.lowerBound
            return UnsafeBufferPointer(rebasing: shares[table.starts[index]..<table.starts[index + 1]])
        }
    }
}

import Execution

// RoIAlign by its definition, one number at a time. The sample points are those of the optimized kernel, in float32 as
// every framework computes them; interpolation, mean and maximum are in `Double`.

extension RoIAlign {
    func poolDirectly(_ map: Maps, _ grid: SampleGrid, into output: MutableMaps, _ region: Int) {
        let rows = grid.rows(length: map.height)
        let columns = grid.columns(length: map.width)
        for row in 0..<outputSize {
            for column in 0..<outputSize {
                for channel in 0..<map.channels {
                    output[region, row, column][channel] = Float(
                        reduced(map, channel, rows: rows[row], columns: columns[column]))
                }
            }
        }
    }

    /// The mean or the maximum of a bin's samples, which are 0 outside the map; 0 of none. NaN if one of them is.
    private func reduced(_ map: Maps, _ channel: Int, rows: [AxisSample], columns: [AxisSample]) -> Double {
        var sum = 0.0
        var maximum = -Double.infinity
        for y in rows {
            for x in columns {
                let value = map.interpolated(y, x, channel)
                sum += value
                if value > maximum || value.isNaN { maximum = value }
            }
        }
        let count = rows.count * columns.count
        if count == 0 { return 0 }
        return reduction == .average ? sum / Double(count) : maximum
    }

    func pullDirectly(_ pullback: RoIPullback) {
        let (map, output) = (pullback.map, pullback.output)
        let grids = pullback.regions.map { SampleGrid(self, box: $0.box, scale: pullback.scale) }
        parallel(map.channels) { channel in
            var sums = Array(repeating: 0.0, count: map.sizes.area)
            for (region, grid) in zip(pullback.regions, grids) {
                let rows = grid.rows(length: map.height)
                let columns = grid.columns(length: map.width)
                for bin in 0..<outputSize * outputSize {
                    let (row, column) = bin.quotientAndRemainder(dividingBy: outputSize)
                    pull(
                        Double(pullback.gradient[region.index, row, column][channel]), to: &sums, map,
                        channel,
                        rows: rows[row], columns: columns[column])
                }
            }
            for (position, sum) in sums.enumerated() { output[position: position][channel] = Float(sum) }
        }
    }

    /// Adds a bin's gradient to the positions that it was pooled from: of a mean every sample gets the same part, of a
    /// maximum the first sample inside the map that has it everything.
    private func pull(
        _ gradient: Double, to sums: inout [Double], _ map: Maps, _ channel: Int, rows: [AxisSample],
        columns: [AxisSample]
    ) {
        let maximum = reduced(map, channel, rows: rows, columns: columns)
        for y in rows where y.isInside {
            for x in columns where x.isInside {
                switch reduction {
                case .average:
                    add(gradient / Double(rows.count * columns.count), to: &sums, y, x, width: map.width)
                case .maximum:
                    let value = map.interpolated(y, x, channel)
                    guard value == maximum || value.isNaN && maximum.isNaN else { continue }
                    return add(gradient, to: &sums, y, x, width: map.width)
                }
            }
        }
    }

    /// The pullback of interpolation: adds a gradient to a sample's four neighbours by their weights.
    private func add(
        _ gradient: Double, to sums: inout [Double], _ y: AxisSample, _ x: AxisSample, width: Int
    ) {
        let (lower, right) = (Double(y.weight), Double(x.weight))
        sums[y.first * width + x.first] += (1 - lower) * (1 - right) * gradient
        sums[y.first * width + x.second] += (1 - lower) * right * gradient
        sums[y.second * width + x.first] += lower * (1 - right) * gradient
        sums[y.second * width + x.second] += lower * right * gradient
    }
}

extension Maps {
    /// The value of a channel between four positions; 0 outside the map.
    fileprivate func interpolated(_ y: AxisSample, _ x: AxisSample, _ channel: Int) -> Double {
        guard y.isInside && x.isInside else { return 0 }
        let (lower, right) = (Double(y.weight), Double(x.weight))
        let above =
            (1 - right) * Double(self[y.first, x.first][channel])
            + right * Double(self[y.first, x.second][channel])
        let below =
            (1 - right) * Double(self[y.second, x.first][channel])
            + right * Double(self[y.second, x.second][channel])
        return (1 - lower) * above + lower * below
    }
}

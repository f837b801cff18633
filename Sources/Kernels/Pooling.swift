import Tensors

/// Max pooling over square windows. Positions outside the map never win.
///
/// - Parameters:
///   - input: `[height, width, channels]`, or a batch of maps.
///   - window: kernel, stride and padding; the output's size follows as for a convolution (no ceiling).
/// - Returns: the largest value of each window and channel.
public func maxPooled(_ input: Tensor, window: ConvolutionWindow) -> Tensor {
    let maps = MapBatch(input.shape)
    let pooled = maps.convolved(by: window, outputs: maps.channels)
    return Tensor(shape: pooled.shape(like: input.shape)) { output in
        let output = Shared(output.baseAddress!)
        input.withUnsafeElements { input in
            let input = Shared(input.baseAddress!)
            parallel(pooled.count * pooled.height) { row in
                let (map, y) = row.quotientAndRemainder(dividingBy: pooled.height)
                let rows = window.positions(under: y, length: maps.height)
                for x in 0..<pooled.width {
                    let columns = window.positions(under: x, length: maps.width)
                    forEachLane(
                        of: maps.channels,
                        MaximumOfWindow(
                            input: input.pointer + map * maps.height * maps.width * maps.channels,
                            maps: maps, rows: rows, columns: columns,
                            output: output.pointer + (row * pooled.width + x) * maps.channels))
                }
            }
        }
    }
}

extension ConvolutionWindow {
    /// The input positions along one axis that lie under the window of one output, inside the map.
    func positions(under output: Int, length: Int) -> Range<Int> {
        let first = output * stride - padding
        let lower = max(first, 0)
        return lower..<max(lower, min(first + kernel, length))
    }
}

private struct MaximumOfWindow: LaneBody {
    let input: UnsafePointer<Float>
    let maps: MapBatch
    let rows: Range<Int>
    let columns: Range<Int>
    let output: UnsafeMutablePointer<Float>

    @inline(__always)
    func callAsFunction<L: Lane>(_: L.Type, at channel: Int) {
        var maximum = L(repeating: -.infinity)
        for y in rows {
            for x in columns {
                maximum = L(loading: input + (y * maps.width + x) * maps.channels + channel).maximum(maximum)
            }
        }
        maximum.store(to: output + channel)
    }
}

/// The mean of each channel over all positions of each map: `[count, height, width, channels]` →
/// `[count, channels]`.
public func averagedOverPositions(_ input: Tensor) -> Tensor {
    let maps = MapBatch(input.shape)
    let area = maps.height * maps.width
    return Tensor(shape: [maps.count, maps.channels]) { output in
        let output = Shared(output.baseAddress!)
        input.withUnsafeElements { input in
            let input = Shared(input.baseAddress!)
            parallel(maps.count) { map in
                forEachLane(
                    of: maps.channels,
                    MeanOfRows(
                        input: input.pointer + map * area * maps.channels, rows: area,
                        channels: maps.channels, output: output.pointer + map * maps.channels))
            }
        }
    }
}

private struct MeanOfRows: LaneBody {
    let input: UnsafePointer<Float>
    let rows: Int
    let channels: Int
    let output: UnsafeMutablePointer<Float>

    @inline(__always)
    func callAsFunction<L: Lane>(_: L.Type, at channel: Int) {
        var sum = L(repeating: 0)
        for row in 0..<rows { sum += L(loading: input + row * channels + channel) }
        ((1 / Float(rows)) * sum).store(to: output + channel)
    }
}

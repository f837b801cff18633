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
        L(maximumOver: rows, columns, of: input + channel, width: maps.width, channels: maps.channels)
            .store(to: output + channel)
    }
}

extension Lane {
    /// The largest value of each channel over a rectangle of positions of a map; −∞ over none.
    @inline(__always)
    fileprivate init(
        maximumOver rows: Range<Int>, _ columns: Range<Int>, of map: UnsafePointer<Float>, width: Int,
        channels: Int
    ) {
        var maximum = Self(repeating: -.infinity)
        for y in rows {
            for x in columns {
                maximum = Self(loading: map + (y * width + x) * channels).maximum(maximum)
            }
        }
        self = maximum
    }
}

/// The pullback of `maxPooled`: each output's gradient goes to the position that won its window, the first in
/// row-major order if several did, as in PyTorch.
///
/// - Parameters:
///   - gradient: of the loss by the pooled maps.
///   - input: what was pooled: `[height, width, channels]`, or a batch of maps.
///   - window: what it was pooled with.
/// - Returns: the gradient by `input`, of its shape.
public func maxPooledGradient(_ gradient: Tensor, input: Tensor, window: ConvolutionWindow) -> Tensor {
    let maps = MapBatch(input.shape)
    let pooled = maps.convolved(by: window, outputs: maps.channels)
    precondition(gradient.shape == pooled.shape(like: input.shape))
    let area = maps.height * maps.width
    return Tensor(shape: input.shape) { result in
        result.update(repeating: 0)
        let result = Shared(result.baseAddress!)
        gradient.withUnsafeElements { gradient in
            input.withUnsafeElements { input in
                let (gradient, input) = (Shared(gradient.baseAddress!), Shared(input.baseAddress!))
                parallelChannelBlocks(maps: maps.count, channels: maps.channels) { map, channels in
                    let first = map * area * maps.channels + channels.lowerBound
                    for y in 0..<pooled.height {
                        let rows = window.positions(under: y, length: maps.height)
                        for x in 0..<pooled.width {
                            let columns = window.positions(under: x, length: maps.width)
                            let output = (map * pooled.height + y) * pooled.width + x
                            forEachLane(
                                of: channels.count,
                                GradientToMaximum(
                                    gradient: gradient.pointer + output * maps.channels + channels.lowerBound,
                                    input: input.pointer + first, width: maps.width, channels: maps.channels,
                                    rows: rows, columns: columns, result: result.pointer + first))
                        }
                    }
                }
            }
        }
    }
}

/// Calls `body` for sixteen channels of one map at a time, a cache line, on several cores at once: the split
/// of kernels that scatter into a map, so that no two threads write to the same place.
func parallelChannelBlocks(maps: Int, channels: Int, _ body: @Sendable (_ map: Int, Range<Int>) -> Void) {
    let blocks = (channels + 15) / 16
    parallel(maps * blocks) { index in
        let (map, block) = index.quotientAndRemainder(dividingBy: blocks)
        body(map, block * 16..<min((block + 1) * 16, channels))
    }
}

/// Adds a maximum's gradient at the first place of a rectangle where the maximum is.
struct GradientToMaximum: LaneBody {
    let gradient: UnsafePointer<Float>
    /// The map that the maximum was taken from, and the positions that it was taken over.
    let input: UnsafePointer<Float>
    let width: Int
    let channels: Int
    let rows: Range<Int>
    let columns: Range<Int>
    let result: UnsafeMutablePointer<Float>

    @inline(__always)
    func callAsFunction<L: Lane>(_: L.Type, at channel: Int) {
        let maximum = L(
            maximumOver: rows, columns, of: input + channel, width: width, channels: channels)
        // What no position has taken yet.
        var rest = L(loading: gradient + channel)
        for y in rows {
            for x in columns {
                let offset = (y * width + x) * channels + channel
                let taken = rest.kept(where: L(loading: input + offset), equals: maximum)
                (L(loading: result + offset) + taken).store(to: result + offset)
                rest = rest - taken
            }
        }
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

/// The pullback of `averagedOverPositions`: every position gets the same share of its channel's gradient.
///
/// - Parameters:
///   - gradient: `[count, channels]`.
///   - inputShape: of what was averaged, with or without a batch axis.
public func averagedOverPositionsGradient(_ gradient: Tensor, inputShape: [Int]) -> Tensor {
    let maps = MapBatch(inputShape)
    let area = maps.height * maps.width
    precondition(gradient.shape == [maps.count, maps.channels])
    return Tensor(shape: inputShape) { output in
        let output = Shared(output.baseAddress!)
        gradient.withUnsafeElements { gradient in
            let gradient = Shared(gradient.baseAddress!)
            parallel(maps.count) { map in
                forEachLane(
                    of: maps.channels,
                    SharingAmongRows(
                        gradient: gradient.pointer + map * maps.channels, rows: area,
                        channels: maps.channels, output: output.pointer + map * area * maps.channels))
            }
        }
    }
}

private struct SharingAmongRows: LaneBody {
    let gradient: UnsafePointer<Float>
    let rows: Int
    let channels: Int
    let output: UnsafeMutablePointer<Float>

    @inline(__always)
    func callAsFunction<L: Lane>(_: L.Type, at channel: Int) {
        let share = (1 / Float(rows)) * L(loading: gradient + channel)
        for row in 0..<rows { share.store(to: output + row * channels + channel) }
    }
}

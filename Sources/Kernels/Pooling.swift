import Execution
import Tensors

// MARK: - Maximum

/// Max pooling over square windows. Positions outside the map never win.
///
/// - Parameters:
///   - input: `[height, width, channels]`, or a batch of maps.
///   - window: kernel, stride and padding; the output's size is that of a convolution (no ceiling).
/// - Returns: the largest value of each window and channel.
package func maxPooled(_ input: Tensor, window: ConvolutionWindow) -> Tensor {
    let input = Maps(input)
    let output = MutableMaps(input.sizes.convolved(by: window, outputs: input.channels))
    parallelRows(of: output.sizes) { map, y in
        let rows = window.positions(under: y, length: input.height)
        for x in 0..<output.width {
            let columns = window.positions(under: x, length: input.width)
            forEachChannelVector(of: input.channels) { channels in
                output[map, y, x][channels] = input.maximum(map, rows, columns, channels)
            }
        }
    }
    return output.tensor
}

/// The pullback of ``maxPooled(_:window:)``: each output's gradient goes to the position that won its window, the
/// first in row-major order if several did, as in PyTorch.
///
/// - Parameters:
///   - gradient: by the pooled maps.
///   - input: what was pooled: `[height, width, channels]`, or a batch of maps.
///   - window: what it was pooled with.
/// - Returns: the gradient by `input`, of its shape.
package func maxPooledGradient(_ gradient: Tensor, input: Tensor, window: ConvolutionWindow) -> Tensor {
    let (gradient, input) = (Maps(gradient), Maps(input))
    precondition(gradient.sizes == input.sizes.convolved(by: window, outputs: input.channels))
    let result = MutableMaps(zeros: input.sizes)
    parallelChannelBlocks(of: input.sizes) { map, block in
        for y in 0..<gradient.height {
            let rows = window.positions(under: y, length: input.height)
            for x in 0..<gradient.width {
                let columns = window.positions(under: x, length: input.width)
                forEachChannelVector(in: block) { channels in
                    result.add(
                        gradient[map, y, x][channels], whereMaximal: input, map, rows, columns, channels)
                }
            }
        }
    }
    return result.tensor
}

extension ConvolutionWindow {
    /// Where, along one axis, the window of an output begins; negative inside the padding.
    func start(of output: Int) -> Int { output * stride - padding }

    /// The input positions along one axis that lie under the window of one output, inside the map.
    func positions(under output: Int, length: Int) -> Range<Int> {
        let lower = max(start(of: output), 0)
        return lower..<max(lower, min(start(of: output) + kernel, length))
    }
}

extension Maps {
    /// The largest value of each channel over a rectangle of positions; −∞ over none.
    @inline(__always)
    func maximum(_ map: Int, _ rows: Range<Int>, _ columns: Range<Int>, _ channels: Channels) -> ChannelVector
    {
        var maximum = ChannelVector(repeating: -.infinity)
        for y in rows {
            for x in columns { maximum = self[map, y, x][channels].maximum(maximum) }
        }
        return maximum
    }
}

extension MutableMaps {
    /// Adds the gradient of a maximum over a rectangle at the first position where `input` has that maximum.
    @inline(__always)
    func add(
        _ gradient: ChannelVector, whereMaximal input: Maps, _ map: Int, _ rows: Range<Int>,
        _ columns: Range<Int>, _ channels: Channels
    ) {
        let maximum = input.maximum(map, rows, columns, channels)
        // What no position has taken yet.
        var rest = gradient
        for y in rows {
            for x in columns {
                let taken = rest.kept(where: input[map, y, x][channels], equals: maximum)
                self[map, y, x][channels] += taken
                rest -= taken
            }
        }
    }
}

// MARK: - Mean

/// The mean of each channel over all positions of each map: `[count, height, width, channels]` →
/// `[count, channels]`.
package func averagedOverPositions(_ input: Tensor) -> Tensor {
    let maps = Maps(input)
    let result = MutableMatrix(rows: maps.count, columns: maps.channels)
    let area = maps.sizes.area
    parallel(maps.count) { map in
        forEachChannelVector(of: maps.channels) { channels in
            var sum = ChannelVector.zero
            for position in map * area..<(map + 1) * area { sum += maps[position: position][channels] }
            result[map][channels] = (1 / Float(area)) * sum
        }
    }
    return result.tensor(shape: [maps.count, maps.channels])
}

/// The pullback of ``averagedOverPositions(_:)``: every position gets the same share of its channel's gradient.
///
/// - Parameters:
///   - gradient: `[count, channels]`.
///   - inputShape: of what was averaged, with or without a batch axis.
package func averagedOverPositionsGradient(_ gradient: Tensor, inputShape: [Int]) -> Tensor {
    let result = MutableMaps(MapSizes(inputShape))
    precondition(gradient.shape == [result.count, result.channels])
    let gradient = Matrix(gradient)
    let area = result.sizes.area
    parallel(result.count) { map in
        forEachChannelVector(of: result.channels) { channels in
            let share = (1 / Float(area)) * gradient[map][channels]
            for position in map * area..<(map + 1) * area { result[position: position][channels] = share }
        }
    }
    return result.tensor
}

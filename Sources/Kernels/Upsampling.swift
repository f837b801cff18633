import Execution
import Tensors

// MARK: - Nearest

/// Enlarges a map to `height` × `width` by repeating the nearest value: output row y shows input row
/// ⌊y · input height / height⌋.
///
/// - Parameters:
///   - input: `[height, width, channels]`.
///   - height: of the result.
///   - width: of the result.
package func upsampledNearest(_ input: Tensor, height: Int, width: Int) -> Tensor {
    addingUpsampled(Tensor(shape: [height, width, input.shape[2]]), input)
}

/// `map` plus `coarser`, enlarged to the size of `map` by repeating the nearest value: the top-down step of a
/// feature pyramid (Lin et al., section 3). Reuses the memory of `map` when nobody else refers to it.
///
/// - Parameters:
///   - map: `[height, width, channels]`.
///   - coarser: a map of the same number of channels.
package func addingUpsampled(_ map: consuming Tensor, _ coarser: Tensor) -> Tensor {
    let map = MutableMaps(changing: consume map)
    let coarser = Maps(coarser)
    precondition(coarser.channels == map.channels)
    parallel(map.height) { y in
        for x in 0..<map.width {
            let (destination, source) = (
                map[y, x], coarser[y * coarser.height / map.height, x * coarser.width / map.width]
            )
            forEachChannelVector(of: map.channels) { channels in
                destination[channels] += source[channels]
            }
        }
    }
    return map.tensor
}

/// The pullback of ``upsampledNearest(_:height:width:)``, and of ``addingUpsampled(_:_:)`` by its coarser map: each
/// position of the coarser map gets the sum over the positions that show it.
///
/// - Parameters:
///   - gradient: `[enlarged height, enlarged width, channels]`.
///   - height: of the coarser map.
///   - width: of the coarser map.
/// - Returns: `[height, width, channels]`.
package func upsampledNearestGradient(_ gradient: Tensor, height: Int, width: Int) -> Tensor {
    let gradient = Maps(gradient)
    let result = MutableMaps(gradient.sizes.with(height: height, width: width, channels: gradient.channels))
    /// The outputs that show one input: those whose ⌊output · inputs / outputs⌋ it is.
    @Sendable func outputs(showing input: Int, of inputs: Int, _ outputs: Int) -> Range<Int> {
        (input * outputs + inputs - 1) / inputs..<((input + 1) * outputs + inputs - 1) / inputs
    }
    parallel(height) { y in
        let rows = outputs(showing: y, of: height, gradient.height)
        for x in 0..<width {
            let columns = outputs(showing: x, of: width, gradient.width)
            forEachChannelVector(of: result.channels) { channels in
                result[y, x][channels] = gradient.sum(rows, columns, channels)
            }
        }
    }
    return result.tensor
}

extension Maps {
    /// The sum of each channel over a rectangle of positions of the first map.
    @inline(__always)
    fileprivate func sum(_ rows: Range<Int>, _ columns: Range<Int>, _ channels: Channels) -> ChannelVector {
        var sum = ChannelVector.zero
        for y in rows {
            for x in columns { sum += self[y, x][channels] }
        }
        return sum
    }
}

// MARK: - Bilinear

/// Enlarges or shrinks maps by bilinear interpolation between pixel centres (`align_corners = false`, no
/// antialiasing): output y reads input (y + ½) · input / output − ½, clamped at the border.
///
/// - Parameters:
///   - input: `[height, width, channels]`, or a batch of maps.
///   - height: of the result.
///   - width: of the result.
package func resizedBilinearly(_ input: Tensor, height: Int, width: Int) -> Tensor {
    let input = Maps(input)
    let output = MutableMaps(input.sizes.with(height: height, width: width, channels: input.channels))
    let columns = (0..<width).map { BilinearTap(output: $0, inputLength: input.width, outputLength: width) }
    parallelRows(of: output.sizes) { map, y in
        let row = BilinearTap(output: y, inputLength: input.height, outputLength: height)
        for (x, column) in columns.enumerated() {
            let (topLeft, topRight) = (
                input[map, row.first, column.first], input[map, row.first, column.second]
            )
            let (bottomLeft, bottomRight) = (
                input[map, row.second, column.first], input[map, row.second, column.second]
            )
            let result = output[map, y, x]
            forEachChannelVector(of: input.channels) { channels in
                let top = column.interpolate(topLeft[channels], topRight[channels])
                let bottom = column.interpolate(bottomLeft[channels], bottomRight[channels])
                result[channels] = row.interpolate(top, bottom)
            }
        }
    }
    return output.tensor
}

/// The two inputs along one axis between which an output of a bilinear resize lies.
package struct BilinearTap: Sendable, Equatable {
    /// The last input that is not after the output, and the next one (the same one at the border).
    package let first: Int, second: Int
    /// The weight of `second`; that of `first` is `1 − weight`.
    package let weight: Float

    /// The tap of one output, between pixel centres, in float32 as PyTorch computes it: its binaries
    /// fuse the multiplication and the subtraction into one rounding, which for long axes is as much as 3e-5
    /// of a weight.
    package init(output: Int, inputLength: Int, outputLength: Int) {
        let scale = Float(inputLength) / Float(outputLength)
        let coordinate = max(Float(-0.5).addingProduct(scale, Float(output) + 0.5), 0)
        first = min(Int(coordinate), inputLength - 1)
        second = min(first + 1, inputLength - 1)
        weight = min(max(coordinate - Float(first), 0), 1)
    }

    @inline(__always)
    fileprivate func interpolate(_ first: ChannelVector, _ second: ChannelVector) -> ChannelVector {
        (1 - weight) * first + weight * second
    }
}

/// The pullback of ``resizedBilinearly(_:height:width:)``: each position gets the gradients of the outputs that were
/// interpolated from it, by their weights.
///
/// - Parameters:
///   - gradient: by the resized maps.
///   - inputShape: of what was resized: `[height, width, channels]`, or a batch of maps.
package func resizedBilinearlyGradient(_ gradient: Tensor, inputShape: [Int]) -> Tensor {
    let (gradient, result) = (Maps(gradient), MutableMaps(zeros: MapSizes(inputShape)))
    precondition(gradient.count == result.count && gradient.channels == result.channels)
    let rows = Share.axis(inputLength: result.height, outputLength: gradient.height)
    let columns = Share.axis(inputLength: result.width, outputLength: gradient.width)
    let (rowLength, channels) = (gradient.width * gradient.channels, gradient.channels)
    // First the rows of the gradient that reach one row of the input, then their columns.
    parallelRows(of: result.sizes) { map, y in
        let row = MutableMatrix(rows: 1, columns: rowLength)
        row.start.update(repeating: 0, count: rowLength)
        rows[y].withUnsafeBufferPointer {
            row.start.add($0, of: gradient[map, 0, 0], stride: rowLength, count: rowLength)
        }
        for (x, shares) in columns.enumerated() {
            shares.withUnsafeBufferPointer {
                result[map, y, x].add($0, of: row.start.readable, stride: channels, count: channels)
            }
        }
    }
    return result.tensor
}

/// An output that an input takes part in, along one axis.
struct Share {
    let output: Int
    /// The input's weight in the output.
    let weight: Float

    /// The outputs of a bilinear resize that each input takes part in.
    fileprivate static func axis(inputLength: Int, outputLength: Int) -> [[Share]] {
        var shares: [[Share]] = Array(repeating: [], count: inputLength)
        for output in 0..<outputLength {
            let tap = BilinearTap(output: output, inputLength: inputLength, outputLength: outputLength)
            shares[tap.first].append(Share(output: output, weight: 1 - tap.weight))
            if tap.weight > 0 { shares[tap.second].append(Share(output: output, weight: tap.weight)) }
        }
        return shares
    }
}

extension UnsafeMutablePointer<Float> {
    /// Adds the weighted sum of some outputs, of `count` numbers each, which lie `stride` apart.
    func add(
        _ shares: UnsafeBufferPointer<Share>, of outputs: UnsafePointer<Float>, stride: Int, count: Int
    ) {
        forEachChannelVector(of: count) { channels in
            var sum = self[channels]
            for share in shares { sum += share.weight * (outputs + share.output &* stride)[channels] }
            self[channels] = sum
        }
    }
}

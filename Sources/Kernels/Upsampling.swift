import Tensors

/// Enlarges a map to `height` × `width` by repeating the nearest value: output row y shows input row
/// ⌊y · input height / height⌋.
///
/// - Parameters:
///   - input: `[height, width, channels]`.
///   - height: of the result.
///   - width: of the result.
public func upsampledNearest(_ input: Tensor, height: Int, width: Int) -> Tensor {
    addingUpsampled(Tensor(shape: [height, width, input.shape[2]]), input)
}

/// `map` plus `coarser`, enlarged to the size of `map` by repeating the nearest value: the top-down step of a
/// feature pyramid (Lin et al., section 3). Reuses the memory of `map` when nobody else refers to it.
///
/// - Parameters:
///   - map: `[height, width, channels]`.
///   - coarser: a map of the same number of channels.
public func addingUpsampled(_ map: consuming Tensor, _ coarser: Tensor) -> Tensor {
    let (height, width, channels) = (map.shape[0], map.shape[1], map.shape[2])
    let (coarseHeight, coarseWidth) = (coarser.shape[0], coarser.shape[1])
    precondition(coarser.shape[2] == channels)
    map.withUnsafeMutableElements { map in
        let map = Shared(map.baseAddress!)
        coarser.withUnsafeElements { coarser in
            let coarser = Shared(coarser.baseAddress!)
            parallel(height) { y in
                let sourceRow = coarser.pointer + y * coarseHeight / height * coarseWidth * channels
                for x in 0..<width {
                    forEachLane(
                        of: channels,
                        Adding(
                            source: sourceRow + x * coarseWidth / width * channels,
                            destination: map.pointer + (y * width + x) * channels))
                }
            }
        }
    }
    return map
}

private struct Adding: LaneBody {
    let source: UnsafePointer<Float>
    let destination: UnsafeMutablePointer<Float>

    @inline(__always)
    func callAsFunction<L: Lane>(_: L.Type, at channel: Int) {
        (L(loading: destination + channel) + L(loading: source + channel)).store(to: destination + channel)
    }
}

/// The pullback of `upsampledNearest`, and of `addingUpsampled` by its coarser map: each position of the coarser
/// map gets the sum over the positions that show it.
///
/// - Parameters:
///   - gradient: `[enlarged height, enlarged width, channels]`.
///   - height: of the coarser map.
///   - width: of the coarser map.
/// - Returns: `[height, width, channels]`.
public func upsampledNearestGradient(_ gradient: Tensor, height: Int, width: Int) -> Tensor {
    let (fineHeight, fineWidth, channels) = (gradient.shape[0], gradient.shape[1], gradient.shape[2])
    /// The outputs that show one input: those whose ⌊output · inputs / outputs⌋ it is.
    @Sendable func shown(_ input: Int, _ inputs: Int, _ outputs: Int) -> Range<Int> {
        (input * outputs + inputs - 1) / inputs..<((input + 1) * outputs + inputs - 1) / inputs
    }
    return Tensor(shape: [height, width, channels]) { output in
        let output = Shared(output.baseAddress!)
        gradient.withUnsafeElements { gradient in
            let gradient = Shared(gradient.baseAddress!)
            parallel(height) { y in
                let rows = shown(y, height, fineHeight)
                for x in 0..<width {
                    forEachLane(
                        of: channels,
                        SumOfRectangle(
                            input: gradient.pointer, width: fineWidth, channels: channels, rows: rows,
                            columns: shown(x, width, fineWidth),
                            output: output.pointer + (y * width + x) * channels))
                }
            }
        }
    }
}

private struct SumOfRectangle: LaneBody {
    let input: UnsafePointer<Float>
    let width: Int
    let channels: Int
    let rows: Range<Int>
    let columns: Range<Int>
    let output: UnsafeMutablePointer<Float>

    @inline(__always)
    func callAsFunction<L: Lane>(_: L.Type, at channel: Int) {
        var sum = L(repeating: 0)
        for y in rows {
            for x in columns { sum += L(loading: input + (y * width + x) * channels + channel) }
        }
        sum.store(to: output + channel)
    }
}

/// Enlarges or shrinks maps by bilinear interpolation between pixel centres (`align_corners = false`, no
/// antialiasing): output y reads input (y + ½) · input / output − ½, clamped at the border.
///
/// - Parameters:
///   - input: `[height, width, channels]`, or a batch of maps.
///   - height: of the result.
///   - width: of the result.
public func resizedBilinearly(_ input: Tensor, height: Int, width: Int) -> Tensor {
    let maps = MapBatch(input.shape)
    let resized = MapBatch(count: maps.count, height: height, width: width, channels: maps.channels)
    let columns = (0..<width).map { BilinearTap(output: $0, inputLength: maps.width, outputLength: width) }
    return Tensor(shape: resized.shape(like: input.shape)) { output in
        let output = Shared(output.baseAddress!)
        input.withUnsafeElements { input in
            let input = Shared(input.baseAddress!)
            parallel(maps.count * height) { row in
                let (map, y) = row.quotientAndRemainder(dividingBy: height)
                let vertical = BilinearTap(output: y, inputLength: maps.height, outputLength: height)
                let rowLength = maps.width * maps.channels
                let top = input.pointer + (map * maps.height + vertical.first) * rowLength
                let bottom = input.pointer + (map * maps.height + vertical.second) * rowLength
                for (x, horizontal) in columns.enumerated() {
                    forEachLane(
                        of: maps.channels,
                        Interpolating(
                            topLeft: top + horizontal.first * maps.channels,
                            topRight: top + horizontal.second * maps.channels,
                            bottomLeft: bottom + horizontal.first * maps.channels,
                            bottomRight: bottom + horizontal.second * maps.channels,
                            right: horizontal.weight, lower: vertical.weight,
                            output: output.pointer + (row * width + x) * maps.channels))
                }
            }
        }
    }
}

/// Which two inputs along one axis an output of a bilinear resize lies between.
public struct BilinearTap: Sendable, Equatable {
    /// The input at or before the output's place, and its follower (the same one at the border).
    public let first: Int, second: Int
    /// The share of `second`; `first` has the rest.
    public let weight: Float

    /// The tap of one output position, between pixel centres, in float32 as PyTorch computes it: its binaries
    /// fuse the multiplication and the subtraction into one rounding, which for long axes is as much as 3e-5
    /// of a weight.
    public init(output: Int, inputLength: Int, outputLength: Int) {
        let scale = Float(inputLength) / Float(outputLength)
        let place = max(Float(-0.5).addingProduct(scale, Float(output) + 0.5), 0)
        first = min(Int(place), inputLength - 1)
        second = min(first + 1, inputLength - 1)
        weight = min(max(place - Float(first), 0), 1)
    }
}

private struct Interpolating: LaneBody {
    let topLeft: UnsafePointer<Float>, topRight: UnsafePointer<Float>
    let bottomLeft: UnsafePointer<Float>, bottomRight: UnsafePointer<Float>
    let right: Float, lower: Float
    let output: UnsafeMutablePointer<Float>

    @inline(__always)
    func callAsFunction<L: Lane>(_: L.Type, at channel: Int) {
        let left = 1 - right
        let top = left * L(loading: topLeft + channel) + right * L(loading: topRight + channel)
        let bottom = left * L(loading: bottomLeft + channel) + right * L(loading: bottomRight + channel)
        ((1 - lower) * top + lower * bottom).store(to: output + channel)
    }
}

/// The pullback of `resizedBilinearly`: each position gets the gradients of the outputs that were interpolated
/// from it, by their weights.
///
/// - Parameters:
///   - gradient: of the loss by the resized maps.
///   - inputShape: of what was resized: `[height, width, channels]`, or a batch of maps.
public func resizedBilinearlyGradient(_ gradient: Tensor, inputShape: [Int]) -> Tensor {
    let maps = MapBatch(inputShape)
    let resized = MapBatch(gradient.shape)
    precondition(resized.count == maps.count && resized.channels == maps.channels)
    let rows = Share.axis(inputLength: maps.height, outputLength: resized.height)
    let columns = Share.axis(inputLength: maps.width, outputLength: resized.width)
    let rowLength = resized.width * maps.channels
    return Tensor(shape: inputShape) { output in
        output.update(repeating: 0)
        let output = Shared(output.baseAddress!)
        gradient.withUnsafeElements { gradient in
            let gradient = Shared(gradient.baseAddress!)
            // First the rows of the gradient that reach one row of the input, then their columns.
            parallel(maps.count * maps.height) { index in
                let (map, y) = index.quotientAndRemainder(dividingBy: maps.height)
                withScratch(rowLength) { row in
                    row.update(repeating: 0, count: rowLength)
                    rows[y].withUnsafeBufferPointer {
                        forEachLane(
                            of: rowLength,
                            AddingShares(
                                shares: $0, source: gradient.pointer + map * resized.height * rowLength,
                                stride: rowLength, destination: row))
                    }
                    for (x, shares) in columns.enumerated() {
                        shares.withUnsafeBufferPointer {
                            forEachLane(
                                of: maps.channels,
                                AddingShares(
                                    shares: $0, source: row, stride: maps.channels,
                                    destination: output.pointer + (index * maps.width + x) * maps.channels))
                        }
                    }
                }
            }
        }
    }
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

/// Adds the weighted outputs' gradients; they lie `stride` apart.
struct AddingShares: LaneBody {
    let shares: UnsafeBufferPointer<Share>
    let source: UnsafePointer<Float>
    let stride: Int
    let destination: UnsafeMutablePointer<Float>

    @inline(__always)
    func callAsFunction<L: Lane>(_: L.Type, at channel: Int) {
        var sum = L(loading: destination + channel)
        for share in shares { sum += share.weight * L(loading: source + share.output * stride + channel) }
        sum.store(to: destination + channel)
    }
}

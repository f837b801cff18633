import Tensors

/// Enlarges a map to `height` × `width` by repeating the nearest value: output row y shows input row
/// ⌊y · input height / height⌋.
///
/// - Parameter input: `[height, width, channels]`.
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

/// Enlarges or shrinks maps by bilinear interpolation between pixel centres (`align_corners = false`, no
/// antialiasing): output y reads input (y + ½) · input / output − ½, clamped at the border.
///
/// - Parameter input: `[height, width, channels]`, or a batch of maps.
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

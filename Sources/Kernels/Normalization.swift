import Tensors

/// A batch norm whose statistics no longer change, as the two numbers a channel that it amounts to:
/// `output = scale · input + shift`.
public struct FrozenBatchNorm: Sendable {
    /// `weight / √(variance + epsilon)`.
    public let scale: [Float]
    /// `bias − mean · scale`.
    public let shift: [Float]

    /// Folds a batch norm's four vectors into two, in float32 in torchvision's order.
    /// - Parameter epsilon: added to the variance. Not stored in any checkpoint: 0 for torchvision's published
    ///   first-generation models, 1e-5 nearly everywhere else.
    public init(weight: [Float], bias: [Float], mean: [Float], variance: [Float], epsilon: Float) {
        precondition(Set([weight.count, bias.count, mean.count, variance.count]).count == 1)
        let scale = weight.indices.map { weight[$0] * (1 / (variance[$0] + epsilon).squareRoot()) }
        self.scale = scale
        shift = bias.indices.map { bias[$0] - mean[$0] * scale[$0] }
    }
}

/// Group norm (Wu and He, arXiv 1803.08494): each group of channels of each map gets mean 0 and variance 1,
/// then a scale and a shift of its channels. Works on one image at a time, so training from scratch does not
/// need large batches.
public struct GroupNorm: Sendable {
    /// How many groups the channels are cut into.
    public let groups: Int
    /// One factor a channel.
    public let weight: [Float]
    /// One summand a channel.
    public let bias: [Float]
    /// Added to the variance.
    public let epsilon: Float

    /// A group norm; the number of groups must divide the number of channels.
    public init(groups: Int, weight: [Float], bias: [Float], epsilon: Float = 1e-5) {
        precondition(weight.count == bias.count && weight.count % groups == 0)
        self.groups = groups
        self.weight = weight
        self.bias = bias
        self.epsilon = epsilon
    }

    /// Normalises a map `[height, width, channels]` or each of a batch, adds `residual`, and, if `rectified`,
    /// replaces negative values by 0.
    public func callAsFunction(_ input: Tensor, adding residual: Tensor? = nil, rectified: Bool = false)
        -> Tensor
    {
        let maps = MapBatch(input.shape)
        precondition(maps.channels == weight.count)
        let area = maps.height * maps.width
        let finish = Epilogue(
            scale: nil, shift: nil, residual: residual, rectified: rectified, channels: maps.channels)
        return Tensor(shape: input.shape) { output in
            let output = Shared(output.baseAddress!)
            input.withUnsafeElements { input in
                let input = Shared(input.baseAddress!)
                parallel(maps.count * groups) { index in
                    let (map, group) = index.quotientAndRemainder(dividingBy: groups)
                    let start = map * area * maps.channels
                    normalizeGroup(
                        group, input.pointer + start, positions: area, into: output.pointer + start)
                }
            }
            parallelBlocks(of: 256, covering: maps.positions) { range in
                finish.unpacked {
                    $0.finish(output.pointer + range.lowerBound * maps.channels, positions: range)
                }
            }
        }
    }

    private func normalizeGroup(
        _ group: Int, _ input: UnsafePointer<Float>, positions: Int,
        into output: UnsafeMutablePointer<Float>
    ) {
        let channels = weight.count
        let size = channels / groups
        let members = group * size..<(group + 1) * size
        var sum = 0.0
        var squares = 0.0
        for position in 0..<positions {
            for channel in members {
                let value = Double(input[position * channels + channel])
                sum += value
                squares += value * value
            }
        }
        let count = Double(max(positions * size, 1))
        let mean = sum / count
        let variance = max(squares / count - mean * mean, 0)
        let factor = 1 / (variance + Double(epsilon)).squareRoot()
        for channel in members {
            let scale = Float(factor) * weight[channel]
            let shift = bias[channel] - Float(mean) * scale
            for position in 0..<positions {
                output[position * channels + channel] = input[position * channels + channel] * scale + shift
            }
        }
    }
}

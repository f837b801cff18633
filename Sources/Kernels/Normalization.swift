import Tensors

/// A batch norm whose statistics no longer change, as the two numbers a channel that it amounts to:
/// `output = scale · input + shift`.
public struct FrozenBatchNorm: Sendable {
    /// `weight / √(variance + epsilon)`.
    public let scale: [Float]
    /// `bias − mean · scale`.
    public let shift: [Float]

    /// Folds a batch norm's four vectors into two, in float32 in torchvision's order.
    /// - Parameters:
    ///   - weight: γ, a factor a channel.
    ///   - bias: β, a summand a channel.
    ///   - mean: of each channel over the training pictures.
    ///   - variance: of each channel over the training pictures.
    ///   - epsilon: added to the variance. Not stored in any checkpoint: 0 for torchvision's published
    ///     first-generation models, 1e-5 nearly everywhere else.
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

    /// Normalises a map `[height, width, channels]` or each of a batch, adds `residual`, and, if `relu`,
    /// replaces negative values by 0.
    public func callAsFunction(_ input: Tensor, adding residual: Tensor? = nil, relu: Bool = false)
        -> Tensor
    {
        let maps = MapBatch(input.shape)
        precondition(maps.channels == weight.count)
        precondition(residual.map { $0.shape == input.shape } ?? true)
        let statistics = GroupStatistics(ChannelSums(of: input, times: input, maps: maps), self, maps)
        // output = scale · input + shift, with numbers of their own for each channel of each map.
        var scales: [Float] = []
        var shifts: [Float] = []
        for group in 0..<maps.count * groups {
            for channel in channels(of: group % groups) {
                let scale = Float(statistics.factors[group]) * weight[channel]
                scales.append(scale)
                shifts.append(bias[channel] - Float(statistics.means[group]) * scale)
            }
        }
        return Tensor(shape: input.shape) { output in
            combine(
                (input, scales), residual.map { ($0, nil) }, shifts: shifts, relu: relu, maps: maps,
                into: Shared(output.baseAddress!))
        }
    }

    private func channels(of group: Int) -> Range<Int> {
        let size = weight.count / groups
        return group * size..<(group + 1) * size
    }
}

/// What a group norm's pullback gives.
public struct GroupNormGradients: Sendable {
    /// Of the norm's input's shape.
    public var input: Tensor
    /// `[channels]`, summed over all maps.
    public var weight: Tensor
    /// `[channels]`, summed over all maps.
    public var bias: Tensor
}

extension GroupNorm {
    /// The pullback of the norm alone, without residual and ReLU.
    ///
    /// With x̂ the input of mean 0 and variance 1, and h = weight · gradient, the input's gradient is
    /// (h − mean(h) − x̂ · mean(h · x̂)) / √(variance + epsilon), the means over the group.
    ///
    /// - Parameters:
    ///   - gradient: of the loss by the norm's output: a map `[height, width, channels]` or a batch.
    ///   - input: what the norm was given, of the same shape.
    public func gradients(_ gradient: Tensor, input: Tensor) -> GroupNormGradients {
        let maps = MapBatch(input.shape)
        precondition(maps.channels == weight.count && gradient.shape == input.shape)
        let statistics = GroupStatistics(ChannelSums(of: input, times: input, maps: maps), self, maps)
        let sums = ChannelSums(of: gradient, times: input, maps: maps)
        let count = Double(max(maps.height * maps.width * (weight.count / groups), 1))
        var weightGradient = Array(repeating: 0.0, count: weight.count)
        var biasGradient = weightGradient
        // The input's gradient is gradientScale · gradient + inputScale · input + shift.
        var gradientScales: [Float] = []
        var inputScales: [Float] = []
        var shifts: [Float] = []
        for group in 0..<maps.count * groups {
            let (map, ownChannels) = (group / groups, channels(of: group % groups))
            let (mean, factor) = (statistics.means[group], statistics.factors[group])
            var sum = 0.0  // of h
            var product = 0.0  // of h · x̂
            for channel in ownChannels {
                let index = map * weight.count + channel
                let normalized = (sums.products[index] - mean * sums.sums[index]) * factor
                biasGradient[channel] += sums.sums[index]
                weightGradient[channel] += normalized
                sum += Double(weight[channel]) * sums.sums[index]
                product += Double(weight[channel]) * normalized
            }
            let inputScale = -factor * factor * product / count
            for channel in ownChannels {
                gradientScales.append(Float(factor * Double(weight[channel])))
                inputScales.append(Float(inputScale))
                shifts.append(Float(-factor * sum / count - inputScale * mean))
            }
        }
        let inputGradient = Tensor(shape: input.shape) { output in
            combine(
                (gradient, gradientScales), (input, inputScales), shifts: shifts, relu: false,
                maps: maps, into: Shared(output.baseAddress!))
        }
        return GroupNormGradients(
            input: inputGradient,
            weight: Tensor(shape: [weight.count], elements: weightGradient.map { Float($0) }),
            bias: Tensor(shape: [weight.count], elements: biasGradient.map { Float($0) }))
    }
}

/// Mean and 1 / √(variance + epsilon) of each group of each map: `[maps · groups]`.
private struct GroupStatistics {
    var means: [Double] = []
    var factors: [Double] = []

    /// - Parameter sums: of the input and its square.
    init(_ sums: ChannelSums, _ norm: GroupNorm, _ maps: MapBatch) {
        let size = maps.channels / norm.groups
        let count = Double(max(maps.height * maps.width * size, 1))
        for first in stride(from: 0, to: maps.count * maps.channels, by: size) {
            let mean = sums.sums[first..<first + size].reduce(0, +) / count
            let square = sums.products[first..<first + size].reduce(0, +) / count
            means.append(mean)
            factors.append(1 / (max(square - mean * mean, 0) + Double(norm.epsilon)).squareRoot())
        }
    }
}

extension MapBatch {
    /// Calls `body` for blocks of positions, of all maps, that the nearest cache holds: with the map, the
    /// number of the block in its map, and its positions, counted through the whole batch.
    fileprivate func forEachBlock(_ body: @Sendable (_ map: Int, _ block: Int, Range<Int>) -> Void) {
        let (size, blocks) = (blockSize, blocksPerMap)
        parallel(count * blocks) { index in
            let (map, block) = index.quotientAndRemainder(dividingBy: blocks)
            let first = map * height * width
            body(map, block, first + block * size..<first + min((block + 1) * size, height * width))
        }
    }

    private var blockSize: Int { max(16, 4096 / max(channels, 1)) }
    fileprivate var blocksPerMap: Int { (height * width + blockSize - 1) / blockSize }
}

/// Sums over the positions of each map, in Double: `[maps · channels]`.
private struct ChannelSums {
    /// Of the values.
    var sums: [Double]
    /// Of the values times the others.
    var products: [Double]

    init(of values: Tensor, times others: Tensor, maps: MapBatch) {
        let channels = maps.channels
        // Sums and products of each block, which are then added in order: the same on any number of threads.
        let partial = [Double](unsafeUninitializedCapacity: maps.count * maps.blocksPerMap * 2 * channels) {
            partial, initializedCount in
            initializedCount = partial.count
            guard let partial = partial.baseAddress.map({ Shared($0) }) else { return }
            values.withUnsafeElements { values in
                others.withUnsafeElements { others in
                    let (values, others) = (Shared(values.baseAddress!), Shared(others.baseAddress!))
                    maps.forEachBlock { map, block, positions in
                        forEachLane(
                            of: channels,
                            SummingBlock(
                                values: values.pointer + positions.lowerBound * channels,
                                others: others.pointer + positions.lowerBound * channels,
                                positions: positions.count, channels: channels,
                                sums: partial.pointer + (map * maps.blocksPerMap + block) * 2 * channels))
                    }
                }
            }
        }
        sums = Array(repeating: 0, count: maps.count * channels)
        products = sums
        for block in 0..<maps.count * maps.blocksPerMap {
            let map = block / maps.blocksPerMap
            for channel in 0..<channels {
                sums[map * channels + channel] += partial[block * 2 * channels + channel]
                products[map * channels + channel] += partial[(block * 2 + 1) * channels + channel]
            }
        }
    }
}

private struct SummingBlock: LaneBody {
    let values: UnsafePointer<Float>
    let others: UnsafePointer<Float>
    let positions: Int
    let channels: Int
    /// Sums, then products.
    let sums: UnsafeMutablePointer<Double>

    @inline(__always)
    func callAsFunction<L: Lane>(_: L.Type, at channel: Int) {
        var sum = L(repeating: 0).wide
        var product = sum
        for position in 0..<positions {
            let value = L(loading: values + position * channels + channel).wide
            sum = sum + value
            product = product + value * L(loading: others + position * channels + channel).wide
        }
        sum.store(to: sums + channel)
        product.store(to: sums + channels + channel)
    }
}

/// `output = scale · first + scale · second + shift`, with a scale and a shift for each channel of each map;
/// a second without scales is added as it is.
private func combine(
    _ first: (values: Tensor, scales: [Float]), _ second: (values: Tensor, scales: [Float]?)?,
    shifts: [Float], relu: Bool, maps: MapBatch, into output: Shared<UnsafeMutablePointer<Float>>
) {
    let channels = maps.channels
    let ones = second.map { _ in Array(repeating: Float(1), count: maps.count * channels) } ?? []
    let (secondValues, secondScales) = (second?.values ?? first.values, second?.scales ?? ones)
    let hasSecond = second != nil
    first.values.withUnsafeElements { values in
        secondValues.withUnsafeElements { others in
            let (values, others) = (Shared(values.baseAddress!), Shared(others.baseAddress!))
            maps.forEachBlock { map, _, positions in
                let offset = positions.lowerBound * channels
                first.scales.withUnsafeBufferPointer { scales in
                    secondScales.withUnsafeBufferPointer { otherScales in
                        shifts.withUnsafeBufferPointer { shifts in
                            forEachLane(
                                of: channels,
                                CombiningBlock(
                                    values: values.pointer + offset,
                                    scales: scales.baseAddress! + map * channels,
                                    others: hasSecond ? others.pointer + offset : nil,
                                    otherScales: hasSecond ? otherScales.baseAddress! + map * channels : nil,
                                    shifts: shifts.baseAddress! + map * channels, relu: relu,
                                    positions: positions.count, channels: channels,
                                    output: output.pointer + offset))
                        }
                    }
                }
            }
        }
    }
}

private struct CombiningBlock: LaneBody {
    let values: UnsafePointer<Float>
    let scales: UnsafePointer<Float>
    let others: UnsafePointer<Float>?
    let otherScales: UnsafePointer<Float>?
    let shifts: UnsafePointer<Float>
    let relu: Bool
    let positions: Int
    let channels: Int
    let output: UnsafeMutablePointer<Float>

    @inline(__always)
    func callAsFunction<L: Lane>(_: L.Type, at channel: Int) {
        let scale = L(loading: scales + channel)
        let shift = L(loading: shifts + channel)
        let otherScale = otherScales.map { L(loading: $0 + channel) } ?? L(repeating: 0)
        for position in 0..<positions {
            let offset = position * channels + channel
            var result = scale * L(loading: values + offset) + shift
            if let others { result += otherScale * L(loading: others + offset) }
            if relu { result = result.maximum(L(repeating: 0)) }
            result.store(to: output + offset)
        }
    }
}

import Execution
import Tensors

// Group norm in two passes over memory: the first sums each channel's values and squares, the second applies
// `output = scale · input + shift`, with numbers of their own for each channel of each map. The pullback has the same
// form, with two inputs.

extension GroupNorm {
    func normalize(_ input: Maps, _ residual: Maps?, relu: Bool, into output: MutableMaps) {
        let statistics = GroupStatistics(ChannelSums(of: input, times: input), self, input.sizes)
        var scales: [Float] = []
        var shifts: [Float] = []
        for group in 0..<input.count * groups {
            for channel in channels(of: group % groups) {
                let scale = Float(statistics.factors[group]) * weight[channel]
                scales.append(scale)
                shifts.append(bias[channel] - Float(statistics.means[group]) * scale)
            }
        }
        let ones = residual.map { _ in Array(repeating: Float(1), count: scales.count) } ?? []
        combine(
            Term(input, scales), residual.map { Term($0, ones) }, shifts: shifts, relu: relu, into: output)
    }

    func optimizedGradients(_ gradient: Maps, _ input: Maps) -> GroupNormGradients {
        let statistics = GroupStatistics(ChannelSums(of: input, times: input), self, input.sizes)
        let sums = ChannelSums(of: gradient, times: input)
        let count = Double(max(input.sizes.area * (weight.count / groups), 1))
        var weightGradient = Array(repeating: 0.0, count: weight.count)
        var biasGradient = weightGradient
        // The input's gradient is gradientScale · gradient + inputScale · input + shift.
        var gradientScales: [Float] = []
        var inputScales: [Float] = []
        var shifts: [Float] = []
        for group in 0..<input.count * groups {
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
        let result = MutableMaps(input.sizes)
        combine(
            Term(gradient, gradientScales), Term(input, inputScales), shifts: shifts, relu: false,
            into: result)
        return GroupNormGradients(input: result.tensor, weight: weightGradient, bias: biasGradient)
    }
}

/// Mean and 1 / √(variance + epsilon) of each group of each map: `[maps · groups]`.
private struct GroupStatistics {
    var means: [Double] = []
    var factors: [Double] = []

    /// - Parameter sums: of the input and its square.
    init(_ sums: ChannelSums, _ norm: GroupNorm, _ maps: MapSizes) {
        let size = maps.channels / norm.groups
        let count = Double(max(maps.area * size, 1))
        for first in stride(from: 0, to: maps.count * maps.channels, by: size) {
            let mean = sums.sums[first..<first + size].reduce(0, +) / count
            let square = sums.products[first..<first + size].reduce(0, +) / count
            means.append(mean)
            factors.append(1 / (max(square - mean * mean, 0) + Double(norm.epsilon)).squareRoot())
        }
    }
}

extension MapSizes {
    /// Calls `body` in parallel for blocks of positions that the nearest cache holds: with the map, the
    /// number of the block in its map, and its positions, counted through the whole batch.
    fileprivate func forEachBlock(_ body: @Sendable (_ map: Int, _ block: Int, Range<Int>) -> Void) {
        let (size, blocks) = (blockSize, blocksPerMap)
        parallel(count * blocks) { index in
            let (map, block) = index.quotientAndRemainder(dividingBy: blocks)
            let first = map * area
            body(map, block, first + block * size..<first + min((block + 1) * size, area))
        }
    }

    private var blockSize: Int { max(16, 4096 / max(channels, 1)) }
    fileprivate var blocksPerMap: Int { (area + blockSize - 1) / blockSize }
}

/// Sums over the positions of each map, in `Double`: `[maps · channels]`.
private struct ChannelSums {
    /// Of the values.
    var sums: [Double]
    /// Of the values times the others.
    var products: [Double]

    init(of values: Maps, times others: Maps) {
        let (channels, blocksPerMap) = (values.channels, values.sizes.blocksPerMap)
        sums = Array(repeating: 0, count: values.count * channels)
        products = sums
        // Sums and products of each block, which are then added in order: the same on any number of threads.
        let partial = blockSums(values, others)
        for block in 0..<values.count * blocksPerMap {
            let map = block / blocksPerMap
            for channel in 0..<channels {
                sums[map * channels + channel] += partial[block * 2 * channels + channel]
                products[map * channels + channel] += partial[(block * 2 + 1) * channels + channel]
            }
        }
    }
}

/// Sums over the positions of each block: for each block the values' sums, then the products', `[blocks, 2, channels]`.
private func blockSums(_ values: Maps, _ others: Maps) -> [Double] {
    let (channels, blocksPerMap) = (values.channels, values.sizes.blocksPerMap)
    return [Double](unsafeUninitializedCapacity: values.count * blocksPerMap * 2 * channels) {
        partial, initializedCount in
        initializedCount = partial.count
        guard let start = partial.baseAddress else { return }
        nonisolated(unsafe) let partial = start
        values.sizes.forEachBlock { map, block, positions in
            let result = partial + (map * blocksPerMap + block) * 2 * channels
            forEachChannelVector(of: channels) { vector in
                var sum = SIMD8<Double>.zero
                var product = SIMD8<Double>.zero
                for position in positions {
                    let value = SIMD8<Double>(values[position: position][vector])
                    sum += value
                    product += value * SIMD8<Double>(others[position: position][vector])
                }
                result.store(sum, vector)
                (result + channels).store(product, vector)
            }
        }
    }
}

/// Maps and their factors: one for each channel of each map.
private struct Term {
    let values: Maps
    let scales: Matrix

    init(_ values: Maps, _ scales: [Float]) {
        self.values = values
        self.scales = Matrix(
            Tensor(shape: [scales.count], elements: scales), rows: values.count, columns: values.channels)
    }
}

/// `output = scale · first + scale · second + shift`, with a scale and a shift for each channel of each map.
private func combine(
    _ first: Term, _ second: Term?, shifts: [Float], relu: Bool, into output: MutableMaps
) {
    let shifts = Term(first.values, shifts).scales
    output.sizes.forEachBlock { map, _, positions in
        forEachChannelVector(of: output.channels) { channels in
            let (scale, shift) = (first.scales[map][channels], shifts[map][channels])
            let otherScale = second?.scales[map][channels] ?? .zero
            for position in positions {
                var result = scale * first.values[position: position][channels] + shift
                if let second { result += otherScale * second.values[position: position][channels] }
                output[position: position][channels] = relu ? result.relu : result
            }
        }
    }
}

import Execution
import Tensors

// Group norm by its definition, group by group, in `Double`.

extension GroupNorm {
    func normalizeDirectly(_ input: Maps, _ residual: Maps?, relu: Bool, into output: MutableMaps) {
        parallel(input.count * groups) { index in
            let (map, channels) = (index / groups, channels(of: index % groups))
            let statistics = statistics(of: input, map, channels)
            for position in map * input.sizes.area..<(map + 1) * input.sizes.area {
                for channel in channels {
                    let normalized =
                        (Double(input[position: position][channel]) - statistics.mean) * statistics.factor
                    var value = Double(weight[channel]) * normalized + Double(bias[channel])
                    if let residual { value += Double(residual[position: position][channel]) }
                    output[position: position][channel] = relu && value < 0 ? 0 : Float(value)
                }
            }
        }
    }

    func directGradients(_ gradient: Maps, _ input: Maps) -> GroupNormGradients {
        let result = MutableMaps(input.sizes)
        let sums = parallelMap(input.count * groups) { index in
            groupGradients(gradient, input, index / groups, channels(of: index % groups), into: result)
        }
        var weightGradient = Array(repeating: 0.0, count: weight.count)
        var biasGradient = weightGradient
        for (index, sum) in sums.enumerated() {
            for (offset, channel) in channels(of: index % groups).enumerated() {
                weightGradient[channel] += sum.weight[offset]
                biasGradient[channel] += sum.bias[offset]
            }
        }
        return GroupNormGradients(input: result.tensor, weight: weightGradient, bias: biasGradient)
    }

    /// Writes the gradient by the input of one group of one map.
    /// - Returns: the gradients by the weights and the biases of the group's channels.
    private func groupGradients(
        _ gradient: Maps, _ input: Maps, _ map: Int, _ channels: Range<Int>, into result: MutableMaps
    ) -> (weight: [Double], bias: [Double]) {
        let statistics = statistics(of: input, map, channels)
        let positions = map * input.sizes.area..<(map + 1) * input.sizes.area
        func slope(_ position: Int, _ channel: Int) -> Double {
            Double(gradient[position: position][channel])
        }
        func normalized(_ position: Int, _ channel: Int) -> Double {
            (Double(input[position: position][channel]) - statistics.mean) * statistics.factor
        }
        // Of each channel: Σ gradient · x̂ and Σ gradient.
        let products = channels.map { channel in
            positions.reduce(0) { $0 + slope($1, channel) * normalized($1, channel) }
        }
        let sums = channels.map { channel in positions.reduce(0) { $0 + slope($1, channel) } }
        // Of h = weight · gradient, over the group.
        let count = Double(max(positions.count * channels.count, 1))
        let mean = zip(channels, sums).reduce(0) { $0 + Double(weight[$1.0]) * $1.1 } / count
        let meanProduct = zip(channels, products).reduce(0) { $0 + Double(weight[$1.0]) * $1.1 } / count
        for position in positions {
            for channel in channels {
                let h = Double(weight[channel]) * slope(position, channel)
                result[position: position][channel] = Float(
                    (h - mean - normalized(position, channel) * meanProduct) * statistics.factor)
            }
        }
        return (products, sums)
    }

    /// Mean and 1 / √(variance + epsilon) of a group of one map.
    private func statistics(of maps: Maps, _ map: Int, _ channels: Range<Int>) -> (
        mean: Double, factor: Double
    ) {
        let values = (map * maps.sizes.area..<(map + 1) * maps.sizes.area).flatMap { position in
            channels.map { Double(maps[position: position][$0]) }
        }
        let count = Double(max(values.count, 1))
        let mean = values.reduce(0, +) / count
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
        return (mean, 1 / (variance + Double(epsilon)).squareRoot())
    }
}

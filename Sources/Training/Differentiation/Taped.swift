import Kernels
import Inference
import Tensors

/// A value in the network's forward pass whose computation is recorded on a tape.
///
/// The same network code runs on it as on a plain `Tensor`; training has no second definition of the network.
package struct Taped: Sendable {
    /// The plain tensor.
    package let value: Tensor
    let tape: Tape
    /// Its index on the tape; nil for a constant.
    package let node: Int?
}

/// Each operation calls its kernel and records the kernel's pullback on the tape.
extension Taped: Activation {
    /// Convolution with normalisation, residual and ReLU: two tape entries with a group norm, otherwise one.
    package func convolved(by layer: ConvolutionLayer, adding residual: Taped?, relu: Bool) -> Taped {
        guard let norm = layer.groupNorm else {
            return convolved(by: layer, finishing: residual, relu: relu)
        }
        return convolved(by: layer, finishing: nil, relu: false)
            .normalized(by: norm, of: layer.name, adding: residual, relu: relu)
    }

    private func convolved(by layer: ConvolutionLayer, finishing residual: Taped?, relu: Bool) -> Taped {
        let convolution = layer.convolution
        return weighted(
            convolution(value, adding: residual?.value, relu: relu), by: layer.name,
            // The shift of a folded batch norm is fixed, like its scale.
            hasBias: layer.hasBias, adding: residual, relu: relu,
            weightGradient: { convolution.weightGradient($0, input: $1) },
            inputGradient: { convolution.inputGradient($0, inputShape: $1) })
    }

    /// Records the output of a layer with a weight and optionally a bias; convolutions, transposed convolutions and
    /// fully connected layers share this.
    private func weighted(
        _ output: Tensor, by layer: String, hasBias: Bool = true, adding residual: Taped? = nil,
        relu: Bool, weightGradient: @escaping (_ gradient: Tensor, _ input: Tensor) -> Tensor,
        inputGradient: @escaping (_ gradient: Tensor, _ shape: [Int]) -> Tensor
    ) -> Taped {
        let input = self
        let (weight, bias) = ("\(layer).weight", "\(layer).bias")
        return tape.record(
            output, from: [self] + (residual.map { [$0] } ?? []),
            parameters: hasBias ? [weight, bias] : [weight]
        ) { gradient, gradients in
            let gradient = relu ? reluGradient(gradient, output: output) : gradient
            if let residual { gradients.add(gradient, to: residual) }
            gradients.add(weightGradient(gradient, input.value), to: weight)
            if hasBias { gradients.add(summedOverPositions(gradient), to: bias) }
            gradients.add(inputGradient(gradient, input.value.shape), to: input)
        }
    }

    private func normalized(by norm: GroupNorm, of layer: String, adding residual: Taped?, relu: Bool)
        -> Taped
    {
        let input = self
        let (weight, bias) = ("\(layer).norm.weight", "\(layer).norm.bias")
        let output = norm(value, adding: residual?.value, relu: relu)
        return tape.record(
            output, from: [self] + (residual.map { [$0] } ?? []), parameters: [weight, bias]
        ) { gradient, gradients in
            let gradient = relu ? reluGradient(gradient, output: output) : gradient
            if let residual { gradients.add(gradient, to: residual) }
            let normGradients = norm.gradients(gradient, input: input.value)
            gradients.add(normGradients.weight, to: weight)
            gradients.add(normGradients.bias, to: bias)
            gradients.add(normGradients.input, to: input)
        }
    }

    /// One tape entry, with gradients of the input, the weight and the bias.
    package func upsampled(by layer: TransposedConvolutionLayer, relu: Bool) -> Taped {
        let convolution = layer.convolution
        return weighted(
            convolution(value, relu: relu), by: layer.name, relu: relu,
            weightGradient: { convolution.weightGradient($0, input: $1) },
            inputGradient: { convolution.inputGradient($0, inputShape: $1) })
    }

    /// One tape entry, with gradients of the input, the weight and the bias.
    package func dense(by layer: DenseLayer, relu: Bool) -> Taped {
        let dense = layer.dense
        return weighted(
            dense(value, relu: relu), by: layer.name, relu: relu,
            weightGradient: { dense.weightGradient($0, input: $1) },
            inputGradient: { dense.inputGradient($0, inputShape: $1) })
    }

    /// One tape entry: the gradient of each window goes to its maximum.
    package func maxPooled(_ window: ConvolutionWindow) -> Taped {
        let input = self
        return tape.record(Kernels.maxPooled(value, window: window), from: [self]) { gradient, gradients in
            gradients.add(maxPooledGradient(gradient, input: input.value, window: window), to: input)
        }
    }

    /// One tape entry: the map's gradient is the output's; the coarser map's is its sum over each enlarged cell.
    package consuming func addingUpsampled(_ coarser: Taped) -> Taped {
        let input = self
        let (height, width) = (coarser.value.shape[0], coarser.value.shape[1])
        return tape.record(
            Kernels.addingUpsampled(input.value, coarser.value), from: [input, coarser]
        ) { gradient, gradients in
            gradients.add(gradient, to: input)
            gradients.add(upsampledNearestGradient(gradient, height: height, width: width), to: coarser)
        }
    }

    /// One tape entry: the gradient of both summands is the output's.
    package func adding(_ other: Taped) -> Taped {
        let input = self
        return tape.record(sum(value, other.value), from: [input, other]) { gradient, gradients in
            gradients.add(gradient, to: input)
            gradients.add(gradient, to: other)
        }
    }

    /// One tape entry: the gradient is interpolated by the transposed operation.
    package func enlargedBilinearly(by factor: Int) -> Taped {
        let input = self
        let shape = value.shape
        return tape.record(value.enlargedBilinearly(by: factor), from: [self]) { gradient, gradients in
            gradients.add(resizedBilinearlyGradient(gradient, inputShape: shape), to: input)
        }
    }

    /// One tape entry. The regions are constants, as in the paper: no gradient reaches the proposals.
    package static func pooled(
        from maps: [Taped], regions: [RegionOfInterest], scales: [Float], by layer: RoILayer
    ) -> Taped {
        precondition(!maps.isEmpty, "pooling from no map")
        let values = maps.map(\.value)
        return maps[0].tape.record(
            layer(values, regions: regions, scales: scales), from: maps
        ) { gradient, gradients in
            let mapGradients = layer.gradient(gradient, maps: values, regions: regions, scales: scales)
            for (map, mapGradient) in zip(maps, mapGradients) { gradients.add(mapGradient, to: map) }
        }
    }

    /// One tape entry: the gradient is divided evenly among the positions.
    package func averagedOverPositions() -> Taped {
        let input = self
        let shape = value.shape
        return tape.record(Kernels.averagedOverPositions(value), from: [self]) { gradient, gradients in
            gradients.add(averagedOverPositionsGradient(gradient, inputShape: shape), to: input)
        }
    }

    /// One tape entry: the gradient is reshaped back.
    package func reshaped(to shape: [Int]) -> Taped {
        let input = self
        let inputShape = value.shape
        return tape.record(value.reshaped(to: shape), from: [self]) { gradient, gradients in
            gradients.add(gradient.reshaped(to: inputShape), to: input)
        }
    }

    /// One tape entry: the gradient's axes are permuted back.
    package func channelsLast() -> Taped {
        let input = self
        return tape.record(Kernels.channelsLast(value), from: [self]) { gradient, gradients in
            gradients.add(channelsFirst(gradient), to: input)
        }
    }
}

import Kernels

// Weights are repacked once for the algorithm that uses them. That happens at first use unless it is done in advance,
// for example to time single images.

extension Network {
    /// Repacks all weights in advance.
    func prepare() {
        for layer in convolutions { layer.convolution.prepare() }
        for layer in denseLayers { layer.dense.prepare() }
        for layer in transposedConvolutions { layer.convolution.prepare() }
    }

    /// All convolutions, in data-flow order.
    var convolutions: [ConvolutionLayer] {
        var layers = [backbone.stem] + backbone.stages.flatMap(\.convolutions)
        if let pyramid { layers += pyramid.laterals + pyramid.outputs }
        layers += rpn.hidden + [rpn.objectness, rpn.deltas]
        switch box.body {
        case .twoLayers: break
        case .convolutions(let convolutions, _): layers += convolutions
        case .residualStage(let stage): layers += stage.convolutions
        }
        if case .convolutions(let convolutions, _, let logits) = mask?.body {
            layers += convolutions + [logits]
        }
        return layers + (keypoints?.hidden ?? [])
    }

    /// All fully connected layers.
    var denseLayers: [DenseLayer] {
        var layers: [DenseLayer] = []
        switch box.body {
        case .twoLayers(let first, let second): layers += [first, second]
        case .convolutions(_, let dense): layers.append(dense)
        case .residualStage: break
        }
        layers += [box.logits, box.deltas]
        if case .fullyConnected(let hidden, let logits, _, _) = mask?.body { layers += hidden + [logits] }
        return layers
    }

    /// All transposed convolutions.
    var transposedConvolutions: [TransposedConvolutionLayer] {
        var layers: [TransposedConvolutionLayer] = []
        if case .convolutions(_, let upsampled, _) = mask?.body { layers.append(upsampled) }
        if let keypoints { layers.append(keypoints.heatmaps) }
        return layers
    }
}

extension ResidualStage {
    fileprivate var convolutions: [ConvolutionLayer] {
        blocks.flatMap(\.layers)
    }
}

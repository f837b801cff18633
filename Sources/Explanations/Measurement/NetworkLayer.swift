import Inference
import Kernels
import Tensors

/// One layer of a network, for tables of weights and costs.
package struct NetworkLayer {
    /// The kind of layer, with its kernel.
    package enum Kind {
        case convolution(Convolution)
        case transposed(TransposedConvolution)
        case dense(Dense)
    }

    /// The name of the stage that it computes.
    package let name: String
    /// The step of the pipeline that it belongs to.
    package let step: PipelineStep
    package let kind: Kind

    package init(_ layer: ConvolutionLayer, _ step: PipelineStep) {
        (name, self.step, kind) = (layer.name, step, .convolution(layer.convolution))
    }

    package init(_ layer: TransposedConvolutionLayer, _ step: PipelineStep) {
        (name, self.step, kind) = (layer.name, step, .transposed(layer.convolution))
    }

    package init(_ layer: DenseLayer, _ step: PipelineStep) {
        (name, self.step, kind) = (layer.name, step, .dense(layer.dense))
    }

    /// The weights, in PyTorch's axis order.
    package var weight: Tensor {
        switch kind {
        case .convolution(let layer): layer.weight
        case .transposed(let layer): layer.weight
        case .dense(let layer): layer.weight
        }
    }

    /// The number of output channels: axis 1 of ``weight`` in transposed convolutions, axis 0 in other layers.
    package var outputs: Int {
        switch kind {
        case .convolution(let layer): layer.outputs
        case .transposed(let layer): layer.outputs
        case .dense(let layer): layer.outputs
        }
    }

    /// The number of products that are summed for one output element.
    package var summands: Int {
        switch kind {
        case .convolution(let layer): layer.weight.count / max(layer.outputs, 1)
        case .transposed(let layer):
            // Each output receives (kernel / stride)² of the kernel's products per input channel.
            layer.weight.count / max(layer.outputs * layer.stride * layer.stride, 1)
        case .dense(let layer): layer.inputs
        }
    }

    /// The scale of a folded batch norm, one factor per output; nil if there is none.
    package var scale: [Float]? {
        if case .convolution(let layer) = kind { layer.scale } else { nil }
    }

    /// The output channel of the weight at a flat index.
    package func output(ofWeight index: Int) -> Int {
        let shape = weight.shape
        if case .transposed = kind { return index / (shape[2] * shape[3]) % shape[1] }
        return index / (weight.count / max(shape[0], 1))
    }
}

extension Network {
    /// All layers with weights, in data-flow order.
    package var layers: [NetworkLayer] {
        var layers = [NetworkLayer(backbone.stem, .backbone)]
        layers += backbone.stages.flatMap { $0.layers(.backbone) }
        if let pyramid {
            for level in pyramid.laterals.indices.reversed() {
                layers.append(NetworkLayer(pyramid.laterals[level], .pyramid))
                layers.append(NetworkLayer(pyramid.outputs[level], .pyramid))
            }
        }
        layers += (rpn.hidden + [rpn.objectness, rpn.deltas]).map { NetworkLayer($0, .rpn) }
        switch box.body {
        case .twoLayers(let first, let second):
            layers += [first, second].map { NetworkLayer($0, .boxes) }
        case .convolutions(let convolutions, let dense):
            layers += convolutions.map { NetworkLayer($0, .boxes) } + [NetworkLayer(dense, .boxes)]
        case .residualStage(let stage): layers += stage.layers(.boxes)
        }
        layers += [box.logits, box.deltas].map { NetworkLayer($0, .boxes) }
        switch mask?.body {
        case .convolutions(let convolutions, let upsampled, let logits):
            layers += convolutions.map { NetworkLayer($0, .masks) }
            layers += [NetworkLayer(upsampled, .masks), NetworkLayer(logits, .masks)]
        case .fullyConnected(let hidden, let logits, _, _):
            layers += (hidden + [logits]).map { NetworkLayer($0, .masks) }
        case nil: break
        }
        if let keypoints {
            layers += keypoints.hidden.map { NetworkLayer($0, .keypoints) }
            layers.append(NetworkLayer(keypoints.heatmaps, .keypoints))
        }
        return layers
    }
}

extension ResidualStage {
    /// The stage's layers, in data-flow order.
    package func layers(_ step: PipelineStep) -> [NetworkLayer] {
        blocks.flatMap { $0.layers.map { NetworkLayer($0, step) } }
    }
}

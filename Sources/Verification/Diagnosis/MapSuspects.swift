import Kernels
import Inference
import Tensors

// Common faults of feature maps: their layout, the backbone's strides, the pyramid's sums.

extension Diagnosis {
    static var mapSuspects: [Suspect] {
        [
            .rearranged(
                "height and width exchanged",
                in: [
                    "input.tensor", "backbone.*", "fpn.*", "rpn.hidden.*", "rpn.objectness.*", "rpn.deltas.*",
                    "box.pooled", "box.convolution.*", "box.c5", "mask.pooled", "mask.c5", "mask.hidden.*",
                    "mask.upsampled", "mask.logits", "mask.probabilities", "keypoint.pooled",
                    "keypoint.hidden.*",
                    "keypoint.heatmaps", "output.masks",
                ], [(nil, { $0.transposed })]),
            Suspect(
                "stride in the other convolution of a block",
                in: ["backbone.c3", "backbone.c4", "backbone.c5"]
            ) { trial in
                var steps = PipelineSteps<Tensor>()
                steps.residualStage = { stage, map in
                    stage.blocks.dropFirst().reduce(stage.blocks[0].withStrideMoved(map)) { $1($0) }
                }
                let runner = StageRunner(model: trial.model, bundle: trial.bundle)
                return [Prediction(.tensor(try runner.run(trial.stage, steps: steps).floats))]
            },
            Suspect("upsampled by interpolation, not by repetition", in: ["fpn.topdown.*"]) { trial in
                guard let level = Int(trial.stage.name.suffix(1)), let shape = trial.expected.tensor?.shape,
                    shape.count == 3, shape.allSatisfy({ $0 > 0 })
                else {
                    return []
                }
                let coarser = try trial.bundle.map(.merged(level + 1))
                guard coarser.count > 0 else { return [] }
                let enlarged = resizedBilinearly(coarser, height: shape[1], width: shape[2])
                return [Prediction(.tensor(channelsFirst(enlarged)))]
            },
            .rearranged(
                "averaged, not summed", in: ["fpn.merged.p2", "fpn.merged.p3", "fpn.merged.p4"],
                [(nil, { $0.mapped { $0 / 2 } })]),
            .rearranged(
                "ReLU where none belongs",
                in: [
                    "fpn.lateral.*", "fpn.p*", "rpn.objectness.*", "rpn.deltas.*", "box.logits", "box.deltas",
                ],
                [(nil, { $0.mapped { max($0, 0) } })]),
        ]
    }
}

extension ResidualBlock {
    /// The block with the stride of its second convolution given to the first, or the reverse.
    fileprivate func withStrideMoved(_ input: Tensor) -> Tensor {
        let strides = convolutions.prefix(2).map(\.convolution.window.stride)
        let moved = zip(convolutions, strides.reversed()).map { $0.withStride($1) }
        return self(input, by: moved + convolutions.dropFirst(2))
    }
}

extension ConvolutionLayer {
    fileprivate func withStride(_ stride: Int) -> ConvolutionLayer {
        var layer = self
        var window = convolution.window
        window.stride = stride
        layer.convolution = Convolution(
            weight: convolution.weight, scale: convolution.scale, shift: convolution.shift, window: window)
        return layer
    }
}

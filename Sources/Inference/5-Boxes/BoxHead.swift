import Kernels
import Tensors

/// The box head: classifies every proposal and refines its box (Mask R-CNN, figure 4; Fast R-CNN).
package struct BoxHead: Sendable {
    /// The layers that turn a pooled proposal into a vector.
    package enum Body: Sendable {
        /// Two fully connected layers, each with ReLU.
        case twoLayers(DenseLayer, DenseLayer)
        /// 3×3 convolutions, then a fully connected layer, each with ReLU.
        case convolutions([ConvolutionLayer], DenseLayer)
        /// The fifth residual stage, averaged over positions.
        case residualStage(ResidualStage)
    }

    /// The layers that turn a pooled proposal into a vector.
    package let body: Body
    /// Fully connected layer, one logit per class, background first.
    package let logits: DenseLayer
    /// Four numbers a class, background included; or four for all classes.
    package let deltas: DenseLayer

    /// Takes the head's parameters from `source`.
    init(
        _ configuration: Architecture, inputs: Int, from source: inout some ParameterSource
    ) throws {
        let boxes = configuration.boxes
        func pooled(_ channels: Int) -> MapSize {
            MapSize(height: boxes.poolSize, width: boxes.poolSize, channels: channels)
        }
        let width: Int
        switch boxes.head {
        case .twoLayers(let hidden):
            let map = pooled(inputs)
            body = .twoLayers(
                try DenseLayer(
                    "box.hidden.1", inputs: map.count, outputs: hidden, flattening: map, from: &source),
                try DenseLayer("box.hidden.2", inputs: hidden, outputs: hidden, from: &source))
            width = hidden
        case .convolutions(let count, let channels, let norm, let hidden):
            var convolutions: [ConvolutionLayer] = []
            for index in 0..<count {
                convolutions.append(
                    try ConvolutionLayer(
                        "box.convolution.\(index + 1)", inputs: index == 0 ? inputs : channels,
                        outputs: channels, window: ConvolutionWindow(kernel: 3), norm: norm, from: &source))
            }
            let map = pooled(count == 0 ? inputs : channels)
            body = .convolutions(
                convolutions,
                try DenseLayer(
                    "box.hidden.1", inputs: map.count, outputs: hidden, flattening: map, from: &source))
            width = hidden
        case .residualStage:
            body = .residualStage(
                try ResidualStage("box.c5", index: 5, stride: 2, configuration.backbone, from: &source))
            width = configuration.backbone.outputs[3]
        }
        logits = try DenseLayer(
            "box.logits", inputs: width, outputs: configuration.classes + 1, initialization: .normal(0.01),
            from: &source)
        deltas = try DenseLayer(
            "box.deltas", inputs: width, outputs: boxes.isClassAgnostic ? 4 : 4 * (configuration.classes + 1),
            initialization: .normal(0.001), from: &source)
    }

    /// The head's output for all proposals.
    package struct Output<A: Activation> {
        /// `[proposals, classes + 1]`, background first.
        package let logits: A
        /// The softmax of each row of logits.
        package let probabilities: Tensor
        /// dx, dy, dw, dh for each class, `[proposals, (classes + 1) · 4]`; class-agnostic, `[proposals, 4]`.
        package let deltas: A
    }

    /// The feature vector of each proposal, from its pooled features, `[proposals, size, size, channels]`.
    package func hidden<A: Activation>(_ pooled: A, in run: PipelineRun<A> = PipelineRun()) -> A {
        switch body {
        case .twoLayers(let first, let second):
            let hidden = run.stage(.boxHidden(1), .table(columns: first.dense.outputs)) {
                pooled.dense(by: first, relu: true)
            }
            return run.stage(.boxHidden(2), .table(columns: second.dense.outputs)) {
                hidden.dense(by: second, relu: true)
            }
        case .convolutions(let convolutions, let dense):
            var map = pooled
            for (index, layer) in convolutions.enumerated() {
                map = run.stage(
                    .boxConvolution(index + 1),
                    .regionMaps(side: dense.dense.flattening?.height, channels: layer.convolution.outputs)
                ) {
                    map.convolved(by: layer, relu: true)
                }
            }
            return run.stage(.boxHidden(1), .table(columns: dense.dense.outputs)) {
                map.dense(by: dense, relu: true)
            }
        case .residualStage(let stage):
            let map = run.stage(.boxC5, .regionMaps(channels: stage.outputs)) { stage(pooled) }
            return run.stage(.boxHidden(1), .table(columns: stage.outputs)) { map.averagedOverPositions() }
        }
    }

    /// Logits and deltas of each proposal, from its feature vector.
    package func output<A: Activation>(_ hidden: A, in run: PipelineRun<A> = PipelineRun()) -> Output<A> {
        let classes = logits.dense.outputs
        let scores = run.stage(.boxLogits, .table(columns: classes)) {
            hidden.dense(by: logits, relu: false)
        }
        return Output(
            logits: scores,
            probabilities: run.value(.boxProbabilities, .table(columns: classes)) { softmax(scores.value) },
            deltas: run.stage(.boxDeltas, .groupedTable(groups: deltas.dense.outputs / 4, columns: 4)) {
                hidden.dense(by: deltas, relu: false)
            })
    }
}

extension MapSize {
    /// Number of elements, height · width · channels.
    var count: Int { height * width * channels }
}

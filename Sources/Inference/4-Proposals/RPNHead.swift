import Kernels
import Tensors

/// The region proposal network's head, run on every level with the same weights: a 3×3 convolution, then two sibling
/// 1×1 convolutions (Faster R-CNN, section 3.1).
package struct RPNHead: Sendable {
    /// 3×3 convolutions with ReLU; one, or two in torchvision's second generation.
    package let hidden: [ConvolutionLayer]
    /// 1×1 convolution, one logit per anchor.
    package let objectness: ConvolutionLayer
    /// 1×1 convolution, dx, dy, dw, dh per anchor.
    package let deltas: ConvolutionLayer

    /// Takes the head's parameters from `source`.
    init(_ configuration: Architecture.Proposals, inputs: Int, from source: inout some ParameterSource)
        throws
    {
        var hidden: [ConvolutionLayer] = []
        for index in 0..<configuration.convolutions {
            hidden.append(
                try ConvolutionLayer(
                    "rpn.hidden.\(index + 1)", inputs: index == 0 ? inputs : configuration.channels,
                    outputs: configuration.channels, window: ConvolutionWindow(kernel: 3),
                    initialization: .normal(0.01), from: &source))
        }
        self.hidden = hidden
        objectness = try ConvolutionLayer(
            "rpn.objectness", inputs: configuration.channels, outputs: configuration.anchorsPerPosition,
            window: ConvolutionWindow(kernel: 1), initialization: .normal(0.01), from: &source)
        deltas = try ConvolutionLayer(
            "rpn.deltas", inputs: configuration.channels, outputs: 4 * configuration.anchorsPerPosition,
            window: ConvolutionWindow(kernel: 1), initialization: .normal(0.01), from: &source)
    }

    /// The head's output for one level.
    package struct Output<A: Activation> {
        /// Logits, `[height, width, anchors]`.
        package let objectness: A
        /// dx, dy, dw, dh per anchor, `[height, width, anchors · 4]`.
        package let deltas: A

        /// An output that was computed elsewhere.
        package init(objectness: A, deltas: A) {
            self.objectness = objectness
            self.deltas = deltas
        }
    }

    /// The hidden map that both outputs of a level are computed from: `[height, width, channels]`.
    package func hidden<A: Activation>(_ feature: A) -> A {
        hidden.reduce(feature) { $0.convolved(by: $1, relu: true) }
    }

    /// Objectness and deltas of one level, from its feature map.
    package func callAsFunction<A: Activation>(
        _ feature: A, level name: String, in run: PipelineRun<A> = PipelineRun()
    ) -> Output<A> {
        let anchors = objectness.convolution.outputs
        let hidden = run.stage(.rpnHidden(name), .map(channels: objectness.convolution.inputs)) {
            self.hidden(feature)
        }
        let logits = run.stage(.objectness(name), .anchorMap(perAnchor: 1, anchors: anchors)) {
            hidden.convolved(by: objectness)
        }
        let deltas = run.stage(
            .rpnDeltas(name), .anchorMap(perAnchor: 4, anchors: anchors, size: logits.value.mapSize)
        ) {
            hidden.convolved(by: self.deltas)
        }
        return Output(objectness: logits, deltas: deltas)
    }
}

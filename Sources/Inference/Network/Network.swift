import Geometry
import Kernels
import Tensors

/// The parts of the network that have parameters. The steps between them (anchors, selection, pasting) have none and
/// are plain functions.
public struct Network: Sendable {
    /// Stem and residual stages.
    package let backbone: ResNet
    /// Feature pyramid; nil in C4 and C5 models.
    package let pyramid: FeaturePyramid?
    /// The region proposal network's head: objectness and deltas of anchors.
    package let rpn: RPNHead
    /// The box head: classes and refined boxes of proposals.
    package let box: BoxHead
    /// The mask head; nil in a model without masks.
    package let mask: MaskHead?
    /// The keypoint head; nil in a model without keypoints.
    package let keypoints: KeypointHead?

    /// Builds the network with parameters from `source`.
    /// - Throws: the source's error for a parameter that is missing or has another shape.
    package init(_ configuration: Architecture, from source: inout some ParameterSource) throws {
        let backbone = configuration.backbone
        let channels: Int
        switch configuration.features {
        case .pyramid(let parts):
            self.backbone = try ResNet(backbone, lastStage: 5, from: &source)
            pyramid = try FeaturePyramid(parts, inputs: backbone.outputs, from: &source)
            channels = parts.channels
        case .c4:
            self.backbone = try ResNet(backbone, lastStage: 4, from: &source)
            pyramid = nil
            channels = backbone.outputs[2]
        case .c5:
            self.backbone = try ResNet(backbone, lastStage: 5, from: &source)
            pyramid = nil
            channels = backbone.outputs[3]
        }
        rpn = try RPNHead(configuration.proposals, inputs: channels, from: &source)
        box = try BoxHead(configuration, inputs: channels, from: &source)
        // In a C4 model, the mask head reads the output of the fifth stage, which it shares with the box head.
        let maskInputs = configuration.boxes.head == .residualStage ? backbone.outputs[3] : channels
        mask = try configuration.masks.map {
            try MaskHead($0, classes: configuration.classes, inputs: maskInputs, from: &source)
        }
        keypoints = try configuration.keypoints.map {
            try KeypointHead($0, inputs: channels, from: &source)
        }
    }

    /// The feature maps that the region proposal network and the heads read, finest first.
    package func features<A: Activation>(_ input: A, in run: PipelineRun<A> = PipelineRun()) -> [A] {
        let maps = backbone(input, in: run)
        run.finished(.backbone)
        guard let pyramid else { return [maps[maps.count - 1]] }
        let levels = pyramid(consume maps, in: run)
        run.finished(.pyramid)
        return levels
    }

    /// The mask logits of regions, from their pooled features.
    package func masks<A: Activation>(
        _ pooled: A, by head: MaskHead, in run: PipelineRun<A> = PipelineRun()
    ) -> A {
        guard case .residualStage(let stage) = box.body else { return head(pooled, in: run) }
        let map = run.stage(.maskC5, .regionMaps(channels: stage.outputs)) { stage(pooled) }
        return head(map, in: run)
    }
}

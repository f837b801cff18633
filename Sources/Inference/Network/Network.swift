import Geometry
import Kernels
import Tensors

/// The parts of the network that have parameters. What lies between them — anchors, selection, pasting — has
/// none and is written as plain functions.
public struct Network: Sendable {
    /// Stem and residual stages.
    package let backbone: ResNet
    /// Feature pyramid, in FPN models.
    package let pyramid: FeaturePyramid?
    /// Objectness and deltas of anchors.
    package let rpn: RPNHead
    /// Classes and refined boxes of proposals.
    package let box: BoxHead
    /// Masks of detections.
    package let mask: MaskHead?
    /// Keypoints of detections.
    package let keypoints: KeypointHead?

    /// Builds the network with parameters from `source`.
    /// - Throws: what the source throws for a parameter that is missing or of another shape.
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
        // In a C4 model the masks share the fifth stage with the boxes.
        let maskInputs = configuration.boxes.head == .residualStage ? backbone.outputs[3] : channels
        mask = try configuration.masks.map {
            try MaskHead($0, classes: configuration.classes, inputs: maskInputs, from: &source)
        }
        keypoints = try configuration.keypoints.map {
            try KeypointHead($0, inputs: channels, from: &source)
        }
    }

    /// The maps that the region proposal network and the heads read, finest first.
    package func features<A: Activation>(_ input: A, in run: PipelineRun<A> = PipelineRun()) -> [A] {
        let maps = backbone(input, in: run)
        run.finished(.backbone)
        guard let pyramid else { return [maps[maps.count - 1]] }
        let levels = pyramid(consume maps, in: run)
        run.finished(.pyramid)
        return levels
    }

    /// The mask logits of regions, from what they pooled.
    package func masks<A: Activation>(
        _ pooled: A, by head: MaskHead, in run: PipelineRun<A> = PipelineRun()
    ) -> A {
        guard case .residualStage(let stage) = box.body else { return head(pooled, in: run) }
        let map = run.stage(.maskC5, .regionMaps(channels: stage.outputs)) { stage(pooled) }
        return head(map, in: run)
    }
}

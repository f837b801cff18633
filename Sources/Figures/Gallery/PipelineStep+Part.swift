import Drawing
import Inference

extension PipelineStep {
    /// The part of the figures that a step belongs to.
    var part: Part {
        switch self {
        case .input: .input
        case .backbone: .backbone
        case .pyramid: .pyramid
        case .rpn, .proposals: .proposals
        case .boxes, .detections: .boxes
        case .masks: .masks
        case .keypoints: .keypoints
        case .output: .output
        }
    }
}

import Geometry
import Tensors

/// Someone who watches the pipeline at work: a recorder, a walkthrough, a clock.
///
/// The pipeline itself never prints, draws, times or writes. Without an observer, nothing that only an
/// observer needs is computed or kept.
public protocol Observer {
    /// Whether `record` should be called for a stage.
    func wants(_ stage: Stage) -> Bool
    /// A stage's value, as soon as it exists.
    func record(_ stage: Stage, _ value: StageValue)
    /// One of the pipeline's steps is done.
    func finished(_ step: PipelineStep)
}

/// The steps of the pipeline, in the order in which they run; also what a benchmark reports on.
public enum PipelineStep: String, CaseIterable, Sendable {
    /// Resize, normalise, pad.
    case input
    /// Stem and residual stages.
    case backbone
    /// Lateral, top-down, smoothing.
    case pyramid
    /// Objectness and deltas of every anchor.
    case rpn
    /// Decode, clip, rank, suppress.
    case proposals
    /// Pool, classify and refine every proposal.
    case boxes
    /// Per-class suppression and the cut.
    case detections
    /// Pool detections and predict masks.
    case masks
    /// Pool detections and predict keypoints.
    case keypoints
    /// Back to the picture's own frame: boxes, pasted masks, keypoints.
    case output
}

/// A stage's value as the pipeline has it. Bundles hold the same numbers channels first.
public enum StageValue: Sendable {
    /// A feature map, `[height, width, channels]`.
    case map(Tensor)
    /// Numbers of each anchor at each position, `[height, width, anchors · perAnchor]`.
    case anchorMap(Tensor, perAnchor: Int)
    /// Maps of several regions, `[regions, height, width, channels]`.
    case regionMaps(Tensor)
    /// A table already in the order of the contract.
    case table(Tensor)
    /// Boxes.
    case boxes([Box])
    /// One number each.
    case numbers([Float])
    /// One index each.
    case indices([Int])
    /// A picture.
    case image(Image)
    /// Masks, each stored for its own region of a picture.
    case masks([InstanceMask], PixelSize)
}

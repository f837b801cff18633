import Geometry
import Tensors

/// Receives the stages of a pipeline run: a recorder, a walkthrough, a timer.
///
/// The pipeline itself never prints, draws, times or writes. Without an observer, nothing that only an
/// observer needs is computed or kept.
public protocol Observer {
    /// Whether `record` should be called for a stage.
    func wants(_ stage: Stage) -> Bool
    /// Receives a stage's value as soon as it is computed.
    func record(_ stage: Stage, _ value: StageValue)
    /// Called when one of the pipeline's steps has finished.
    func finished(_ step: PipelineStep)
}

/// The steps of the pipeline, in the order in which they run. Benchmarks report a time for each.
public enum PipelineStep: String, CaseIterable, Sendable {
    /// Resizes, normalises and pads the image.
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
    /// Non-maximum suppression within each class, and the limit on detections.
    case detections
    /// Pool detections and predict masks.
    case masks
    /// Pool detections and predict keypoints.
    case keypoints
    /// Maps boxes, masks and keypoints back to the original image.
    case output
}

/// A stage's value in the pipeline's layout, channels last. Bundles hold the same numbers channels first.
public enum StageValue: Sendable {
    /// A feature map, `[height, width, channels]`.
    case map(Tensor)
    /// `perAnchor` numbers for each anchor at each position, `[height, width, anchors · perAnchor]`.
    case anchorMap(Tensor, perAnchor: Int)
    /// One map per region, `[regions, height, width, channels]`.
    case regionMaps(Tensor)
    /// A table whose layout is the same in bundles.
    case table(Tensor)
    /// Boxes: x1, y1, x2, y2.
    case boxes([Box])
    /// One number per row.
    case numbers([Float])
    /// One index per row.
    case indices([Int])
    /// An 8-bit RGB image.
    case image(Image)
    /// Masks, each stored for its own region, and the size of the image that they belong to.
    case masks([InstanceMask], PixelSize)
}

import Geometry
import Tensors

/// The steps of the pipeline that have no parameters, and the two operations that combine the network's maps: residual
/// stages and the pyramid's sums. Each can be replaced; their order is fixed.
///
/// ```swift
/// var steps = PipelineSteps<Tensor>()
/// steps.selectProposals = { selection in
///     var proposals = selection.proposals()
///     proposals.boxes.removeAll { $0.width < 32 }
///     …
/// }
/// let instances = model.detect(image, in: PipelineRun(steps: steps))
/// ```
public struct PipelineSteps<A: Activation> {
    /// Applies the blocks of a residual stage to a map.
    package var residualStage: (ResidualStage, A) -> A = { stage, map in stage(map) }
    /// Adds the enlarged coarser map to a lateral map, whose memory it may reuse.
    package var mergeLevels: (_ lateral: consuming A, _ coarser: A) -> A = { lateral, coarser in
        lateral.addingUpsampled(coarser)
    }
    /// Selects the best anchors of one level, decoded and clipped.
    package var selectCandidates: (CandidateSelection) -> Candidates = { $0.candidates() }
    /// Selects proposals from the candidates of all levels by non-maximum suppression.
    package var selectProposals: (ProposalSelection<A>) -> Proposals = { $0.proposals() }
    /// Pools the features of regions.
    package var pool: (RegionPooling<A>) -> A = { $0.pooled() }
    /// Selects detections from classified proposals: per-class suppression, then the limit on their number.
    package var selectDetections: (DetectionSelection<A>) -> Detections = { $0.detections() }
    /// Selects the detections for which masks are predicted: all by default.
    package var selectMaskRegions: (Detections) -> Detections = { $0 }
    /// Computes the mask probabilities of each detection's class, `[detections, side, side]`.
    package var maskProbabilities: (MaskPrediction<A>) -> Tensor = { $0.probabilities() }
    /// Selects the detections for which keypoints are predicted: all by default.
    package var selectKeypointRegions: (Detections) -> Detections = { $0 }
    /// Decodes the keypoints of each detection, in coordinates of the resized image.
    package var decodeKeypoints: (KeypointPrediction<A>) -> [[Keypoint]] = { $0.keypoints() }
    /// Pastes the mask of one detection; called on several threads at once.
    package var paste: @Sendable (MaskPasting) -> InstanceMask = { $0.mask() }

    /// The standard steps of Mask R-CNN.
    public init() {}
}

/// The input of `selectCandidates`, for one level.
package struct CandidateSelection {
    /// An index into the model's `levelNames`.
    package let level: Int
    /// Logits, `[height, width, anchors]`.
    package let objectness: Tensor
    /// dx, dy, dw, dh per anchor, `[height, width, anchors · 4]`.
    package private(set) var deltas: Tensor
    /// One box per logit, in the same order.
    package let anchors: AnchorBoxes
    /// The largest number of candidates.
    package let count: Int
    /// Size of the resized image, without padding.
    package let size: PixelSize
    /// How deltas are decoded, and whether logits or probabilities rank.
    package let conventions: Conventions.Proposals

    init(
        level: Int, objectness: Tensor, deltas: Tensor, anchors: AnchorBoxes, count: Int, size: PixelSize,
        conventions: Conventions.Proposals
    ) {
        self.level = level
        self.objectness = objectness
        self.deltas = deltas
        self.anchors = anchors
        self.count = count
        self.size = size
        self.conventions = conventions
    }

    /// A copy with other deltas.
    package func with(deltas: Tensor) -> CandidateSelection {
        var changed = self
        changed.deltas = deltas
        return changed
    }

    /// The standard selection: the best anchors, decoded and clipped, best first.
    package func candidates() -> Candidates {
        switch anchors {
        case .grid(let grid): candidates(of: grid)
        case .boxes(let boxes): candidates(of: boxes)
        }
    }

    private func candidates(of anchors: some RandomAccessCollection<Box>) -> Candidates {
        Inference.selectCandidates(
            objectness: objectness, deltas: deltas, anchors: anchors, count: count, size: size,
            conventions: conventions)
    }
}

/// The anchors of a level: the model's grid, or boxes that replace it.
package enum AnchorBoxes: Sendable {
    /// The model's grid, computed on access.
    case grid(AnchorGrid)
    /// Boxes from outside, in the grid's order.
    case boxes([Box])

    /// The number of anchors.
    package var count: Int {
        switch self {
        case .grid(let grid): grid.count
        case .boxes(let boxes): boxes.count
        }
    }
}

/// The input of `selectProposals`.
package struct ProposalSelection<A: Activation> {
    /// The region proposal network's output for each level.
    package let outputs: [RPNHead.Output<A>]
    /// The anchors of each level.
    package let anchors: [AnchorGrid]
    /// The candidates of each level.
    package let candidates: [Candidates]
    /// Size of the resized image, without padding.
    package let size: PixelSize
    /// The largest number of proposals, and the NMS threshold.
    package let settings: Settings.Proposals
    /// The smallest side of a box, and the choices of suppression.
    package let conventions: Conventions.Proposals

    /// The standard selection: what non-maximum suppression leaves, best first.
    package func proposals() -> Proposals {
        Inference.selectProposals(candidates, settings: settings, conventions: conventions)
    }
}

/// The input of `pool`: regions, and the maps that they are pooled from.
package struct RegionPooling<A: Activation> {
    /// The maps, finest first.
    package let maps: PooledMaps<A>
    /// The regions, in coordinates of the resized image.
    package let boxes: [Box]
    /// The pyramid level of each box; nil to use the level rule of the conventions.
    package let levels: [Int]?
    /// Bins along each axis of the result.
    package let side: Int

    /// The standard pooling: `[boxes, side, side, channels]`.
    package func pooled() -> A { maps.pooled(boxes, levels: levels, size: side) }
}

/// The input of `selectDetections`.
package struct DetectionSelection<A: Activation> {
    /// Logits and deltas of each proposal.
    package let output: BoxHead.Output<A>
    /// dx, dy, dw, dh per class, `[proposals, (classes + 1) · 4]`.
    package private(set) var deltas: Tensor
    /// The boxes that the deltas refine.
    package let proposals: [Box]
    /// Size of the resized image, without padding.
    package let size: PixelSize
    /// The score and NMS thresholds, and the largest number of detections.
    package let settings: Settings.Boxes
    /// How deltas are decoded, the smallest side of a box, and the choices of suppression.
    package let conventions: Conventions.Detections

    init(
        output: BoxHead.Output<A>, proposals: [Box], size: PixelSize, settings: Settings.Boxes,
        conventions: Conventions.Detections
    ) {
        self.output = output
        self.proposals = proposals
        self.size = size
        self.settings = settings
        self.conventions = conventions
        deltas = output.deltas.value
    }

    /// Class probabilities, `[proposals, classes + 1]`, background first.
    package var probabilities: Tensor { output.probabilities }

    /// A copy with other deltas.
    package func with(deltas: Tensor) -> DetectionSelection {
        var changed = self
        changed.deltas = deltas
        return changed
    }

    /// The standard selection: what per-class suppression and the limit leave, best first.
    package func detections() -> Detections {
        Inference.selectDetections(
            probabilities: probabilities, deltas: deltas, proposals: proposals, size: size,
            settings: settings, conventions: conventions)
    }
}

/// The input of `maskProbabilities`: the mask logits of the selected detections.
package struct MaskPrediction<A: Activation> {
    /// `[detections, side, side, classes + 1]`, or 1 channel for class-agnostic masks.
    package let logits: A
    /// The class of each detection.
    package let classes: [Int]
    /// How mask logits become probabilities.
    package let output: Architecture.Masks.Output

    /// The standard probabilities of each detection's class, `[detections, side, side]`.
    package func probabilities() -> Tensor {
        Inference.maskProbabilities(logits.value, classes: classes, output: output)
    }
}

/// The input of `decodeKeypoints`: the heat maps of the selected detections.
package struct KeypointPrediction<A: Activation> {
    /// Logits, `[detections, height, width, keypoints]`.
    package let heatmaps: A
    /// One box per detection.
    package let boxes: [Box]
    /// How a keypoint's score is computed.
    package let score: Conventions.Output.KeypointScore

    /// The standard decoding: the keypoints of each detection, in the coordinates of `boxes`.
    package func keypoints() -> [[Keypoint]] {
        Inference.decodeKeypoints(heatmaps.value, boxes: boxes, score: score)
    }
}

/// The input of `paste`: one detection's mask.
package struct MaskPasting {
    /// `side · side` values, row by row; valid only during the call.
    package let probabilities: UnsafeBufferPointer<Float>
    /// Side of the map.
    package let side: Int
    /// The detection's box, in pixels of the original image.
    package let box: Box
    /// Size of the original image.
    package let imageSize: PixelSize
    /// The smallest probability of a pixel inside the mask.
    package let threshold: Float
    /// How the map is enlarged to the box.
    package let conventions: Conventions.Output

    /// The standard pasting: the pixels whose interpolated probability reaches the threshold.
    package func mask() -> InstanceMask {
        pasteMask(
            probabilities, side: side, box: box, imageSize: imageSize, threshold: threshold,
            conventions: conventions)
    }
}

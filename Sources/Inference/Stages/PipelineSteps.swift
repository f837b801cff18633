import Geometry
import Tensors

/// The steps of the pipeline that have no parameters, and the two places where the network's maps are put together.
/// Each can be exchanged for another; the order in which they are taken stays.
///
/// ```swift
/// var steps = PipelineSteps<Tensor>()
/// steps.selectProposals = { selection in
///     var proposals = selection.proposals()
///     proposals.boxes.removeAll { $0.width < 32 }
///     …
/// }
/// let instances = model.detect(picture, in: PipelineRun(steps: steps))
/// ```
public struct PipelineSteps<A: Activation> {
    /// The blocks of a residual stage, on a map.
    package var residualStage: (ResidualStage, A) -> A = { stage, map in stage(map) }
    /// The sum of a lateral map and the coarser one, enlarged. May take the lateral map's memory.
    package var mergeLevels: (_ lateral: consuming A, _ coarser: A) -> A = { lateral, coarser in
        lateral.addingUpsampled(coarser)
    }
    /// The best anchors of one level, decoded and clipped.
    package var selectCandidates: (CandidateSelection) -> Candidates = { $0.candidates() }
    /// What suppression leaves of all levels.
    package var selectProposals: (ProposalSelection<A>) -> Proposals = { $0.proposals() }
    /// What regions pool.
    package var pool: (RegionPooling<A>) -> A = { $0.pooled() }
    /// Classes and refined boxes of proposals, after suppression and the cut.
    package var selectDetections: (DetectionSelection<A>) -> Detections = { $0.detections() }
    /// The detections that masks are predicted of: all.
    package var selectMaskRegions: (Detections) -> Detections = { $0 }
    /// The predicted class's mask of each detection, `[detections, side, side]`.
    package var maskProbabilities: (MaskPrediction<A>) -> Tensor = { $0.probabilities() }
    /// The detections that keypoints are predicted of: all.
    package var selectKeypointRegions: (Detections) -> Detections = { $0 }
    /// The keypoints of each detection, in the resized frame.
    package var decodeKeypoints: (KeypointPrediction<A>) -> [[Keypoint]] = { $0.keypoints() }
    /// The pixels of one detection's mask; called on several cores.
    package var paste: @Sendable (MaskPasting) -> InstanceMask = { $0.mask() }

    /// The steps of Mask R-CNN.
    public init() {}
}

/// What the candidates of a level are selected from.
package struct CandidateSelection {
    /// An index into the model's levels.
    package let level: Int
    /// Logits, `[height, width, anchors]`.
    package let objectness: Tensor
    /// dx, dy, dw, dh, `[height, width, anchors · 4]`.
    package private(set) var deltas: Tensor
    /// One box a logit.
    package let anchors: AnchorBoxes
    /// How many to keep.
    package let count: Int
    /// The resized picture, without padding.
    package let size: PixelSize
    /// How deltas turn into boxes, and what ranks them.
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

    /// The same with other deltas.
    package func with(deltas: Tensor) -> CandidateSelection {
        var changed = self
        changed.deltas = deltas
        return changed
    }

    /// The best anchors, decoded and clipped, best first.
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

/// The anchors of a level: a grid, or what stands in for it.
package enum AnchorBoxes: Sendable {
    /// Made when asked for.
    case grid(AnchorGrid)
    /// From elsewhere, in the same order.
    case boxes([Box])

    /// How many there are.
    package var count: Int {
        switch self {
        case .grid(let grid): grid.count
        case .boxes(let boxes): boxes.count
        }
    }
}

/// What proposals are selected from.
package struct ProposalSelection<A: Activation> {
    /// What the region proposal network says of each level.
    package let outputs: [RPNHead.Output<A>]
    /// The anchors of each level.
    package let anchors: [AnchorGrid]
    /// The candidates of each level.
    package let candidates: [Candidates]
    /// The resized picture, without padding.
    package let size: PixelSize
    /// How many to keep, and how much they may overlap.
    package let settings: Settings.Proposals
    /// The smallest box, and suppression.
    package let conventions: Conventions.Proposals

    /// What suppression leaves, best first.
    package func proposals() -> Proposals {
        Inference.selectProposals(candidates, settings: settings, conventions: conventions)
    }
}

/// Regions, and the maps that they are pooled from.
package struct RegionPooling<A: Activation> {
    /// The maps, finest first.
    package let maps: PooledMaps<A>
    /// In the frame of the resized picture.
    package let boxes: [Box]
    /// The pyramid level of each box, if not the one that the maps' rule gives it.
    package let levels: [Int]?
    /// The side of the result.
    package let side: Int

    /// What each box pools: `[boxes, side, side, channels]`.
    package func pooled() -> A { maps.pooled(boxes, levels: levels, size: side) }
}

/// What detections are selected from.
package struct DetectionSelection<A: Activation> {
    /// Logits and deltas of each proposal.
    package let output: BoxHead.Output<A>
    /// dx, dy, dw, dh for each class, `[proposals, (classes + 1) · 4]`.
    package private(set) var deltas: Tensor
    /// The boxes that the deltas refine.
    package let proposals: [Box]
    /// The resized picture, without padding.
    package let size: PixelSize
    /// The thresholds and the number to keep.
    package let settings: Settings.Boxes
    /// How deltas turn into boxes, the smallest box, and suppression.
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

    /// `[proposals, classes + 1]`, background first.
    package var probabilities: Tensor { output.probabilities }

    /// The same with other deltas.
    package func with(deltas: Tensor) -> DetectionSelection {
        var changed = self
        changed.deltas = deltas
        return changed
    }

    /// What per-class suppression and the cut leave, best first.
    package func detections() -> Detections {
        Inference.selectDetections(
            probabilities: probabilities, deltas: deltas, proposals: proposals, size: size,
            settings: settings, conventions: conventions)
    }
}

/// The mask logits of some detections.
package struct MaskPrediction<A: Activation> {
    /// `[detections, side, side, classes + 1 or 1]`.
    package let logits: A
    /// The class of each detection.
    package let classes: [Int]
    /// How logits become probabilities.
    package let output: Architecture.Masks.Output

    /// The probabilities of each detection's class, `[detections, side, side]`.
    package func probabilities() -> Tensor {
        Inference.maskProbabilities(logits.value, classes: classes, output: output)
    }
}

/// The heat maps of some detections' keypoints.
package struct KeypointPrediction<A: Activation> {
    /// Logits, `[detections, height, width, keypoints]`.
    package let heatmaps: A
    /// One box a detection.
    package let boxes: [Box]
    /// What the third number of a keypoint is.
    package let score: Conventions.Output.KeypointScore

    /// The keypoints of each detection, in the frame of the boxes.
    package func keypoints() -> [[Keypoint]] {
        Inference.decodeKeypoints(heatmaps.value, boxes: boxes, score: score)
    }
}

/// One mask on its way to the picture.
package struct MaskPasting {
    /// `side · side` values, row by row; valid during the call.
    package let probabilities: UnsafeBufferPointer<Float>
    /// Of the map.
    package let side: Int
    /// Where the map belongs, in pixels of the picture.
    package let box: Box
    /// Of the picture.
    package let imageSize: PixelSize
    /// From this probability on, a pixel belongs to the mask.
    package let threshold: Float
    /// How the map is enlarged.
    package let conventions: Conventions.Output

    /// The pixels whose enlarged probability reaches the threshold.
    package func mask() -> InstanceMask {
        pasteMask(
            probabilities, side: side, box: box, imageSize: imageSize, threshold: threshold,
            conventions: conventions)
    }
}

import Geometry
import Inference
import Tensors

/// Every choice between the anchors and the detections of one run: who was kept, and who was suppressed by whom.
///
/// Bundles hold what the two selections leave. What they took it from is worked out here once more from the
/// recorded logits and deltas, with the pipeline's own functions, so the answers are the same bit by bit.
public struct SelectionTrace: Sendable {
    /// One map of the region proposal network.
    public struct Level: Sendable {
        /// `p2` … `p6`, `c4` or `c5`.
        public let name: String
        /// Its anchors, in the frame of the resized picture.
        public let anchors: AnchorGrid
        /// Logits, `[height, width, anchors]`.
        public let objectness: Tensor
        /// dx, dy, dw, dh, `[height, width, anchors · 4]`.
        public let deltas: Tensor
        /// The best anchors, decoded and clipped, best first.
        public let candidates: Candidates
    }

    /// The levels, finest first.
    public let levels: [Level]
    /// Suppression among the candidates.
    public let suppression: CandidateSuppression
    /// What it left, after the cut.
    public let proposals: Proposals
    /// `[proposals, classes + 1]`, background first.
    public let probabilities: Tensor
    /// dx, dy, dw, dh of each class, `[proposals, classes + 1, 4]`.
    public let refinements: Tensor
    /// The refined box of every class of every proposal that is probable enough.
    public let classBoxes: Detections
    /// Suppression among these: indices into ``classBoxes``. Detection i is the i-th kept one.
    public let classSuppression: NonMaximumSuppression.Outcome
    /// What it left, after the cut, in the frame of the resized picture.
    public let detections: Detections
    /// The resized picture, without padding: the frame of all boxes here.
    public let size: PixelSize
    /// The network's input, with padding.
    public let paddedSize: PixelSize

    /// Follows both selections of a run.
    /// - Throws: ``NothingToDraw`` if the run lacks a stage, which one of a whole pipeline does not.
    public init(_ run: PictureRun) throws {
        let model = run.model
        let (size, padded) = try run.inputSizes()
        let counts = candidateCounts(
            try model.levelNames.map { try run.recorded(.objectness($0)) },
            preNMSTopN: model.settings.proposals.preNMSTopN, conventions: model.conventions.proposals)
        levels = try model.levelNames.enumerated().map { index, name in
            let objectness = try run.recorded(.objectness(name))
            let deltas = try run.recorded(.rpnDeltas(name))
            let map = PixelSize(height: objectness.shape[0], width: objectness.shape[1])
            let anchors = model.anchors(level: index, size: map, padded: padded, resized: size)
            let candidates = selectCandidates(
                objectness: objectness, deltas: deltas, anchors: anchors,
                count: counts[index], size: size, conventions: model.conventions.proposals)
            return Level(
                name: name, anchors: anchors, objectness: objectness, deltas: deltas, candidates: candidates)
        }
        let candidates = levels.map(\.candidates)
        suppression = suppressCandidates(
            candidates, nmsThreshold: model.settings.proposals.nmsThreshold,
            conventions: model.conventions.proposals)
        proposals = selectProposals(
            candidates, settings: model.settings.proposals, conventions: model.conventions.proposals)
        probabilities = try run.recorded(.boxProbabilities)
        refinements = try run.recorded(.boxDeltas)
        let boxes = model.settings.boxes
        classBoxes = Inference.classBoxes(
            probabilities: probabilities, deltas: refinements, proposals: proposals.boxes, size: size,
            scoreThreshold: boxes.scoreThreshold, conventions: model.conventions.detections)
        classSuppression = suppressClassBoxes(
            classBoxes, nmsThreshold: boxes.nmsThreshold, conventions: model.conventions.detections)
        detections = selectDetections(
            probabilities: probabilities, deltas: refinements, proposals: proposals.boxes, size: size,
            settings: boxes, conventions: model.conventions.detections)
        self.size = size
        paddedSize = padded
    }

    /// A candidate's box.
    public func box(of member: CandidateSuppression.Member) -> Box {
        levels[member.level].candidates.boxes[member.rank]
    }

    /// A candidate's probability.
    public func score(of member: CandidateSuppression.Member) -> Float {
        levels[member.level].candidates.scores[member.rank]
    }
}

extension PictureRun {
    /// The sizes of the resized picture and of the network's input, which is padded.
    package func inputSizes() throws -> (size: PixelSize, padded: PixelSize) {
        let shape = try recorded(.inputTensor).shape
        guard case .indices(let size)? = self[.inputSize], size.count == 2 else {
            throw NothingToDraw("the run has no \(Stage.inputSize)")
        }
        return (
            PixelSize(height: size[0], width: size[1]), PixelSize(height: shape[0], width: shape[1])
        )
    }

    /// The tensor of a stage.
    /// - Throws: ``NothingToDraw`` if the run has none.
    package func recorded(_ stage: Stage) throws -> Tensor {
        guard let tensor = tensor(stage) else { throw NothingToDraw("the run has no \(stage)") }
        return tensor
    }
}

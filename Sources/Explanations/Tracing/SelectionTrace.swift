import Geometry
import Inference
import Tensors

/// All selections between the anchors and the detections of one run: which boxes were kept, and which suppressed which.
///
/// Bundles contain only the results of the two selections. Their inputs are recorded here by running the pipeline again
/// on the recorded logits and deltas, so the results are identical bit for bit.
package struct SelectionTrace: Sendable {
    /// One level of the region proposal network.
    package struct Level: Sendable {
        /// `p2` … `p6`, `c4` or `c5`.
        package let name: String
        /// Its anchors, in coordinates of the resized image.
        package let anchors: AnchorGrid
        /// Logits, `[height, width, anchors]`.
        package let objectness: Tensor
        /// dx, dy, dw, dh, `[height, width, anchors · 4]`.
        package let deltas: Tensor
        /// The best anchors, decoded and clipped, best first.
        package let candidates: Candidates
    }

    /// The levels, finest first.
    package let levels: [Level]
    /// Suppression among the candidates.
    package let suppression: CandidateSuppression
    /// The proposals: the candidates kept, up to the limit.
    package let proposals: Proposals
    /// `[proposals, classes + 1]`, background first.
    package let probabilities: Tensor
    /// dx, dy, dw, dh per class, `[proposals, classes + 1, 4]`.
    package let refinements: Tensor
    /// The refined boxes of all classes of all proposals whose probability passes the score threshold.
    package let classBoxes: Detections
    /// Suppression among these, as indices into ``classBoxes``. Detection i is the i-th kept.
    package let classSuppression: NonMaximumSuppression.Outcome
    /// The detections: the boxes kept, up to the limit, in coordinates of the resized image.
    package let detections: Detections
    /// Size of the resized image, without padding; all boxes are in its coordinates.
    package let size: PixelSize
    /// Size of the network's input, with padding.
    package let paddedSize: PixelSize

    /// Traces both selections of a run.
    /// - Throws: ``NothingToDraw`` if the run lacks a stage; a complete run has all of them.
    package init(_ run: PictureRun) throws {
        let model = run.model
        let onlooker = Onlooker()
        let replay = PipelineRun(taking: SelectionReplay(run: run), steps: onlooker.steps)
        _ = model.detect(run.image, in: replay)
        if let failure = replay.failure { throw failure }
        guard let proposalSelection = onlooker.proposals, let selection = onlooker.detections else {
            throw NothingToDraw("the run selects nothing")
        }
        levels = zip(onlooker.candidates, proposalSelection.anchors).map { level, anchors in
            Level(
                name: model.levelNames[level.selection.level], anchors: anchors,
                objectness: level.selection.objectness, deltas: level.selection.deltas,
                candidates: level.candidates)
        }
        suppression = suppressCandidates(
            levels.map(\.candidates), nmsThreshold: model.settings.proposals.nmsThreshold,
            conventions: model.conventions.proposals)
        proposals = proposalSelection.proposals()
        probabilities = selection.probabilities
        refinements = selection.deltas
        classBoxes = Inference.classBoxes(
            probabilities: probabilities, deltas: refinements, proposals: selection.proposals,
            size: selection.size, scoreThreshold: selection.settings.scoreThreshold,
            conventions: selection.conventions)
        classSuppression = suppressClassBoxes(
            classBoxes, nmsThreshold: selection.settings.nmsThreshold,
            conventions: selection.conventions)
        detections = selection.detections()
        (size, paddedSize) = try run.inputSizes()
    }

    /// A candidate's box.
    package func box(of member: CandidateSuppression.Member) -> Box {
        levels[member.level].candidates.boxes[member.rank]
    }

    /// A candidate's probability.
    package func score(of member: CandidateSuppression.Member) -> Float {
        levels[member.level].candidates.scores[member.rank]
    }
}

/// Runs the standard selection steps and records their inputs.
private final class Onlooker {
    private(set) var candidates: [(selection: CandidateSelection, candidates: Candidates)] = []
    private(set) var proposals: ProposalSelection<Tensor>?
    private(set) var detections: DetectionSelection<Tensor>?

    var steps: PipelineSteps<Tensor> {
        var steps = PipelineSteps<Tensor>()
        steps.selectCandidates = { [self] selection in
            let selected = selection.candidates()
            candidates.append((selection, selected))
            return selected
        }
        steps.selectProposals = { [self] selection in
            proposals = selection
            return selection.proposals()
        }
        steps.selectDetections = { [self] selection in
            detections = selection
            return selection.detections()
        }
        return steps
    }
}

/// Replays a run: only the selections are computed; all other stages are taken from the record.
private struct SelectionReplay: StageProvider {
    let run: PictureRun

    func provision(of stage: Stage, as form: StageForm) throws -> StageProvision {
        switch stage.row?.rows {
        case .selected(.candidates), .selected(.proposals), .selected(.detections):
            return stage == .detectionProposals ? .computedLast : .computed
        // Anchors come from the model, and levels are computed from boxes.
        case _ where stage.family == .anchors || stage == .boxLevel: return .omitted
        default:
            guard let value = run[stage] else { throw NothingToDraw("the run has no \(stage)") }
            return .given(value)
        }
    }
}

extension PictureRun {
    /// The sizes of the resized image and of the network's input, which is padded.
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

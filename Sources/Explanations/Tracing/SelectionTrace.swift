import Geometry
import Inference
import Tensors

/// Every choice between the anchors and the detections of one run: who was kept, and who was suppressed by whom.
///
/// Bundles hold what the two selections leave. What they took it from is seen here while the pipeline runs once more on
/// the recorded logits and deltas, so the answers are the same bit by bit.
package struct SelectionTrace: Sendable {
    /// One map of the region proposal network.
    package struct Level: Sendable {
        /// `p2` … `p6`, `c4` or `c5`.
        package let name: String
        /// Its anchors, in the frame of the resized picture.
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
    /// What it left, after the cut.
    package let proposals: Proposals
    /// `[proposals, classes + 1]`, background first.
    package let probabilities: Tensor
    /// dx, dy, dw, dh of each class, `[proposals, classes + 1, 4]`.
    package let refinements: Tensor
    /// The refined box of every class of every proposal that is probable enough.
    package let classBoxes: Detections
    /// Suppression among these: indices into ``classBoxes``. Detection i is the i-th kept one.
    package let classSuppression: NonMaximumSuppression.Outcome
    /// What it left, after the cut, in the frame of the resized picture.
    package let detections: Detections
    /// The resized picture, without padding: the frame of all boxes here.
    package let size: PixelSize
    /// The network's input, with padding.
    package let paddedSize: PixelSize

    /// Follows both selections of a run.
    /// - Throws: ``NothingToDraw`` if the run lacks a stage, which one of a whole pipeline does not.
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

/// Takes the pipeline's own steps, and remembers what they selected from.
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

/// A run once more, in which only rows are selected; all else is as recorded.
private struct SelectionReplay: StageProvider {
    let run: PictureRun

    func provision(of stage: Stage, as form: StageForm) throws -> StageProvision {
        switch stage.row?.rows {
        case .selected(.candidates), .selected(.proposals), .selected(.detections):
            return stage == .detectionProposals ? .computedLast : .computed
        // The grids are the model's own, and levels follow from boxes.
        case _ where stage.family == .anchors || stage == .boxLevel: return .omitted
        default:
            guard let value = run[stage] else { throw NothingToDraw("the run has no \(stage)") }
            return .given(value)
        }
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

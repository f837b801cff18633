import Geometry
import Inference
import Tensors

/// Observes a network and keeps the first stage, in data-flow order, that contains a NaN or an infinity.
final class FaultFinder: Observer {
    private(set) var stage: Stage?

    /// The first stage of `model` with a NaN or an infinity on one image, or nil.
    static func firstFault(of model: Model, on input: NetworkInput) -> Stage? {
        let finder = FaultFinder()
        // Any region shows whether a head is sound. The whole image is used because it does not depend on what is
        // selected.
        let whole = Box(x1: 0, y1: 0, x2: Float(input.size.width), y2: Float(input.size.height))
        var steps = PipelineSteps<Tensor>()
        steps.selectCandidates = { _ in Candidates(boxes: [], scores: []) }
        steps.selectProposals = { _ in Proposals(boxes: [whole], scores: [1]) }
        steps.selectDetections = { _ in
            Detections(boxes: [whole], scores: [1], classes: [1], proposals: [0])
        }
        steps.decodeKeypoints = { _ in [] }
        model.predict(from: input, as: input.tensor, in: PipelineRun(observer: finder, steps: steps))
        return finder.stage
    }

    func wants(_ stage: Stage) -> Bool { self.stage == nil }

    func record(_ stage: Stage, _ value: StageValue) {
        guard self.stage == nil else { return }
        switch value {
        case .map(let tensor), .anchorMap(let tensor, _), .regionMaps(let tensor), .table(let tensor):
            if tensor.withUnsafeElements({ $0.contains { !$0.isFinite } }) { self.stage = stage }
        default: break
        }
    }

    func finished(_ step: PipelineStep) {}
}

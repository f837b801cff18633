import Geometry
import Inference
import Tensors

/// Watches a network and remembers the first stage, in data-flow order, that puts out a NaN or an infinity.
final class FaultFinder: Observer {
    private(set) var stage: Stage?

    /// The first faulty stage of `model` on one picture, or nil.
    static func firstFault(of model: Model, on input: NetworkInput) -> Stage? {
        let finder = FaultFinder()
        let network = model.network
        let features = network.features(input.tensor, observer: finder)
        _ = model.proposalMaps(features, observer: finder)
        // Any region shows whether a head is sound; the whole picture will do.
        let whole = [
            Box(x1: 0, y1: 0, x2: Float(input.size.width), y2: Float(input.size.height))
        ]
        let maps = model.pooledMaps(features, size: input.size)
        let output = network.box.output(
            network.box.hidden(maps.pooled(whole, size: model.boxPoolSize), observer: finder))
        finder.record(.boxLogits, .table(output.logits))
        finder.record(.boxDeltas, .table(output.deltas))
        if let head = network.mask, let masks = model.architecture.masks {
            _ = network.masks(maps.pooled(whole, size: masks.poolSize), by: head, observer: finder)
        }
        if let head = network.keypoints, let keypoints = model.architecture.keypoints {
            _ = head(maps.pooled(whole, size: keypoints.poolSize), observer: finder)
        }
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

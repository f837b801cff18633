import Geometry
import Kernels
import Inference
import Tensors

/// The pipeline, with something left out. Boxes and masks only.
public struct ReducedPipeline: Sendable {
    /// What it is, in a few words.
    public let name: String
    package let model: Model
    var omission: Omission?
    /// How many proposals there may be; as many as the model says if nil.
    package var proposalCount: Int?

    /// The pipeline without a part; without any, all that is left out is what the model's profile leaves out.
    public init(name: String, model: Model, omission: Omission? = nil) {
        self.name = name
        self.model = model
        self.omission = omission
    }

    /// As `Model.detect`, step by step.
    public func detect(_ image: Image) -> [Instance] {
        let input = model.prepare(image)
        let features = features(input.tensor)
        let proposals = proposals(from: features, for: input)
        let maps = model.pooledMaps(features, size: input.size)
        let detections = detections(proposals, in: maps, size: input.size)
        let masks = model.predictMasks(of: detections, in: maps)
        return model.restore(detections, masks: masks, keypoints: nil, to: input)
    }

    private func features(_ input: Tensor) -> [Tensor] {
        let network = model.network
        switch omission {
        case .shortcuts:
            var map = network.backbone.stem(of: input)
            let maps = network.backbone.stages.map { stage in
                for block in stage.blocks {
                    for layer in [block.conv1, block.conv2, block.conv3] {
                        map = map.convolved(by: layer, adding: nil, relu: true)
                    }
                }
                return map
            }
            return network.pyramid.map { $0(maps) } ?? Array(maps.suffix(1))
        case .lateral, .topDown:
            guard let pyramid = network.pyramid else { return network.features(input) }
            return separated(pyramid, network.backbone(input))
        default: return network.features(input)
        }
    }

    /// A pyramid in which nothing is added: each level is its lateral map alone, or the coarser map alone.
    private func separated(_ pyramid: FeaturePyramid, _ maps: [Tensor]) -> [Tensor] {
        var merged = zip(maps, pyramid.laterals).map { $0.convolved(by: $1, adding: nil, relu: false) }
        if omission == .lateral {
            for index in merged.indices.dropLast().reversed() {
                merged[index] = upsampledNearest(
                    merged[index + 1], height: merged[index].shape[0], width: merged[index].shape[1])
            }
        }
        let levels = zip(merged, pyramid.outputs).map { $0.convolved(by: $1, adding: nil, relu: false) }
        return levels + levels.suffix(1).map { $0.maxPooled(FeaturePyramid.subsampling) }
    }

    private func proposals(from features: [Tensor], for input: NetworkInput) -> Proposals {
        var settings = model.settings.proposals
        settings.postNMSTopN = proposalCount ?? settings.postNMSTopN
        switch omission {
        case .objectness:
            let grids = model.anchors(of: features, for: input)
            let step = max(grids.reduce(0) { $0 + $1.count } / settings.postNMSTopN, 1)
            let anchors = grids.flatMap { Array($0) }
            let boxes = stride(from: step / 2, to: anchors.count, by: step)
                .map { anchors[$0].clipped(to: input.size) }
                .filter { $0.width >= 1 && $0.height >= 1 }
            return Proposals(boxes: boxes, scores: boxes.map { _ in 1 })
        case .anchorDeltas:
            let outputs = model.proposalMaps(features).map { output in
                RPNHead.Output(
                    objectness: output.objectness, deltas: Tensor(shape: output.deltas.shape, repeating: 0))
            }
            return model.selectProposals(
                outputs, anchors: model.anchors(of: features, for: input), size: input.size,
                settings: settings)
        default:
            return model.selectProposals(
                model.proposalMaps(features), anchors: model.anchors(of: features, for: input),
                size: input.size, settings: settings)
        }
    }

    private func detections(_ proposals: Proposals, in maps: PooledMaps<Tensor>, size: PixelSize)
        -> Detections
    {
        guard omission == .refinement || omission == .detectionSuppression else {
            return model.detect(proposals, in: maps, size: size)
        }
        let head = model.network.box
        let output = head.output(head.hidden(maps.pooled(proposals.boxes, size: model.boxPoolSize)))
        var settings = model.settings.boxes
        if omission == .detectionSuppression { settings.nmsThreshold = 1 }
        return selectDetections(
            probabilities: softmax(output.logits),
            deltas: omission == .refinement
                ? Tensor(shape: output.deltas.shape, repeating: 0) : output.deltas,
            proposals: proposals.boxes, size: size, settings: settings,
            conventions: model.conventions.detections)
    }
}

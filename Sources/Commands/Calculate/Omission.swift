import ArgumentParser
import Geometry
import Kernels
import MaskRCNN
import Tensors

/// A part of the pipeline that can be left out, to see what it is for. The network is not trained again.
enum Omission: String, CaseIterable, ExpressibleByArgument {
    case resize, normalisation, shortcuts, lateral
    case topDown = "top-down"
    case objectness
    case anchorDeltas = "anchor-deltas"
    case proposalSuppression = "proposal-suppression"
    case roiAlign = "roialign"
    case halfPixel = "half-pixel"
    case refinement
    case detectionSuppression = "detection-suppression"

    /// The pipelines to run in place of the whole one: one, or several where there are several stand-ins.
    /// - Throws: `ValidationError` if the model has no such part.
    func pipelines(_ model: Model) throws -> [ReducedPipeline] {
        if self == .lateral || self == .topDown, model.network.pyramid == nil {
            throw ValidationError("\(rawValue): the model has no pyramid")
        }
        func changed(_ name: String, _ change: (inout Profile) -> Void) -> ReducedPipeline {
            var profile = model.profile
            change(&profile)
            return ReducedPipeline(name: name, model: model.with(profile: profile))
        }
        func without(_ name: String) -> [ReducedPipeline] {
            [ReducedPipeline(name: name, model: model, omission: self)]
        }
        switch self {
        case .resize:
            let (shorter, longest) = model.profile.input.resize.lengths
            return [
                changed("pictures at half the size") {
                    $0.input.resize = $0.input.resize.with(
                        minimum: max(shorter / 2, 1), maximum: max(longest / 2, 1))
                },
                changed("pictures at twice the size") {
                    $0.input.resize = $0.input.resize.with(minimum: shorter * 2, maximum: longest * 2)
                },
            ]
        case .normalisation:
            return [
                changed("bytes / 255, not normalised") {
                    $0.input.whitePoint = 1
                    $0.input.mean = [0, 0, 0]
                    $0.input.standardDeviation = [1, 1, 1]
                }
            ]
        case .shortcuts: return without("blocks without shortcuts")
        case .lateral: return without("p4 … p2 from above only")
        case .topDown: return without("p4 … p2 from beside only")
        case .objectness: return without("every n-th anchor, unranked")
        case .anchorDeltas: return without("anchors as they are")
        case .proposalSuppression:
            let name = "no suppression of proposals"
            let unsuppressed = changed(name) { $0.proposals.suppression.threshold = 1 }
            var short = ReducedPipeline(name: "only 20 proposals", model: model)
            var shortUnsuppressed = ReducedPipeline(
                name: "the same, no suppression", model: unsuppressed.model)
            short.proposalCount = 20
            shortUnsuppressed.proposalCount = 20
            return [unsuppressed, short, shortUnsuppressed]
        case .roiAlign:
            return [
                changed("RoIPool, rounding down") { $0.pooling.layer = .pool(.truncating) },
                changed("RoIPool, rounding to nearest") { $0.pooling.layer = .pool(.nearest) },
                changed("RoIWarp") { $0.pooling.layer = .warp(samplesPerAxis: 2) },
            ]
        case .halfPixel:
            return [
                changed("RoIAlign half a position off") {
                    $0.pooling.layer = .align(samplesPerAxis: 2, subtractsHalfPixel: false)
                }
            ]
        case .refinement: return without("proposals as they are")
        case .detectionSuppression: return without("no suppression of detections")
        }
    }
}

/// The pipeline, with something left out. Boxes and masks only.
struct ReducedPipeline {
    let name: String
    let model: Model
    var omission: Omission?
    /// How many proposals there may be; as many as the model says if nil.
    var proposalCount: Int?

    /// As `Model.detect`, step by step.
    func detect(_ image: Image) -> [Instance] {
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
                        map = map.convolved(by: layer, adding: nil, rectified: true)
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

    /// A pyramid in which nothing is added: each level is what comes from beside, or what comes from above.
    private func separated(_ pyramid: FeaturePyramid, _ maps: [Tensor]) -> [Tensor] {
        var merged = zip(maps, pyramid.laterals).map { $0.convolved(by: $1, adding: nil, rectified: false) }
        if omission == .lateral {
            for index in merged.indices.dropLast().reversed() {
                merged[index] = upsampledNearest(
                    merged[index + 1], height: merged[index].shape[0], width: merged[index].shape[1])
            }
        }
        let levels = zip(merged, pyramid.outputs).map { $0.convolved(by: $1, adding: nil, rectified: false) }
        return levels + levels.suffix(1).map { $0.maxPooled(FeaturePyramid.subsampling) }
    }

    private func proposals(from features: [Tensor], for input: NetworkInput) -> Proposals {
        var limits = model.configuration.proposals.limits
        limits.count = proposalCount ?? limits.count
        switch omission {
        case .objectness:
            let grids = model.anchors(of: features, for: input)
            let step = max(grids.reduce(0) { $0 + $1.count } / limits.count, 1)
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
                outputs, anchors: model.anchors(of: features, for: input), size: input.size, limits: limits)
        default:
            return model.selectProposals(
                model.proposalMaps(features), anchors: model.anchors(of: features, for: input),
                size: input.size, limits: limits)
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
        var configuration = model.configuration.boxes
        if omission == .detectionSuppression { configuration.overlapThreshold = 1 }
        return selectDetections(
            probabilities: softmax(output.logits),
            deltas: omission == .refinement
                ? Tensor(shape: output.deltas.shape, repeating: 0) : output.deltas,
            proposals: proposals.boxes, size: size, configuration: configuration,
            conventions: model.profile.detections)
    }
}

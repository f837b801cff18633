import Geometry
import Kernels
import Inference
import Tensors

/// A part of the pipeline that can be left out, to measure its effect. The network is not retrained.
package enum Ablation: String, CaseIterable, Sendable {
    case resize, normalisation, shortcuts, lateral
    case topDown = "top-down"
    case objectness
    case anchorDeltas = "anchor-deltas"
    case proposalSuppression = "proposal-suppression"
    case roiAlign = "roialign"
    case halfPixel = "half-pixel"
    case average
    case refinement
    case detectionSuppression = "detection-suppression"

    /// The variants of the pipeline without this part: several if there are several replacements, none if the model has
    /// no such part.
    package func pipelines(_ model: Model) -> [AblatedPipeline] {
        if self == .lateral || self == .topDown, model.network.pyramid == nil { return [] }
        func changed(_ name: String, _ change: (inout Conventions) -> Void) -> AblatedPipeline {
            var conventions = model.conventions
            change(&conventions)
            return AblatedPipeline(name: name, model: model.with(conventions: conventions))
        }
        func withSettings(_ name: String, _ change: (inout Settings) -> Void) -> AblatedPipeline {
            var settings = model.settings
            change(&settings)
            return AblatedPipeline(name: name, model: model.with(settings: settings))
        }
        func with(_ name: String, _ change: (inout PipelineSteps<Tensor>) -> Void) -> [AblatedPipeline] {
            var steps = PipelineSteps<Tensor>()
            change(&steps)
            return [AblatedPipeline(name: name, model: model, steps: steps)]
        }
        switch self {
        case .resize:
            let size = model.settings.input
            return [
                withSettings("pictures at half the size") { settings in
                    settings.input = Settings.Input(
                        minimumSide: max(size.minimumSide / 2, 1), maximumSide: max(size.maximumSide / 2, 1))
                },
                withSettings("pictures at twice the size") { settings in
                    settings.input = Settings.Input(
                        minimumSide: size.minimumSide * 2, maximumSide: size.maximumSide * 2)
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
        case .shortcuts:
            return with("blocks without shortcuts") { $0.residualStage = withoutShortcuts }
        case .lateral:
            return with("no lateral connections") {
                $0.mergeLevels = { lateral, coarser in
                    upsampledNearest(coarser, height: lateral.shape[0], width: lateral.shape[1])
                }
            }
        case .topDown:
            return with("no top-down path") { $0.mergeLevels = { lateral, _ in lateral } }
        case .objectness:
            return with("every n-th anchor, unranked") {
                $0.selectProposals = unranked
            }
        case .anchorDeltas:
            return with("anchors as they are") {
                $0.selectCandidates = { selection in
                    selection.with(deltas: Tensor(shape: selection.deltas.shape)).candidates()
                }
            }
        case .proposalSuppression:
            let unsuppressed = withSettings("no suppression of proposals") { $0.proposals.nmsThreshold = 1 }
            return [
                unsuppressed,
                withSettings("only 10 proposals") { $0.proposals.postNMSTopN = 10 },
                withSettings("the same, no suppression") {
                    $0.proposals.postNMSTopN = 10
                    $0.proposals.nmsThreshold = 1
                },
            ]
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
        case .average:
            return [
                changed("RoIAlign, largest sample") {
                    $0.pooling.layer = $0.pooling.layer.replaced(by: .alignMaximum)
                }
            ]
        case .refinement:
            return with("proposals as they are") {
                $0.selectDetections = { selection in
                    selection.with(deltas: Tensor(shape: selection.deltas.shape)).detections()
                }
            }
        case .detectionSuppression:
            return [withSettings("no suppression of detections") { $0.boxes.nmsThreshold = 1 }]
        }
    }
}

/// A residual stage whose blocks are what their convolutions make.
private func withoutShortcuts(_ stage: ResidualStage, _ map: Tensor) -> Tensor {
    stage.blocks.flatMap(\.convolutions)
        .reduce(map) { $0.convolved(by: $1, adding: nil, relu: true) }
}

/// Anchors instead of proposals, only clipped: about as many as the limit on proposals, evenly spaced over all levels.
private func unranked(_ selection: ProposalSelection<Tensor>) -> Proposals {
    let anchors = selection.anchors.flatMap { Array($0) }
    let step = max(anchors.count / max(selection.settings.postNMSTopN, 1), 1)
    let boxes = stride(from: step / 2, to: anchors.count, by: step)
        .map { anchors[$0].clipped(to: selection.size) }
        .filter { $0.width >= 1 && $0.height >= 1 }
    return Proposals(boxes: boxes, scores: boxes.map { _ in 1 })
}

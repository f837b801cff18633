import Inference

/// A part of the pipeline that can be left out, to see what it is for. The network is not trained again.
public enum Omission: String, CaseIterable, Sendable {
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

    /// The pipelines to run in place of the whole one: one, or several where there are several stand-ins. None if
    /// the model has no such part.
    public func pipelines(_ model: Model) -> [ReducedPipeline] {
        if self == .lateral || self == .topDown, model.network.pyramid == nil { return [] }
        func changed(_ name: String, _ change: (inout Conventions) -> Void) -> ReducedPipeline {
            var conventions = model.conventions
            change(&conventions)
            return ReducedPipeline(name: name, model: model.with(conventions: conventions))
        }
        func withSettings(_ name: String, _ change: (inout Settings) -> Void) -> ReducedPipeline {
            var settings = model.settings
            change(&settings)
            return ReducedPipeline(name: name, model: model.with(settings: settings))
        }
        func without(_ name: String) -> [ReducedPipeline] {
            [ReducedPipeline(name: name, model: model, omission: self)]
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
        case .shortcuts: return without("blocks without shortcuts")
        case .lateral: return without("p4 … p2 from above only")
        case .topDown: return without("p4 … p2 from beside only")
        case .objectness: return without("every n-th anchor, unranked")
        case .anchorDeltas: return without("anchors as they are")
        case .proposalSuppression:
            let name = "no suppression of proposals"
            let unsuppressed = withSettings(name) { $0.proposals.nmsThreshold = 1 }
            var short = ReducedPipeline(name: "only 10 proposals", model: model)
            var shortUnsuppressed = ReducedPipeline(
                name: "the same, no suppression", model: unsuppressed.model)
            short.proposalCount = 10
            shortUnsuppressed.proposalCount = 10
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
        case .average:
            return [
                changed("RoIAlign, largest sample") {
                    $0.pooling.layer = $0.pooling.layer.replaced(by: .alignMaximum)
                }
            ]
        case .refinement: return without("proposals as they are")
        case .detectionSuppression: return without("no suppression of detections")
        }
    }
}

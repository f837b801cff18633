import Figures
import Geometry
import MaskRCNN
import Tensors
import Verification

extension Gallery {
    /// Figure 27: the run of this picture, and another one of the same network in which RoIAlign is half a pixel
    /// off: what a port does that takes the other convention.
    func comparison() throws -> Figure {
        var profile = run.model.profile
        let fault: String
        switch profile.pooling.layer {
        case .align(let samples, let subtractsHalfPixel, let reduction):
            profile.pooling.layer = .align(
                samplesPerAxis: samples, subtractsHalfPixel: !subtractsHalfPixel, reduction)
            fault =
                subtractsHalfPixel
                ? "A port that leaves out the half pixel in RoIAlign, on the same picture and weights."
                : "A port that subtracts half a pixel in RoIAlign where this model does not, on the same "
                    + "picture and weights."
        default:
            profile.pooling.layer = .align(samplesPerAxis: 2, subtractsHalfPixel: true)
            fault =
                "A port with RoIAlign in place of the layer of this model, on the same picture and weights."
        }
        let recorder = Recorder()
        _ = run.model.with(profile: profile).detect(run.image, observer: recorder)
        let pairs = recorder.stages.compactMap { stage, candidate in
            run[stage].map {
                ComparedStage(name: stage.name, candidate: candidate, reference: ContractTensor($0))
            }
        }
        guard !pairs.isEmpty else { throw NothingToDraw("nothing was recorded of this picture") }
        return ComparisonFigure(
            stages: pairs.filter { Self.isCompared($0.name) }.map {
                ComparisonFigure.Stage(name: $0.name, relativeError: $0.relativeError)
            },
            maps: Self.shown.compactMap { entry in
                guard let pair = pairs.first(where: { $0.name == entry.stage }) else { return nil }
                return pair.map(note: entry.note)
            },
            fault: fault, background: background
        ).figure
    }

    /// Of forty stages, those that say most.
    private static func isCompared(_ name: String) -> Bool {
        let parts = name.split(separator: ".")
        switch parts.first {
        case "input": return name == Stage.inputTensor.name
        case "backbone": return name != Stage.stem.name
        case "fpn": return parts.count == 2
        case "rpn":
            return name.hasPrefix("rpn.objectness.p3") || name.hasPrefix("rpn.objectness.c")
                || name == Stage.proposalBoxes.name
        case "box": return name != Stage.boxLevel.name
        case "detections": return name == Stage.detectionBoxes.name || name == Stage.detectionScores.name
        case "mask": return name != Stage.maskLevel.name
        case "keypoint": return name == Stage.keypointHeatmaps.name
        case "output": return name == Stage.outputBoxes.name || name == Stage.outputMasks.name
        default: return false
        }
    }

    private static let shown: [(stage: String, note: String)] = [
        (Stage.boxPooled.name, "mean over all regions and channels"),
        (Stage.maskPooled.name, "mean over all detections and channels"),
        (Stage.maskProbabilities.name, "mean over all detections"),
        (Stage.outputMasks.name, "masks that differ in each pixel"),
    ]
}

/// One stage of two runs.
private struct ComparedStage {
    let name: String
    let candidate: ContractTensor
    let reference: ContractTensor

    private var hasSameShape: Bool { candidate.shape == reference.shape }

    /// The length of the difference over that of the reference; nil where shapes differ.
    var relativeError: Double? {
        guard hasSameShape else { return nil }
        var (difference, length) = (0.0, 0.0)
        zip(candidate.doubles, reference.doubles).forEach { found, expected in
            difference += (found - expected) * (found - expected)
            length += expected * expected
        }
        return length > 0 ? (difference / length).squareRoot() : difference > 0 ? .infinity : 0
    }

    /// The absolute difference over the last two axes, averaged over the others; summed for masks, which are
    /// 0 or 1.
    func map(note: String) -> ComparisonFigure.Map? {
        guard hasSameShape, reference.shape.count >= 2, let height = reference.shape.dropLast().last,
            let width = reference.shape.last, height > 0, width > 0
        else { return nil }
        var sums = [Double](repeating: 0, count: height * width)
        for (index, pair) in zip(candidate.doubles, reference.doubles).enumerated() {
            sums[index % (height * width)] += abs(pair.0 - pair.1)
        }
        let planes = reference.shape.dropLast(2).reduce(1, *)
        guard planes > 0 else { return nil }
        let isMask = if case .bytes = reference.elements { true } else { false }
        return ComparisonFigure.Map(
            title: name, note: note,
            errors: HeatMap(
                values: sums.map { Float(isMask ? $0 : $0 / Double(planes)) }, width: width, height: height,
                isSigned: false))
    }
}

extension ContractTensor {
    /// All numbers in order.
    fileprivate var doubles: [Double] {
        switch elements {
        case .floats(let tensor): tensor.withUnsafeElements { $0.map(Double.init) }
        case .integers(let integers): integers.map(Double.init)
        case .bytes(let bytes): bytes.map(Double.init)
        }
    }
}

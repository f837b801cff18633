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
        let candidate = candidateStages(run.model.with(profile: profile))
        let pairs = candidate.compactMap { stage, candidate in
            run[stage].map {
                ComparedStage(stage: stage, candidate: candidate, reference: ContractTensor($0))
            }
        }
        guard !pairs.isEmpty else { throw NothingToDraw("nothing was recorded of this picture") }
        return ComparisonFigure(
            stages: pairs.filter { Self.isCompared($0.stage.name) }.map {
                ComparisonFigure.Stage(name: $0.stage.name, relativeError: $0.relativeError)
            },
            maps: maps(of: pairs), fault: fault, background: background
        ).figure
    }

    /// What the candidate makes of the picture up to its detections, and from there on what it makes of the
    /// reference's: two runs rarely have the same number of detections, and rows that do not belong together
    /// cannot be compared.
    private func candidateStages(_ candidate: Model) -> [(stage: Stage, tensor: ContractTensor)] {
        let recorder = Recorder()
        _ = candidate.detect(run.image, observer: recorder)
        guard let maps = run.pooledMaps(for: candidate) else { return recorder.stages }
        let reference = Detections(
            boxes: run.boxes(.detectionBoxes), scores: run.numbers(.detectionScores),
            classes: run.indices(.detectionClasses), proposals: run.indices(.detectionProposals))
        let own = Recorder(patterns: ["mask.*", "keypoint.*", "output.*"])
        let masks = candidate.predictMasks(of: reference, in: maps, observer: own)
        let keypoints = candidate.predictKeypoints(of: reference, in: maps, observer: own)
        _ = candidate.restore(
            reference, masks: masks, keypoints: keypoints, to: candidate.prepare(run.image), observer: own)
        let replaced = Set(own.stages.map(\.stage))
        return recorder.stages.filter { !replaced.contains($0.stage) } + own.stages
    }

    /// Pooled regions on average, and how the example detection fares.
    private func maps(of pairs: [ComparedStage]) -> [ComparisonFigure.Map] {
        func map(_ stage: Stage, row: Int?, _ note: String) -> ComparisonFigure.Map? {
            pairs.first { $0.stage == stage }?.map(row: row, note: note)
        }
        var maps = [map(.boxPooled, row: nil, "mean over all regions and channels")]
        if let example = run.example {
            let name = "\(run.model.classes.name(of: example.label)), detection \(example.detection)"
            maps.append(map(.maskPooled, row: example.detection, "mean over the channels, \(name)"))
            maps.append(map(.maskProbabilities, row: example.detection, name))
        }
        maps.append(map(.outputMasks, row: nil, "masks that change at each pixel"))
        return maps.compactMap { $0 }
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
}

/// One stage of two runs.
private struct ComparedStage {
    let stage: Stage
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
    /// - Parameter row: only this one along the first axis; nil for all.
    func map(row: Int?, note: String) -> ComparisonFigure.Map? {
        guard hasSameShape, let count = reference.shape.first, count > 0, reference.shape.count >= 2,
            let width = reference.shape.last
        else { return nil }
        let height = reference.shape[reference.shape.count - 2]
        let all = reference.shape.reduce(1, *), perRow = all / count
        let range = row.map { $0 * perRow..<($0 + 1) * perRow } ?? 0..<all
        guard width > 0, height > 0, range.lowerBound >= 0, range.upperBound <= all, !range.isEmpty else {
            return nil
        }
        let (found, expected) = (candidate.doubles, reference.doubles)
        var sums = [Double](repeating: 0, count: height * width)
        for index in range { sums[index % (height * width)] += abs(found[index] - expected[index]) }
        let isMask = if case .bytes = reference.elements { true } else { false }
        let planes = isMask ? 1 : Double(range.count / (height * width))
        return ComparisonFigure.Map(
            title: stage.name, note: note,
            errors: HeatMap(
                values: sums.map { Float($0 / planes) }, width: width, height: height, isSigned: false))
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

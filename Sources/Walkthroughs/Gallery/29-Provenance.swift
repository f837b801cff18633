import Figures
import Geometry
import MaskRCNN
import Tensors

extension Gallery {
    /// Figure 29.
    func provenance() throws -> Figure {
        let trace = try traceWithDetections()
        let story = try tellingDetection(trace)
        return ProvenanceFigure(
            ground: ground(size: trace.size), detection: story.detection, origin: origin(of: story),
            outcome: try outcome(of: story), background: background
        ).figure
    }

    private func origin(of story: Provenance) -> ProvenanceFigure.Origin {
        ProvenanceFigure.Origin(
            level: story.anchor.level, levelIndex: pyramidIndex(story.anchor.level), row: story.anchor.row,
            column: story.anchor.column, verticalStride: story.anchor.verticalStride,
            horizontalStride: story.anchor.horizontalStride, side: Double(story.anchor.size),
            aspectRatio: Double(story.anchor.aspectRatio), anchor: story.anchor.box, decoded: story.decoded,
            proposal: story.clipped, logit: Double(story.logit), objectness: Double(story.objectness),
            rank: story.rank, candidateCount: story.candidateCount, proposalIndex: story.proposal,
            proposalCount: story.proposalCount,
            suppressed: story.suppressedCandidates.map {
                ProvenanceFigure.Suppressed(
                    box: $0.box, score: Double($0.score), overlap: Double($0.overlap))
            })
    }

    private func outcome(of story: Provenance) throws -> ProvenanceFigure.Outcome {
        let model = run.model
        let letter =
            switch model.configuration.features {
            case .pyramid: "p"
            case .c4, .c5: "c"
            }
        let stage: Stage =
            letter == "p" ? .pyramid(story.poolingLevel) : .backbone(story.poolingLevel)
        return ProvenanceFigure.Outcome(
            poolingLevel: "\(letter)\(story.poolingLevel)", poolingIndex: story.poolingLevel,
            map: HeatMap(meanMagnitudeOf: try run.recorded(stage)), stride: 1 << story.poolingLevel,
            classes: story.probabilities.enumerated().map { label, probability in
                (label, label == 0 ? "background" : model.classes.name(of: label), Double(probability))
            },
            label: story.label, className: story.className, box: story.box, score: Double(story.score),
            suppressed: story.suppressedClassBoxes.map {
                ProvenanceFigure.Suppressed(
                    box: $0.box, score: Double($0.score), overlap: Double($0.overlap))
            },
            mask: run.tensor(.maskProbabilities).map { mask(of: story.detection, in: $0) },
            maskLevel: story.maskLevel.map { "\(letter)\($0)" }, result: try picture(of: story),
            resultText: text(of: story))
    }

    /// One detection's mask out of `[detections, side, side]`.
    private func mask(of detection: Int, in probabilities: Tensor) -> HeatMap {
        let (height, width) = (probabilities.shape[1], probabilities.shape[2])
        let start = detection * height * width
        let values = probabilities.withUnsafeElements { Array($0[start..<start + height * width]) }
        return HeatMap(values: values, width: width, height: height, isSigned: false, limit: 1)
    }

    private func picture(of story: Provenance) throws -> Image {
        guard let instance = story.instance else { return run.image }
        var options = DetectionOverlay.Options()
        options.showsLabels = false
        return try DetectionOverlay(
            image: run.image, instances: [DrawnInstance(instance, of: run.model)], options: options
        ).figure.image()
    }

    private func text(of story: Provenance) -> String {
        guard let instance = story.instance else { return "nothing of it lies within the picture" }
        var parts: [String] = []
        if let mask = instance.mask { parts.append("mask of \(mask.area) pixels, cut at 0.5") }
        if run.model.classes.hasKeypoints(instance.label), let keypoints = instance.keypoints {
            parts.append("\(keypoints.count) keypoints")
        }
        return parts.isEmpty ? "box and class" : parts.joined(separator: "; ")
    }
}

import COCO
import Figures
import Geometry
import MaskRCNN
import Scenes

extension Gallery {
    /// Figure 25: this model on drawn scenes that the shipped one has not been trained on. It has nothing to do
    /// with the picture.
    func precisionRecall() throws -> Figure {
        let model = run.model
        guard let trial = SceneTrial(seed: ShippedScene.seed, count: 40, classes: model.classes) else {
            throw NothingToDraw(
                "the model's classes are not those of the drawn scenes, which are what there is to evaluate on"
            )
        }
        let results = trial.results { model.detect($0) }
        let evaluations = try results.kinds(comparableWith: trial.dataset).map {
            try Evaluation(dataset: trial.dataset, results: results, kind: $0)
        }
        guard let first = evaluations.first else {
            throw NothingToDraw("the model found nothing in the scenes")
        }
        let perCategory = evaluations.map { evaluation in evaluation.summaryPerCategory.map { $0.values[0] } }
        return PrecisionRecallFigure(
            evaluations.map(PrecisionRecallFigure.Kind.init),
            classes: first.categories.indices.map { index in
                PrecisionRecallFigure.ClassRow(
                    name: first.categories[index].name, objects: first.truthCounts[index],
                    values: perCategory.map { $0[index] })
            },
            thresholds: first.parameters.overlapThresholds, recalls: first.parameters.recallThresholds,
            source: "\(trial.dataset.images.count) drawn scenes of seed \(ShippedScene.seed), "
                + "\(first.truthCounts.reduce(0, +)) objects, \(results.detections.count) detections.",
            background: background
        ).figure
    }
}

extension PrecisionRecallFigure.Kind {
    /// The curves of an evaluation, averaged over the categories that have objects.
    fileprivate init(_ evaluation: Evaluation) {
        let curves = evaluation.curves
        let limit = evaluation.parameters.detectionLimits.count - 1
        let categories = evaluation.categories.indices.filter {
            curves.recall(threshold: 0, category: $0, area: 0, limit: limit) >= 0
        }
        let precisions = evaluation.parameters.overlapThresholds.indices.map { threshold in
            evaluation.parameters.recallThresholds.indices.map { recall in
                categories.reduce(0) {
                    $0
                        + curves.precision(
                            threshold: threshold, recall: recall, category: $1, area: 0, limit: limit)
                } / Double(max(categories.count, 1))
            }
        }
        func value(_ threshold: Double?) -> Double {
            evaluation.summary.metrics.first {
                $0.measure == .averagePrecision && $0.threshold == threshold && $0.area == "all"
            }?.value ?? -1
        }
        let name =
            switch evaluation.kind {
            case .boxes: "boxes"
            case .masks: "masks"
            case .keypoints: "keypoints"
            }
        self.init(
            name: name, summary: (value(nil), value(0.5), value(0.75)),
            averagePrecisions: precisions.map { $0.reduce(0, +) / Double(max($0.count, 1)) },
            precisions: precisions)
    }
}

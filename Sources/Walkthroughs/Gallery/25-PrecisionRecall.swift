import COCO
import Figures
import Geometry
import MaskRCNN
import Scenes

extension Gallery {
    /// Figure 25: this model on drawn scenes that the shipped one has not been trained on. It has nothing to do
    /// with the picture.
    func precisionRecall() throws -> Figure {
        let names = Dictionary(zip(run.model.classes.names, 1...)) { first, _ in first }
        guard SceneCategory.allCases.allSatisfy({ names[$0.name] != nil }) else {
            throw NothingToDraw(
                "the model's classes are not those of the drawn scenes, which are what there is to evaluate on"
            )
        }
        let scenes = EvaluatedScenes(model: run.model, count: 40)
        let kinds = scenes.results.kinds(comparableWith: scenes.dataset)
        let evaluations = try kinds.map {
            try Evaluation(dataset: scenes.dataset, results: scenes.results, kind: $0)
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
            source: "\(scenes.dataset.images.count) drawn scenes of seed \(ShippedScene.seed), "
                + "\(first.truthCounts.reduce(0, +)) objects, \(scenes.results.detections.count) detections.",
            background: background
        ).figure
    }
}

/// Scenes with their annotations, and what a model finds in them.
private struct EvaluatedScenes {
    private(set) var dataset = Dataset(categories: SceneCategory.allCases.map(\.annotated))
    private(set) var results = Results()

    init(model: Model, count: Int) {
        let generator = SceneGenerator(seed: ShippedScene.seed)
        let ids = Dictionary(uniqueKeysWithValues: SceneCategory.allCases.map { ($0.name, $0.id) })
        for index in 0..<count {
            let scene = generator.scene(index)
            dataset.images.append(
                Picture(
                    id: index, fileName: "scene \(index)",
                    size: PixelSize(height: scene.picture.height, width: scene.picture.width)))
            for object in scene.objects {
                dataset.annotations.append(
                    object.annotation(id: dataset.annotations.count + 1, imageID: index))
            }
            for instance in model.detect(scene.picture) {
                guard let category = ids[model.classes.name(of: instance.label)] else { continue }
                var detection = Detection(instance, imageID: index, categoryID: category)
                // The keypoint head answers for everything; only persons' answers mean something.
                if !model.classes.hasKeypoints(instance.label) { detection.keypoints = nil }
                results.detections.append(detection)
            }
        }
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

import COCO
import Inference
import Scenes

/// What a run trains on.
public struct TrainingData: Sendable {
    /// The examples.
    public let source: any ExampleSource
    /// The names of their classes.
    public let classes: ClassTable
    /// What was left out, in words.
    public let remarks: [String]

    /// The dataset in `folder`, or scenes if there is none.
    ///
    /// - Parameters:
    ///   - folder: has `annotations.json` and the pictures in `images`.
    ///   - scenes: which scenes to draw.
    ///   - skipsBroken: whether broken annotations are left out rather than refused.
    /// - Throws: `COCOError`, which names the annotation, when one is broken; ``TrainingError`` when there is
    ///   nothing to train on.
    public init(folder: String?, scenes: TrainingConfiguration.Scenes?, skipsBroken: Bool = false) throws {
        guard let folder else {
            guard let scenes else {
                throw TrainingError("the configuration has no scenes, so --data must name a dataset")
            }
            source = SceneExamples(SceneGenerator(seed: scenes.seed), count: scenes.count)
            classes = SceneExamples.classes
            remarks = []
            return
        }
        let path = folder + "/annotations.json"
        var remarks: [String] = []
        let dataset: Dataset
        if skipsBroken {
            var skipped = SkippedEntries()
            dataset = try Dataset(contentsOf: path, skipping: &skipped)
            if skipped.total > 0 { remarks.append("\(path): left out \(skipped)") }
        } else {
            dataset = try Dataset(contentsOf: path)
        }
        let examples = COCOExamples(dataset, folder: folder + "/images")
        guard examples.count > 0 else { throw TrainingError("\(path) has no picture with an object") }
        source = examples
        classes = examples.classes
        self.remarks = remarks
    }
}

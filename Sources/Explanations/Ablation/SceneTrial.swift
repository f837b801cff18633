import COCO
import Inference
import Scenes
import Tensors

/// Drawn scenes with annotations, on which models are evaluated.
package struct SceneTrial {
    /// The scenes' annotations; images are numbered from 0.
    package let dataset: Dataset
    private let scenes: [Scene]
    private let classes: ClassTable

    /// The first `count` scenes of a seed; nil if `classes` are not those of the scenes.
    package init?(seed: UInt64, count: Int, classes: ClassTable) {
        let names = Set(classes.names)
        guard SceneCategory.allCases.allSatisfy({ names.contains($0.name) }) else { return nil }
        let generator = SceneGenerator(seed: seed)
        scenes = (0..<count).map { generator.scene($0) }
        var dataset = Dataset.ofScenes
        for (index, scene) in scenes.enumerated() {
            dataset.add(SceneRecord(scene), id: index, fileName: "scene \(index)")
        }
        self.dataset = dataset
        self.classes = classes
    }

    /// The detections in each scene, to be evaluated against ``dataset``.
    package func results(_ detect: (Image) -> [Instance]) -> Results {
        let ids = Dictionary(uniqueKeysWithValues: SceneCategory.allCases.map { ($0.name, $0.id) })
        var results = Results()
        for (index, scene) in scenes.enumerated() {
            for instance in detect(scene.picture) {
                guard let category = ids[classes.name(of: instance.label)] else { continue }
                var detection = COCO.Detection(instance, imageID: index, categoryID: category)
                // The keypoint head predicts keypoints for every region; they are meaningful only for persons.
                if !classes.hasKeypoints(instance.label) { detection.keypoints = nil }
                results.detections.append(detection)
            }
        }
        return results
    }
}

import Geometry
import Inference
import Tensors
import Training

/// Training examples that are drawn when requested: any number of them, without files.
package struct SceneExamples: ExampleSource {
    private let generator: SceneGenerator
    /// The number of different scenes.
    package let count: Int

    /// The first `count` scenes of `generator`.
    package init(_ generator: SceneGenerator, count: Int) {
        self.generator = generator
        self.count = count
    }

    /// The size of a scene, without drawing it.
    package func size(of index: Int) -> PixelSize { generator.size(of: index) }

    /// Draws a scene.
    package func example(_ index: Int) -> Example {
        let scene = generator.scene(index)
        return Example(
            image: scene.picture,
            objects: scene.objects.map { object in
                LabelledObject(
                    label: object.category.id, box: object.box, mask: object.mask,
                    keypoints: object.keypoints, isCrowd: object.isCrowd)
            })
    }

    /// The class table of scenes.
    package static let classes = ClassTable(
        names: SceneCategory.allCases.map(\.name), categories: SceneCategory.allCases.map(\.id))
}

extension TrainingData {
    /// The scenes of a training configuration.
    package init(_ scenes: TrainingConfiguration.Scenes) {
        self.init(
            source: SceneExamples(SceneGenerator(seed: scenes.seed), count: scenes.count),
            classes: SceneExamples.classes)
    }
}

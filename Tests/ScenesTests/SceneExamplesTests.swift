import Geometry
import Inference
import Scenes
import Testing
import Training

@Suite struct SceneExamplesTests {
    private let generator = SceneGenerator(seed: 3, size: PixelSize(height: 64, width: 96))

    @Test("An example is the scene of that number, every time")
    func scenes() {
        let source = SceneExamples(generator, count: 5)
        #expect(source.count == 5 && source.size(of: 4) == PixelSize(height: 64, width: 96))
        #expect(SceneExamples.classes.names.count == SceneCategory.allCases.count)
        for index in 0..<3 {
            let (example, scene) = (source.example(index), generator.scene(index))
            #expect(example.image == scene.picture && example.size == source.size(of: index))
            #expect(example.objects.count == scene.objects.count)
            for (object, expected) in zip(example.objects, scene.objects) {
                #expect(object.box == expected.box && object.mask == expected.mask)
                #expect(object.keypoints == expected.keypoints && object.isCrowd == expected.isCrowd)
                #expect(SceneExamples.classes.category(of: object.label) == expected.category.id)
            }
        }
        #expect((0..<3).contains { !source.example($0).objects.isEmpty })
    }

    @Test("A configuration's scenes are training data")
    func data() {
        let data = TrainingData(TrainingConfiguration.Scenes(seed: 1, count: 12))
        #expect(data.source.count == 12 && data.classes == SceneExamples.classes && data.remarks.isEmpty)
    }
}

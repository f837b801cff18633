import Execution
import Geometry
import Scenes
import Synchronization
import Tensors
import Testing

/// A scene is a function of seed and index, and its parameters do what they say.
struct SceneGeneratorTests {
    @Test func theSameSeedGivesTheSameScene() {
        let first = SceneGenerator(seed: 1).scene(3)
        #expect(SceneGenerator(seed: 1).scene(3).picture == first.picture)
        #expect(SceneGenerator(seed: 2).scene(3).picture != first.picture)
        #expect(SceneGenerator(seed: 1).scene(4).picture != first.picture)
    }

    @Test func threadsAndOrderChangeNothing() {
        let generator = SceneGenerator(seed: 7)
        let count = 12
        let inOrder = (0..<count).map { generator.scene($0) }
        let atOnce = Mutex([Int: Scene]())
        parallel(count) { position in
            let index = count - 1 - position
            let scene = generator.scene(index)
            atOnce.withLock { $0[index] = scene }
        }
        let scenes = atOnce.withLock { $0 }
        for (index, expected) in inOrder.enumerated() {
            #expect(scenes[index]?.picture == expected.picture)
            #expect(scenes[index]?.objects.map(\.mask) == expected.objects.map(\.mask))
            #expect(scenes[index]?.objects.map(\.keypoints) == expected.objects.map(\.keypoints))
        }
    }

    @Test func theSizeIsTheOneAskedFor() {
        let size = PixelSize(height: 100, width: 180)
        let scene = SceneGenerator(seed: 1, size: size).scene(0)
        #expect(scene.picture.height == 100 && scene.picture.width == 180)
        #expect(scene.objects.allSatisfy { $0.mask.imageSize == size })
        // What no picture can have is moved to what one can.
        let smallest = SceneGenerator(seed: 1, size: PixelSize(height: -5, width: 0)).scene(0)
        #expect(smallest.picture.height == 64 && smallest.picture.width == 64)
        let sides = (0..<12).map { index in
            let picture = SceneGenerator(seed: 1, shorterSide: 96).scene(index).picture
            return [picture.height, picture.width]
        }
        #expect(Set(sides) == [[96, 128], [128, 96]])
    }

    @Test func theSizeIsKnownWithoutDrawing() {
        let generator = SceneGenerator(seed: 4)
        for index in 0..<12 {
            let picture = generator.scene(index).picture
            #expect(generator.size(of: index) == PixelSize(height: picture.height, width: picture.width))
        }
    }

    @Test func emptyPicturesAreAsFrequentAsAsked() {
        var difficulty = SceneDifficulty()
        difficulty.emptyShare = 1
        let generator = SceneGenerator(seed: 1, difficulty: difficulty)
        #expect((0..<5).allSatisfy { generator.scene($0).objects.isEmpty })
    }

    @Test func objectsAreNoMoreThanAsked() {
        var difficulty = SceneDifficulty()
        difficulty.largestObjectCount = 2
        difficulty.crowdShare = 0
        let generator = SceneGenerator(seed: 1, difficulty: difficulty)
        let counts = (0..<40).map { generator.scene($0).objects.count }
        #expect(counts.allSatisfy { $0 <= 2 } && counts.contains(2))
    }

    @Test func moreIsSeenWhereMoreIsAskedFor() {
        var difficulty = SceneDifficulty()
        difficulty.minimumVisibleShare = 0.8
        difficulty.minimumVisiblePixels = 500
        let generator = SceneGenerator(seed: 1, difficulty: difficulty)
        let objects = (0..<40).flatMap { generator.scene($0).objects }
        #expect(objects.count > 40)
        #expect(objects.allSatisfy { $0.visibleShare >= 0.8 && $0.mask.area >= 500 })
    }

    @Test func crowdsAreManyPiecesInOneRegion() {
        var difficulty = SceneDifficulty()
        difficulty.crowdShare = 1
        difficulty.largestObjectCount = 1
        let generator = SceneGenerator(seed: 1, difficulty: difficulty)
        let crowds = (0..<30).flatMap { generator.scene($0).objects }.filter(\.isCrowd)
        #expect(crowds.count >= 20)
        for crowd in crowds {
            #expect(crowd.keypoints == nil && crowd.polygons == nil)
            // A fifth of its box at least: dense; with gaps, so not one object.
            #expect(Float(crowd.mask.area) > 0.2 * crowd.box.area)
            #expect(Float(crowd.mask.area) < 0.95 * crowd.box.area)
        }
    }
}

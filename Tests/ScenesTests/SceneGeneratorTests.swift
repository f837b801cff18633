import Scenes
import Testing

@Test func sameSeedSameScene() {
    let first = SceneGenerator(seed: 1).scene(3)
    #expect(SceneGenerator(seed: 1).scene(3).picture == first.picture)
    #expect(SceneGenerator(seed: 2).scene(3).picture != first.picture)
}

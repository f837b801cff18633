import Geometry
import Inference
import Tensors
import Testing

@Suite struct LevelAssignmentTests {
    struct Golden: Decodable {
        struct Scales: Decodable {
            var size: [Int], heights: [Int], widths: [Int], scales: [Double], first: Int, levels: [Int]
        }
        var boxes: [[Double]], torchvision: [Int], detectron2: [Int], scales: [Scales]
    }

    func maps(
        heights: [Int] = [200, 100, 50, 25], widths: [Int] = [272, 136, 68, 34], height: Int = 800,
        firstLevel: Int = 2, _ profile: Profile
    ) -> PooledMaps<Tensor> {
        PooledMaps(
            zip(heights, widths).map { Tensor(shape: [$0, $1, 1]) }, firstLevel: firstLevel,
            size: PixelSize(height: height, width: 1066), conventions: profile.conventions.pooling)
    }

    // torchvision's LevelMapper, and detectron2's rule restated in PyTorch: sides at and around 112, 224, 448 and
    // 896, where the two differ, and boxes without area.
    @Test func levelsAreTheFrameworks() throws {
        let golden: Golden = try Fixture.json("levels")
        let boxes = golden.boxes.map { Box($0) }
        #expect(boxes.map(maps(.torchvision).level) == golden.torchvision)
        #expect(boxes.map(maps(.detectron2).level) == golden.detectron2)
        #expect(golden.torchvision != golden.detectron2)
    }

    // MultiScaleRoIAlign, which takes the scales from the first picture that it sees.
    @Test func measuredScalesAreTorchvisions() throws {
        let golden: Golden = try Fixture.json("levels")
        #expect(golden.scales.contains { $0.first == 1 })
        for example in golden.scales {
            let pooled = maps(
                heights: example.heights, widths: example.widths, height: example.size[0], .torchvision)
            #expect(pooled.scales == example.scales.map { Float($0) })
            #expect(pooled.firstLevel == example.first)
            #expect(golden.boxes.map { pooled.level(of: Box($0)) } == example.levels)
        }
    }

    @Test func nominalScalesDoNotLookAtTheMaps() {
        let pooled = maps(heights: [1, 1], widths: [1, 1], height: 20, .detectron2)
        #expect(pooled.scales == [0.25, 0.125])
        #expect(pooled.firstLevel == 2)
    }

    @Test func whatIsNoBoxUsesTheFinestMap() {
        for profile in [Profile.torchvision, .detectron2] {
            let maps = maps(profile)
            #expect(maps.level(of: Box(x1: 3, y1: 3, x2: 3, y2: 90)) == 2)
            #expect(maps.level(of: Box(x1: 9, y1: 0, x2: 3, y2: 90)) == 2)
            #expect(maps.level(of: Box(x1: .nan, y1: 0, x2: 3, y2: 90)) == 2)
            #expect(maps.level(of: Box(x1: 0, y1: 0, x2: .infinity, y2: 90)) == 5)
        }
    }

    @Test func aSingleMapIsEveryBoxesLevel() {
        let maps = maps(heights: [50], widths: [68], firstLevel: 4, .detectron2)
        for side in [0, 1, 224, 5000] as [Float] {
            #expect(maps.level(of: Box(x1: 0, y1: 0, x2: side, y2: side)) == 4)
        }
        #expect(maps.scales == [1 / 16])
        #expect(maps.pooled([Box(x1: 0, y1: 0, x2: 50, y2: 50)], size: 7).shape == [1, 7, 7, 1])
        #expect(maps.pooled([], size: 7).shape == [0, 7, 7, 1])
    }

    // Each map holds its own number, so what a box pools tells where from.
    @Test func boxesPoolFromTheirLevel() {
        let maps = PooledMaps(
            (0..<4).map { Tensor(shape: [200 >> $0, 272 >> $0, 1], repeating: Float($0 + 2)) }, firstLevel: 2,
            size: PixelSize(height: 800, width: 1088), conventions: Profile.detectron2.conventions.pooling)
        let boxes = [30, 120, 230, 460].map { Box(x1: 100, y1: 100, x2: 100 + $0, y2: 100 + $0) }
        #expect(boxes.map(maps.level) == [2, 3, 4, 5])
        #expect(maps.pooled(boxes, size: 1).array == [2, 3, 4, 5])
    }
}

import Geometry
import Inference
import Tensors
import TestSupport
import Testing

@Suite struct OutputTests {
    let resized = PixelSize(height: 800, width: 1066)
    let original = PixelSize(height: 480, width: 640)

    private func detections(_ boxes: [Box]) -> Detections {
        Detections(
            boxes: boxes, scores: boxes.indices.map { 1 - 0.1 * Float($0) },
            classes: boxes.indices.map { $0 + 1 }, proposals: Array(boxes.indices))
    }

    private func instances(
        _ boxes: [Box], masks: Tensor? = nil, keypoints: [[Keypoint]]? = nil, _ profile: Profile
    )
        -> [Instance]
    {
        makeInstances(
            detections(boxes), masks: masks, keypoints: keypoints, resized: resized, original: original,
            settings: profile.settings.masks, conventions: profile.conventions.output)
    }

    // Each axis has its own factor: 480 / 800 = 0.6 and 640 / 1066 = 0.60037…
    @Test func eachAxisIsScaledByItsOwnFactor() {
        let found = instances([Box(x1: 100, y1: 100, x2: 533, y2: 800)], .torchvision)
        #expect(found.count == 1 && found[0].label == 1 && found[0].score == 1 && found[0].detection == 0)
        expectClose(
            [found[0].box.x1, found[0].box.y1, found[0].box.x2, found[0].box.y2],
            [60.037523, 60, 320, 480], absolute: 1e-4, "box")
        #expect(found[0].mask == nil && found[0].keypoints == nil)
    }

    // detectron2 clips once more and drops what is left without area; torchvision returns everything as it is.
    @Test func clippingIsDetectron2s() {
        let boxes = [
            Box(x1: 0, y1: 0, x2: 1070, y2: 900), Box(x1: 10, y1: 10, x2: 10, y2: 50),
            Box(x1: 1067, y1: 0, x2: 1080, y2: 10), Box(x1: 533, y1: 400, x2: 1066, y2: 800),
        ]
        let kept = instances(boxes, .torchvision)
        #expect(kept.map(\.detection) == [0, 1, 2, 3])
        #expect(kept[0].box.x2 > 640 && kept[0].box.y2 > 480)
        let clipped = instances(boxes, .detectron2)
        #expect(clipped.map(\.detection) == [0, 3])
        #expect(clipped.map(\.label) == [1, 4])
        #expect(clipped.map(\.score) == [kept[0].score, kept[3].score])
        #expect(clipped[0].box == Box(x1: 0, y1: 0, x2: 640, y2: 480))
    }

    @Test func masksAndKeypointsStayWithTheirDetections() {
        let boxes = [Box(x1: 5, y1: 5, x2: 5, y2: 9), Box(x1: 0, y1: 0, x2: 533, y2: 400)]
        let masks = Tensor(shape: [2, 2, 2], elements: [0, 0, 0, 0, 1, 1, 1, 1])
        let keypoints = [[Keypoint(x: 0, y: 0, score: 1)], [Keypoint(x: 533, y: 400, score: 2)]]
        let found = instances(boxes, masks: masks, keypoints: keypoints, .detectron2)
        #expect(found.count == 1 && found[0].detection == 1)
        #expect(found[0].mask?.imageSize == original)
        #expect(found[0].mask?.bounds == PixelRegion(x: 0, y: 0, width: 320, height: 240))
        let points = found[0].keypoints ?? []
        expectClose(points.flatMap { [$0.x, $0.y, $0.score] }, [320, 240, 2], absolute: 1e-4, "keypoints")
    }

    @Test func nothingStaysNothing() {
        #expect(
            instances([], masks: Tensor(shape: [0, 28, 28]), keypoints: [], .torchvision).isEmpty)
    }

    // MARK: Classes

    @Test func classTablesAreCOCOs() {
        #expect(ClassTable.coco.names.count == 80 && ClassTable.cocoSparse.names.count == 90)
        #expect(ClassTable.coco.name(of: 12) == "stop sign" && ClassTable.coco.category(of: 12) == 13)
        #expect(ClassTable.cocoSparse.name(of: 13) == "stop sign")
        #expect(ClassTable.coco.name(of: 80) == "toothbrush" && ClassTable.coco.category(of: 80) == 90)
        #expect(ClassTable.cocoSparse.names.count { $0.hasPrefix("unused") } == 10)
        #expect(ClassTable.coco.name(of: 0) == "class 0" && ClassTable.coco.name(of: 81) == "class 81")
        #expect(ClassTable(names: ["a"]).category(of: 1) == 1)
        #expect(ClassTable(names: []).categories.isEmpty)
    }
}

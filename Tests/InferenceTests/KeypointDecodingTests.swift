import Geometry
import Inference
import Tensors
import TestSupport
import Testing

@Suite struct KeypointDecodingTests {
    struct Golden: Decodable {
        var shape: [Int], heatmaps: [Int], boxes: [[Double]], places: [[[Double]]]
        var logits: [[Double]], probabilities: [[Double]]
    }

    /// Heat maps with the keypoints last, from planes.
    private func heatmaps(_ shape: [Int], _ value: (_ detection: Int, _ keypoint: Int, _ pixel: Int) -> Float)
        -> Tensor
    {
        let (count, keypoints, area) = (shape[0], shape[1], shape[2] * shape[3])
        let elements = (0..<count).flatMap { detection in
            (0..<area).flatMap { pixel in (0..<keypoints).map { value(detection, $0, pixel) } }
        }
        return Tensor(shape: [count, shape[2], shape[3], keypoints], elements: elements)
    }

    // torchvision's heatmaps_to_keypoints; detectron2's score restated in PyTorch. Among the boxes are one of no
    // size, one of half a pixel, and one much larger than its map.
    @Test func placesAndScoresAreTheFrameworks() throws {
        let golden: Golden = try Fixture.json("keypoints")
        let shape = golden.shape
        let maps = heatmaps(shape) { detection, keypoint, pixel in
            Float(golden.heatmaps[(detection * shape[1] + keypoint) * shape[2] * shape[3] + pixel]) / 256
        }
        let boxes = golden.boxes.map { Box($0) }
        for (score, expected) in [
            (Conventions.Output.KeypointScore.logit, golden.logits), (.probability, golden.probabilities),
        ] {
            let found = decodeKeypoints(maps, boxes: boxes, score: score)
            #expect(found.count == shape[0] && found.allSatisfy { $0.count == shape[1] })
            expectClose(
                found.flatMap { $0.flatMap { [$0.x, $0.y] } },
                golden.places.flatMap { $0.flatMap { $0.map { Float($0) } } }, absolute: 1e-4, "places")
            expectClose(
                found.flatMap { $0.map(\.score) }, expected.flatMap { $0.map { Float($0) } }, absolute: 5e-6,
                "\(score)")
        }
    }

    // By hand: a box of the map's size is not enlarged; the maximum lies in the middle of its pixel.
    @Test func aPeakIsThePixelsCentre() {
        let maps = heatmaps([1, 1, 4, 5]) { $2 == 2 * 5 + 3 ? 7 : 0 }
        let box = Box(x1: 10, y1: 20, x2: 15, y2: 24)
        #expect(
            decodeKeypoints(maps, boxes: [box], score: .logit)
                == [[Keypoint(x: 13.5, y: 22.5, score: 7)]])
    }

    @Test func firstOfEqualMaximaCounts() {
        let maps = heatmaps([1, 1, 4, 4]) { _, _, pixel in pixel == 5 || pixel == 6 || pixel == 9 ? 1 : 0 }
        let found = decodeKeypoints(maps, boxes: [Box(x1: 0, y1: 0, x2: 4, y2: 4)], score: .logit)
        #expect(found == [[Keypoint(x: 1.5, y: 1.5, score: 1)]])
    }

    @Test func noDetectionsHaveNoKeypoints() {
        #expect(decodeKeypoints(Tensor(shape: [0, 56, 56, 17]), boxes: [], score: .logit).isEmpty)
    }
}

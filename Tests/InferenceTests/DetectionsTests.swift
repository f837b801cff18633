import Geometry
import Inference
import Tensors
import Testing

@Suite struct DetectionsTests {
    let size = PixelSize(height: 100, width: 200)

    private func select(
        _ probabilities: [[Float]], proposals: [Box], deltas: [Float]? = nil,
        _ profile: Profile = .torchvision, threshold: Float = 0.05, overlap: Double = 0.5, count: Int = 100
    ) -> Detections {
        let classes = probabilities.first?.count ?? 3
        return selectDetections(
            probabilities: Tensor(
                shape: [probabilities.count, classes], elements: probabilities.flatMap { $0 }),
            deltas: deltas.map { Tensor(shape: [probabilities.count, classes * 4], elements: $0) }
                ?? Tensor(shape: [probabilities.count, classes * 4]),
            proposals: proposals, size: size,
            settings: Settings.Boxes(
                scoreThreshold: threshold, nmsThreshold: overlap, detectionsPerImage: count),
            conventions: profile.conventions.detections)
    }

    private func box(_ x: Float, _ width: Float = 20) -> Box { Box(x1: x, y1: 0, x2: x + width, y2: 20) }

    @Test func backgroundNeverAppearsAndThresholdIsExcluded() {
        let detections = select(
            [[0.9, 0.05, 0.05], [0.5, 0.0500001, 0.4], [1, 0, 0]], proposals: [box(0), box(50), box(100)])
        #expect(detections.classes == [2, 1])
        #expect(detections.proposals == [1, 1])
        #expect(detections.scores == [0.4, 0.0500001])
        #expect(detections.boxes == [box(50), box(50)])
    }

    @Test func classesDoNotSuppressEachOther() {
        let detections = select(
            [[0, 0.6, 0.4], [0, 0.5, 0.5], [0, 0.9, 0.1]], proposals: [box(0), box(1), box(2)])
        #expect(detections.classes == [1, 2])
        #expect(detections.scores == [0.9, 0.5])
        #expect(detections.proposals == [2, 1])
    }

    // Two boxes of 20 × 20 that share 20 × 10: an IoU of 1/3. The settings' threshold is the one that counts.
    @Test func nmsThresholdIsTheSettings() {
        let proposals = [box(0), box(10)], probabilities: [[Float]] = [[0, 0.9], [0, 0.8]]
        #expect(select(probabilities, proposals: proposals, overlap: 0.34).scores == [0.9, 0.8])
        #expect(select(probabilities, proposals: proposals, overlap: 0.33).scores == [0.9])
    }

    @Test func eachClassHasItsOwnBox() {
        // Class 1 shifts by half a width (weight 10 divides), class 2 is twice as high (weight 5).
        let deltas: [Float] = [9, 9, 9, 9, 5, 0, 0, 0, 0, 0, 0, 5 * 0.6931472]
        let proposal = Box(x1: 40, y1: 40, x2: 60, y2: 60)
        let detections = select([[0.1, 0.5, 0.4]], proposals: [proposal], deltas: deltas)
        #expect(detections.classes == [1, 2])
        #expect(detections.boxes[0] == Box(x1: 50, y1: 40, x2: 70, y2: 60))
        #expect(detections.boxes[1].x1 == 40 && detections.boxes[1].x2 == 60)
        #expect(abs(detections.boxes[1].y1 - 30) < 1e-4 && abs(detections.boxes[1].y2 - 70) < 1e-4)
    }

    // A hundredth of a pixel for torchvision; detectron2 drops the empty ones later, in the picture's frame.
    @Test func tinyBoxesAreDroppedWhereTheProfileSaysSo() {
        let proposals = [box(0, 0.0099), box(50, 0.01), box(300), box(150)]
        let probabilities = [[Float]](repeating: [0.5, 0.5], count: 4)
        #expect(select(probabilities, proposals: proposals).proposals == [3])
        let kept = select(probabilities, proposals: proposals, .detectron2)
        #expect(Set(kept.proposals) == [0, 1, 2, 3])
        let box = kept.boxes[kept.proposals.firstIndex(of: 2) ?? 0]
        #expect(box.x1 == 200 && box.x2 == 200)
    }

    @Test func bestAreKeptAndTiesStayInOrder() {
        let proposals = (0..<8).map { box(Float($0) * 25) }
        let scores: [Float] = [0.5, 0.7, 0.5, 0.7, 0.5, 0.9, 0.5, 0.7]
        let detections = select(scores.map { [1 - $0, $0] }, proposals: proposals, count: 5)
        // The eighth proposal lies at 175 … 195, all inside the picture.
        #expect(detections.proposals == [5, 1, 3, 7, 0])
        #expect(detections.scores == [0.9, 0.7, 0.7, 0.7, 0.5])
        #expect(select(scores.map { [1 - $0, $0] }, proposals: proposals, count: 0).boxes.isEmpty)
    }

    @Test func nothingComesOfNothing() {
        #expect(select([], proposals: []).boxes.isEmpty)
        #expect(select([[.nan, .nan]], proposals: [box(0)]).boxes.isEmpty)
        let lost = select([[0, 1]], proposals: [box(0)], deltas: [0, 0, 0, 0, .nan, 0, 0, 0])
        #expect(lost.boxes.isEmpty)
    }

    // Class boxes in the order of proposals and classes, and who of them suppresses whom within a class.
    @Test func classBoxesAndTheirSuppressors() {
        let found = classBoxes(
            probabilities: Tensor(shape: [2, 3], elements: [0.2, 0.5, 0.3, 0.1, 0.04, 0.86]),
            deltas: Tensor(shape: [2, 12]), proposals: [box(0), box(1)], size: size, scoreThreshold: 0.05,
            conventions: Profile.torchvision.conventions.detections)
        #expect(found.proposals == [0, 0, 1])
        #expect(found.classes == [1, 2, 2])
        #expect(found.scores == [0.5, 0.3, 0.86])
        #expect(found.boxes == [box(0), box(0), box(1)])
        let outcome = suppressClassBoxes(
            found, nmsThreshold: 0.5, conventions: Profile.torchvision.conventions.detections)
        #expect(outcome.kept == [2, 0])
        #expect(outcome.suppressor == [nil, 2, nil])
    }
}

import Geometry
import Tensors
import TestSupport
import Testing

import Training

@Suite struct FlipTests {
    private let mirrored = PersonKeypoint.allCases.map(\.mirrored.rawValue)

    /// A picture of 3 × 2 pixels, numbered.
    private func example(_ objects: [LabelledObject] = []) -> Example {
        Example(image: Image(width: 3, height: 2, pixels: Array(0..<18)), objects: objects)
    }

    private func flipped(_ object: LabelledObject) throws -> LabelledObject {
        let objects = example([object]).flippedHorizontally(mirroredKeypoints: mirrored).objects
        try #require(objects.count == 1)
        return objects[0]
    }

    @Test("The pixels of each row are reversed, their channels are not")
    func picture() {
        let found = example().flippedHorizontally(mirroredKeypoints: mirrored).image
        #expect(found.width == 3 && found.height == 2)
        #expect(found.pixels == [6, 7, 8, 3, 4, 5, 0, 1, 2, 15, 16, 17, 12, 13, 14, 9, 10, 11])
    }

    @Test("A box changes sides, and everything else about it stays")
    func box() throws {
        let object = LabelledObject(label: 4, box: Box(x1: 0.25, y1: 0.5, x2: 1, y2: 2), isCrowd: true)
        let found = try flipped(object)
        #expect(found.box == Box(x1: 2, y1: 0.5, x2: 2.75, y2: 2))
        #expect(found.label == 4 && found.isCrowd && found.mask == nil && found.keypoints == nil)
    }

    @Test("A mask is reversed within its region, and the region changes sides")
    func mask() throws {
        let mask = InstanceMask(
            imageSize: PixelSize(height: 2, width: 3), region: PixelRegion(x: 0, y: 0, width: 2, height: 2),
            bits: [1, 0, 1, 1])
        let found = try #require(
            try flipped(LabelledObject(label: 1, box: Box(x1: 0, y1: 0, x2: 2, y2: 2), mask: mask)).mask)
        #expect(found.expanded() == [0, 0, 1, 0, 1, 1])
        #expect(found.region == PixelRegion(x: 1, y: 0, width: 2, height: 2))
    }

    @Test("A person's left becomes right; keypoints that are not labelled stay at the origin")
    func keypoints() throws {
        var keypoints = Array(repeating: Keypoint(x: 0, y: 0, score: 0), count: 17)
        // Nose; left and right eye; left wrist without the right one.
        keypoints[0] = Keypoint(x: 1, y: 1, score: 2)
        keypoints[1] = Keypoint(x: 2, y: 0.5, score: 1)
        keypoints[2] = Keypoint(x: 0.5, y: 0.75, score: 2)
        keypoints[9] = Keypoint(x: 3, y: 2, score: 2)
        let object = LabelledObject(label: 1, box: Box(x1: 0, y1: 0, x2: 3, y2: 2), keypoints: keypoints)
        let found = try #require(try flipped(object).keypoints)
        var expected = Array(repeating: Keypoint(x: 0, y: 0, score: 0), count: 17)
        expected[0] = Keypoint(x: 2, y: 1, score: 2)
        expected[1] = Keypoint(x: 2.5, y: 0.75, score: 2)
        expected[2] = Keypoint(x: 1, y: 0.5, score: 1)
        expected[10] = Keypoint(x: 0, y: 2, score: 2)
        #expect(found == expected)
    }

    @Test("Keypoints of something else than a person keep their order", arguments: [0, 1, 2, 3, 18])
    func otherKeypoints(count: Int) throws {
        let keypoints = (0..<count).map { Keypoint(x: Float($0) / 8, y: 1, score: 2) }
        let object = LabelledObject(label: 1, box: Box(x1: 0, y1: 0, x2: 3, y2: 2), keypoints: keypoints)
        let found = try flipped(object).keypoints
        #expect(found == keypoints.map { Keypoint(x: 3 - $0.x, y: 1, score: 2) })
    }

    @Test("Twice is not at all", arguments: [0, 1])
    func twice(index: Int) {
        let example = TinyExamples().example(index)
        let once = example.flippedHorizontally(mirroredKeypoints: mirrored)
        let twice = once.flippedHorizontally(mirroredKeypoints: mirrored)
        #expect(once.image != example.image && twice.image == example.image)
        #expect(twice.objects.count == example.objects.count)
        for (found, expected) in zip(twice.objects, example.objects) {
            #expect(found.box == expected.box && found.mask == expected.mask && found.label == expected.label)
            let (points, expectedPoints) = (found.keypoints ?? [], expected.keypoints ?? [])
            #expect(points.map(\.y) == expectedPoints.map(\.y))
            #expect(points.map(\.score) == expectedPoints.map(\.score))
            // Subtracting from the width twice rounds.
            expectClose(points.map(\.x), expectedPoints.map(\.x), absolute: 1e-5)
        }
    }
}

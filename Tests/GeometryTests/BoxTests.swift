import Testing

import Geometry

@Suite struct BoxTests {
    let box = Box(x1: 2, y1: 3, x2: 6, y2: 5)

    @Test func measuresAreDifferencesOfCorners() {
        #expect(box.width == 4)
        #expect(box.height == 2)
        #expect(box.area == 8)
    }

    // Worked by hand.
    @Test func intersectionIsZeroForBoxesThatTouchOrLieApart() {
        #expect(box.intersection(with: Box(x1: 4, y1: 4, x2: 10, y2: 10)) == 2)
        #expect(box.intersection(with: Box(x1: 6, y1: 3, x2: 8, y2: 5)) == 0)
        // Apart on both axes: two negative extents must not multiply to an area.
        #expect(box.intersection(with: Box(x1: 20, y1: 20, x2: 30, y2: 30)) == 0)
        #expect(box.intersection(with: box) == box.area)
    }

    @Test func overlapOfTwoBoxesWithoutAreaIsNaN() {
        let empty = Box(x1: 1, y1: 1, x2: 1, y2: 1)
        #expect(empty.overlap(with: empty).isNaN)
        #expect(box.overlap(with: empty) == 0)
    }

    @Test func overlapsAreTorchvisions() throws {
        struct Overlaps: Decodable { var boxes: [Double?], overlap: [Double?] }
        let expected: Overlaps = try fixture("overlaps")
        let all = boxes(expected.boxes)
        let found = all.flatMap { first in all.map { first.overlap(with: $0) } }
        #expect(sameBits(found, floats(expected.overlap)))
    }

    @Test func clippingMovesEdgesToTheBorderAndKeepsNaN() {
        let size = PixelSize(height: 4, width: 5)
        #expect(
            Box(x1: -1, y1: 2, x2: 9, y2: .infinity).clipped(to: size) == Box(x1: 0, y1: 2, x2: 5, y2: 4))
        #expect(Box(x1: 7, y1: 7, x2: 8, y2: 8).clipped(to: size) == Box(x1: 5, y1: 4, x2: 5, y2: 4))
        #expect(Box(x1: .nan, y1: 0, x2: 1, y2: 1).clipped(to: size).x1.isNaN)
    }

    @Test func scalingTakesOneFactorPerAxis() {
        #expect(box.scaled(x: 2, y: 0.5) == Box(x1: 4, y1: 1.5, x2: 12, y2: 2.5))
    }
}

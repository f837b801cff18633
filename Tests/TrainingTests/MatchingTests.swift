import Geometry
import Testing

import Training

/// Overlaps are chosen so that they can be read off: in a box of 10 × 10, one of 10 × h has an overlap of h / 10.
@Suite struct MatchingTests {
    private let object = Box(x1: 0, y1: 0, x2: 10, y2: 10)

    private func slice(_ height: Float, from top: Float = 0) -> Box {
        Box(x1: 0, y1: top, x2: 10, y2: top + height)
    }

    @Test("The upper threshold belongs to objects, the lower one to the ignored band")
    func thresholds() {
        var matcher = BoxMatcher.anchors
        matcher.allowsLowQuality = false
        let matches = matcher(
            [slice(10), slice(7), slice(6.99), slice(5), slice(3), slice(2.99), slice(0)], with: [object])
        #expect(
            matches == [.object(0), .object(0), .ignored, .ignored, .ignored, .background, .background])
    }

    @Test("With one threshold for both, nothing is ignored")
    func noBand() {
        let matches = BoxMatcher.proposals([slice(5), slice(4.99)], with: [object])
        #expect(matches == [.object(0), .background])
    }

    @Test("A candidate belongs to the object that it overlaps most, the first of equal ones")
    func bestObject() {
        let objects = [slice(6), slice(9), slice(9), slice(10)]
        #expect(BoxMatcher.proposals([slice(9)], with: objects) == [.object(1)])
        #expect(BoxMatcher.proposals([slice(10), slice(6)], with: objects) == [.object(3), .object(0)])
    }

    @Test("Every object gets all of its best candidates, however little they overlap it")
    func lowQuality() {
        // Two halves tie; the next best stays in the ignored band.
        #expect(
            BoxMatcher.anchors([slice(4), slice(5), slice(5, from: 5)], with: [object])
                == [.ignored, .object(0), .object(0)])
        // Far below the lower threshold.
        #expect(
            BoxMatcher.anchors([slice(1), slice(2), slice(1)], with: [object])
                == [.background, .object(0), .background])
        // A better one that comes later takes the place of those before.
        #expect(
            BoxMatcher.anchors([slice(1), slice(1), slice(2)], with: [object])
                == [.background, .background, .object(0)])
    }

    @Test("An object's best candidate keeps the object that it overlaps most itself, as in torchvision")
    func lowQualityKeepsFavourite() {
        // The candidate overlaps the first object by 0.5, the second by 0.6: it is the best that both have.
        #expect(BoxMatcher.anchors([slice(5)], with: [object, slice(3)]) == [.object(1)])
    }

    @Test("An object that no candidate touches gets none")
    func apart() {
        let far = Box(x1: 100, y1: 100, x2: 110, y2: 110)
        #expect(BoxMatcher.anchors([slice(1), slice(2)], with: [far]) == [.background, .background])
        #expect(BoxMatcher.anchors([slice(8), slice(2)], with: [far, object]) == [.object(1), .background])
    }

    @Test("Without objects everything is background")
    func noObjects() {
        #expect(BoxMatcher.anchors([slice(5), slice(1)], with: []) == [.background, .background])
        #expect(BoxMatcher.proposals([slice(5)], with: []) == [.background])
        #expect(BoxMatcher.anchors([], with: [object]) == [])
    }

    @Test("Background is ignored when more than half of it lies in a crowd")
    func crowds() {
        let far = Box(x1: 0, y1: 50, x2: 10, y2: 60)
        func match(_ candidate: Box, crowds: [Box]) -> BoxMatch? {
            BoxMatcher.proposals([candidate], with: [far], crowds: crowds).first
        }
        #expect(match(object, crowds: [slice(6)]) == .ignored)
        #expect(match(object, crowds: [slice(5)]) == .background)
        // Two crowds do not add up.
        #expect(match(object, crowds: [slice(4), slice(4, from: 6)]) == .background)
        #expect(match(object, crowds: [slice(1), slice(6)]) == .ignored)
        // An object stays one.
        #expect(match(far, crowds: [Box(x1: 0, y1: 0, x2: 100, y2: 100)]) == .object(0))
        // A box without area lies in nothing.
        #expect(match(slice(0), crowds: [object]) == .background)
    }
}

import Testing

import Geometry

@Suite struct NonMaximumSuppressionTests {
    struct Case: Decodable {
        var name: String, boxes: [Double?], scores: [Double?], threshold: Double
        var classes: [Int]?, separation: String?, kept: [Int]
    }

    static let separations: [String: NonMaximumSuppression.ClassSeparation] = [
        "coordinateOffsets": .coordinateOffsets, "perClass": .perClass, "automatic": .automatic(above: 1000),
    ]

    // torchvision.ops.nms, batched_nms and the two functions behind it.
    @Test func decisionsAreTorchvisions() throws {
        let cases: [Case] = try fixture("suppression")
        #expect(cases.count > 10)
        for example in cases {
            let boxes = boxes(example.boxes), scores = floats(example.scores)
            var suppression = NonMaximumSuppression(threshold: example.threshold)
            if let classes = example.classes {
                suppression.classSeparation = try #require(Self.separations[example.separation ?? ""])
                #expect(
                    suppression(boxes: boxes, scores: scores, classes: classes) == example.kept,
                    "\(example.name)")
            } else {
                #expect(suppression(boxes: boxes, scores: scores) == example.kept, "\(example.name)")
            }
        }
    }

    // The generator looked for boxes on which torchvision's two ways differ; so must ours.
    @Test func largeOffsetsCostPrecision() throws {
        let cases: [Case] = try fixture("suppression")
        let offsets = try #require(cases.first { $0.separation == "coordinateOffsets" })
        let perClass = try #require(cases.first { $0.separation == "perClass" })
        #expect(offsets.boxes == perClass.boxes)
        #expect(offsets.kept != perClass.kept)
    }

    // Three boxes by hand: overlaps 1/3 of neighbours, nothing between the outer two.
    let row = [
        Box(x1: 0, y1: 0, x2: 2, y2: 1), Box(x1: 1, y1: 0, x2: 3, y2: 1), Box(x1: 2, y1: 0, x2: 4, y2: 1),
    ]

    @Test func aSuppressedBoxSuppressesNobody() {
        let suppression = NonMaximumSuppression(threshold: 0.3)
        #expect(suppression(boxes: row, scores: [0.9, 0.8, 0.7]) == [0, 2])
        #expect(suppression(boxes: row, scores: [0.8, 0.9, 0.7]) == [1])
        #expect(suppression(boxes: row, scores: [0.7, 0.8, 0.9]) == [2, 0])
    }

    @Test func theOutcomeTellsWhoSuppressedWhom() {
        let suppression = NonMaximumSuppression(threshold: 0.3)
        let outcome = suppression.outcome(boxes: row, scores: [0.9, 0.7, 0.8])
        #expect(outcome.kept == [0, 2])
        #expect(outcome.suppressor == [nil, 0, nil])  // both neighbours would; the better one did
    }

    /// The usual telling, in plain loops and Double, as an oracle: each kept box strikes out all later ones.
    func strikeOut(_ boxes: [Box], _ scores: [Float], _ classes: [Int]) -> (kept: [Int], suppressor: [Int?]) {
        let order = boxes.indices.sorted { (scores[$1], $0) < (scores[$0], $1) }
        var outcome: (kept: [Int], suppressor: [Int?]) = ([], boxes.map { _ in nil })
        for (rank, index) in order.enumerated() where outcome.suppressor[index] == nil {
            outcome.kept.append(index)
            for other in order[(rank + 1)...]
            where outcome.suppressor[other] == nil && classes[index] == classes[other] {
                let a = boxes[index], b = boxes[other]
                let width = Double(min(a.x2, b.x2)) - Double(max(a.x1, b.x1))
                let height = Double(min(a.y2, b.y2)) - Double(max(a.y1, b.y1))
                let shared = max(width, 0) * max(height, 0)
                if shared > 0.5 * (Double(a.area) + Double(b.area) - shared) {
                    outcome.suppressor[other] = index
                }
            }
        }
        return outcome
    }

    @Test(arguments: [0, 1, 7, 8, 9, 64, 500])
    func agreesWithTheUsualTelling(count: Int) {
        var generator = Xorshift(seed: UInt64(count))
        // Whole-numbered corners: the same areas in Float and Double.
        let boxes = (0..<count).map { _ in
            let x = Float(Int.random(in: 0..<60, using: &generator))
            let y = Float(Int.random(in: 0..<60, using: &generator))
            return Box(
                x1: x, y1: y, x2: x + Float(Int.random(in: 0..<40, using: &generator)),
                y2: y + Float(Int.random(in: 0..<40, using: &generator)))
        }
        let scores = (0..<count).map { _ in Float(Int.random(in: 0..<50, using: &generator)) }
        let classes = (0..<count).map { _ in Int.random(in: 0..<3, using: &generator) }
        for separation in Self.separations.values {
            let suppression = NonMaximumSuppression(threshold: 0.5, classSeparation: separation)
            let found = suppression.outcome(boxes: boxes, scores: scores, classes: classes)
            let expected = strikeOut(boxes, scores, classes)
            #expect(found.kept == expected.kept)
            #expect(found.suppressor == expected.suppressor)
        }
        let found = NonMaximumSuppression(threshold: 0.5).outcome(boxes: boxes, scores: scores)
        let expected = strikeOut(boxes, scores, classes.map { _ in 0 })
        #expect(found.kept == expected.kept)
        #expect(found.suppressor == expected.suppressor)
    }

    // Overlap exactly 1/2, and 0.3 as the nearest Float, which is above the Double 0.3.
    @Test func exactlyTheThresholdSuppressesOnlyWithAtLeast() {
        let half = [Box(x1: 0, y1: 0, x2: 2, y2: 1), Box(x1: 0, y1: 0, x2: 1, y2: 1)]
        let three = [Box(x1: 0, y1: 0, x2: 10, y2: 1), Box(x1: 0, y1: 0, x2: 3, y2: 1)]
        let scores: [Float] = [1, 0]
        func count(_ boxes: [Box], _ threshold: Double, _ comparison: NonMaximumSuppression.Comparison) -> Int
        {
            NonMaximumSuppression(threshold: threshold, comparison: comparison)(boxes: boxes, scores: scores)
                .count
        }
        #expect(count(half, 0.5, .above) == 2)
        #expect(count(half, 0.5, .atLeast) == 1)
        #expect(Float(0.3) == three[0].overlap(with: three[1]))
        #expect(count(three, 0.3, .above) == 1)
        #expect(count(three, Double(Float(0.3)), .above) == 2)
        #expect(count(three, Double(Float(0.3)), .atLeast) == 1)
        #expect(count(half, 0, .atLeast) == 1)
        #expect(count([half[0], Box(x1: 5, y1: 5, x2: 6, y2: 6)], 0, .atLeast) == 1)
    }

    // Pixels 0…1 and 1…2: 4 and 4 pixels sharing 2 with the +1, 1 and 1 sharing nothing without.
    @Test func inclusiveEdgesCountPixels() {
        let boxes = [Box(x1: 0, y1: 0, x2: 1, y2: 1), Box(x1: 1, y1: 0, x2: 2, y2: 1)]
        var suppression = NonMaximumSuppression(threshold: 0.3)
        #expect(suppression(boxes: boxes, scores: [1, 0]) == [0, 1])
        suppression.edgesAreInclusive = true
        #expect(suppression(boxes: boxes, scores: [1, 0]) == [0])
    }

    @Test func nothingKeepsNothing() {
        #expect(NonMaximumSuppression(threshold: 0.5)(boxes: [], scores: []).isEmpty)
        #expect(NonMaximumSuppression(threshold: 0.5)(boxes: [], scores: [], classes: []).isEmpty)
    }
}

/// A small random generator that repeats: the tests must not change from run to run.
private struct Xorshift: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 2 &+ 0x9e37_79b9 }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state &* 0x2545_f491_4f6c_dd1d
    }
}

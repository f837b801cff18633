import Geometry
import Tensors
import Testing

import Verification

@Suite struct RowPairingTests {
    private func box(_ x: Float, _ y: Float, _ width: Float = 40, _ height: Float = 40) -> Box {
        Box(x1: x, y1: y, x2: x + width, y2: y + height)
    }

    private func pairs(_ pairing: RowPairing) -> [[Int]] {
        pairing.pairs.map { [$0.reference, $0.candidate] }
    }

    @Test func rowsAreFoundWhereverTheyStand() {
        let boxes = [box(0, 0), box(100, 0), box(0, 100)]
        let pairing = RowPairing(
            reference: RankedBoxes(boxes: boxes, scores: [0.9, 0.8, 0.7]),
            candidate: RankedBoxes(boxes: [boxes[2], boxes[0], box(300, 300)], scores: [0.7, 0.9, 0.6]))
        #expect(pairs(pairing) == [[0, 1], [2, 0]])
        #expect(pairing.unmatchedReference == [1] && pairing.unmatchedCandidate == [2])
        #expect(!pairing.isInPlace)
    }

    @Test func theSameBoxTwicePairsByScoreAndThenByPlace() {
        let boxes = [box(0, 0), box(0, 0), box(0, 0)]
        let pairing = RowPairing(
            reference: RankedBoxes(boxes: boxes, scores: [0.9, 0.5, 0.5]),
            candidate: RankedBoxes(boxes: boxes, scores: [0.5, 0.9, 0.5]))
        #expect(pairs(pairing) == [[0, 1], [1, 0], [2, 2]])
    }

    @Test func boxesWithoutAreaPairWithThemselves() {
        let thin = [Box(x1: 5, y1: 0, x2: 5, y2: 9), Box(x1: 320, y1: 7, x2: 320, y2: 7)]
        let pairing = RowPairing(
            reference: RankedBoxes(boxes: thin), candidate: RankedBoxes(boxes: thin.reversed()))
        #expect(pairs(pairing) == [[0, 1], [1, 0]])
        let nan = [Box(x1: .nan, y1: 0, x2: 5, y2: 5)]
        #expect(
            RowPairing(reference: RankedBoxes(boxes: nan), candidate: RankedBoxes(boxes: nan)).pairs.isEmpty)
    }

    @Test func anotherClassCountsAgainstAPairButDoesNotForbidIt() {
        let boxes = [box(0, 0), box(2, 0)]
        let swapped = RowPairing(
            reference: RankedBoxes(boxes: boxes, classes: [1, 2]),
            candidate: RankedBoxes(boxes: boxes, classes: [2, 1]))
        #expect(pairs(swapped) == [[0, 1], [1, 0]])
        let shifted = RowPairing(
            reference: RankedBoxes(boxes: [box(0, 0)], classes: [1]),
            candidate: RankedBoxes(boxes: [box(0, 0)], classes: [2]))
        #expect(pairs(shifted) == [[0, 0]])
    }

    /// Against the rule as it is told: all pairs, the best of those left, again and again.
    @Test(arguments: 0..<30)
    func agreesWithTakingTheBestPairAgainAndAgain(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        func number(_ range: Double) -> Float { Float(generator.uniform() * range) }
        let boxes = (0..<12).map { _ in box(number(30), number(30), 40 + number(10), 40 + number(10)) }
        let scores = boxes.map { _ in number(1) }
        let others = boxes.shuffled(using: &generator).dropLast(2).map {
            Box(x1: $0.x1 + number(6), y1: $0.y1, x2: $0.x2, y2: $0.y2 + number(6))
        }
        let otherScores = others.map { _ in number(1) }
        var (rows, columns) = (Set(boxes.indices), Set(others.indices))
        var expected: [[Int]] = []
        while true {
            var best: (quality: Float, row: Int, column: Int)?
            for row in rows.sorted() {
                for column in columns.sorted() {
                    let overlap = boxes[row].overlap(with: others[column])
                    guard overlap >= 0.7 else { continue }
                    let quality = overlap - abs(scores[row] - otherScores[column])
                    if quality > best?.quality ?? -.infinity { best = (quality, row, column) }
                }
            }
            guard let best else { break }
            rows.remove(best.row)
            columns.remove(best.column)
            expected.append([best.row, best.column])
        }
        let pairing = RowPairing(
            reference: RankedBoxes(boxes: boxes, scores: scores),
            candidate: RankedBoxes(boxes: others, scores: otherScores))
        #expect(pairs(pairing) == expected.sorted { $0[0] < $1[0] })
        #expect(pairing.unmatchedReference == rows.sorted())
        #expect(pairing.unmatchedCandidate == columns.sorted())
    }

    /// Against trying every subset of rows that stay.
    @Test(arguments: 0..<20)
    func theFewestRowsMove(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let order = Array(0..<8).shuffled(using: &generator)
        let pairing = RowPairing(
            order.enumerated().map { RowPairing.Pair(reference: $0, candidate: $1) }, referenceCount: 8,
            candidateCount: 8)
        let largest = (0..<256).filter { subset in
            let kept = (0..<8).filter { subset >> $0 & 1 == 1 }.map { order[$0] }
            return kept == kept.sorted()
        }.map(\.nonzeroBitCount).max()
        #expect(pairing.movedPairs.count == 8 - (largest ?? 0))
    }

    // MARK: What became of rows

    private func counts(
        _ reference: RankedBoxes, _ candidate: RankedBoxes, _ group: RowGroup = .detections
    ) -> RowCounts {
        RowCounts(
            RowPairing(reference: reference, candidate: candidate), reference: reference,
            candidate: candidate, group: group, limits: SelectionLimits())
    }

    private let three = (0..<3).map { Float($0) * 100 }

    @Test func aSwapOfTiesIsExplainedAndAnyOtherIsNot() {
        let boxes = three.map { box($0, 0) }
        let swapped = [boxes[1], boxes[0], boxes[2]]
        let ties = counts(
            RankedBoxes(boxes: boxes, scores: [0.8, 0.8, 0.1]),
            RankedBoxes(boxes: swapped, scores: [0.8, 0.8, 0.1]))
        #expect(ties.reordered == 1 && ties.ties == 1 && ties.areExplained)
        let wrong = counts(
            RankedBoxes(boxes: boxes, scores: [0.8, 0.5, 0.1]),
            RankedBoxes(boxes: swapped, scores: [0.5, 0.8, 0.1]))
        #expect(wrong.reordered == 1 && wrong.ties == 0 && !wrong.areExplained)
    }

    @Test func aRowAtTheScoreThresholdMayGo() {
        let boxes = three.map { box($0, 0) }
        let flip = counts(
            RankedBoxes(boxes: boxes, scores: [0.8, 0.5, 0.05001]),
            RankedBoxes(boxes: Array(boxes.dropLast()), scores: [0.8, 0.5]))
        #expect(flip.unmatchedReference == 1 && flip.flipsAtScore == 1 && flip.areExplained)
        let loss = counts(
            RankedBoxes(boxes: boxes, scores: [0.8, 0.5, 0.3]),
            RankedBoxes(boxes: Array(boxes.dropLast()), scores: [0.8, 0.5]))
        #expect(loss.unmatchedReference == 1 && loss.flips == 0 && !loss.areExplained)
        // Proposals know no such threshold.
        let proposals = counts(
            RankedBoxes(boxes: boxes, scores: [0.8, 0.5, 0.05001]),
            RankedBoxes(boxes: Array(boxes.dropLast()), scores: [0.8, 0.5]), .proposals)
        #expect(!proposals.areExplained)
    }

    @Test func aRowAtTheCutMayGiveWayToAnother() {
        let boxes = three.map { box($0, 0) }
        let flip = counts(
            RankedBoxes(boxes: boxes, scores: [0.8, 0.5, 0.3]),
            RankedBoxes(boxes: [boxes[0], boxes[1], box(0, 300)], scores: [0.8, 0.5, 0.3]))
        #expect(flip.unmatched == 2 && flip.flipsAtCut == 2 && flip.areExplained)
    }

    @Test func aRowAtTheOverlapThresholdMayGo() {
        // By hand: 40 × 40 boxes shifted by d overlap by (40 − d) / (40 + d), one half at d = 40 / 3.
        let shifted = box(40.0 / 3, 0)
        let flip = counts(
            RankedBoxes(boxes: [box(0, 0), shifted], scores: [0.9, 0.6]),
            RankedBoxes(boxes: [box(0, 0)], scores: [0.9]))
        #expect(flip.flipsAtOverlap == 1 && flip.areExplained)
        let far = counts(
            RankedBoxes(boxes: [box(0, 0), box(20, 0)], scores: [0.9, 0.6]),
            RankedBoxes(boxes: [box(0, 0)], scores: [0.9]))
        #expect(far.flips == 0 && !far.areExplained)
        // Suppression is within classes.
        let classes = counts(
            RankedBoxes(boxes: [box(0, 0), shifted], scores: [0.9, 0.6], classes: [1, 2]),
            RankedBoxes(boxes: [box(0, 0)], scores: [0.9], classes: [1]))
        #expect(classes.flips == 0)
    }
}

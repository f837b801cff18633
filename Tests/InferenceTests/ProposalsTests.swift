import Geometry
import Inference
import TestSupport
import Testing

@Suite struct ProposalsTests {
    let big = Box(x1: 0, y1: 0, x2: 100, y2: 100)

    private func select(_ candidates: [Candidates], count: Int = 10, _ profile: Profile) -> Proposals {
        selectProposals(
            candidates, settings: Settings.Proposals(postNMSTopN: count),
            conventions: profile.conventions.proposals)
    }

    // torchvision asks for at least 1/1000 of a pixel, detectron2 for more than nothing.
    @Test func smallestSideIsIncludedOrNot() {
        let sides: [Float] = [0, 0.0005, 0.001, 0.0011, 1]
        let boxes = sides.map { Box(x1: 0, y1: 0, x2: $0, y2: 50) }
        let tall = sides.map { Box(x1: 200, y1: 0, x2: 250, y2: $0) }
        // Suppression must not interfere: each on a level of its own.
        let candidates = (boxes + tall).map { Candidates(boxes: [$0], scores: [0.5]) }
        #expect(select(candidates, .torchvision).boxes == Array(boxes[2...] + tall[2...]))
        #expect(select(candidates, .detectron2).boxes == Array(boxes[1...] + tall[1...]))
    }

    @Test func suppressionStaysWithinALevel() {
        let nearly = Box(x1: 0, y1: 0, x2: 100, y2: 99)
        for profile in [Profile.torchvision, .detectron2] {
            let together = select([Candidates(boxes: [big, nearly], scores: [0.9, 0.8])], profile)
            #expect(together.boxes == [big] && together.scores == [0.9])
            let apart = select(
                [Candidates(boxes: [nearly], scores: [0.8]), Candidates(boxes: [big], scores: [0.9])], profile
            )
            #expect(apart.boxes == [big, nearly] && apart.scores == [0.9, 0.8])
        }
    }

    // An overlap of exactly 0.7 does not suppress.
    @Test func thresholdItselfIsHarmless() {
        let seventy = Box(x1: 0, y1: 0, x2: 100, y2: 70)
        #expect(
            select([Candidates(boxes: [big, seventy], scores: [0.9, 0.8])], .torchvision).boxes.count == 2)
        let more = Box(x1: 0, y1: 0, x2: 100, y2: 70.01)
        #expect(select([Candidates(boxes: [big, more], scores: [0.9, 0.8])], .torchvision).boxes == [big])
    }

    // Both probabilities are 1; only the logits tell that the second is the better one.
    @Test func ranksDecideAndProbabilitiesComeOut() {
        let other = Box(x1: 1, y1: 0, x2: 101, y2: 100)
        let candidates = Candidates(boxes: [big, other], scores: [1, 1], ranks: [20, 30])
        let proposals = select([candidates], .detectron2)
        #expect(proposals.boxes == [other] && proposals.scores == [1])
        let tied = select([Candidates(boxes: [big, other], scores: [1, 1])], .torchvision)
        #expect(tied.boxes == [big])
    }

    @Test func cutIsOverAllLevels() {
        let levels = (0..<3).map { level in
            Candidates(
                boxes: (0..<4).map { Box(x1: Float($0) * 50, y1: 0, x2: Float($0) * 50 + 40, y2: 40) },
                scores: (0..<4).map { 0.9 - 0.1 * Float($0) - 0.01 * Float(level) })
        }
        let proposals = select(levels, count: 5, .torchvision)
        expectClose(proposals.scores, [0.9, 0.89, 0.88, 0.8, 0.79], absolute: 1e-6, "scores")
        #expect(proposals.boxes.map(\.x1) == [0, 0, 0, 50, 50])
        #expect(select(levels, count: 0, .torchvision).boxes.isEmpty)
        #expect(select([Candidates(boxes: [], scores: [])], .torchvision).boxes.isEmpty)
    }

    // The second box of the first level is too thin, the third overlaps the first by 0.99; by hand.
    @Test func theTraceTellsWhoWasSuppressedByWhom() {
        let thin = Box(x1: 0, y1: 0, x2: 0, y2: 50), nearly = Box(x1: 0, y1: 0, x2: 100, y2: 99)
        let candidates = [
            Candidates(boxes: [big, thin, nearly], scores: [0.9, 0.8, 0.7]),
            Candidates(boxes: [nearly, big], scores: [0.95, 0.6]),
        ]
        let suppression = suppressCandidates(
            candidates, nmsThreshold: 0.7, conventions: Profile.torchvision.conventions.proposals)
        typealias Member = CandidateSuppression.Member
        #expect(
            suppression.members == [
                Member(level: 0, rank: 0), Member(level: 0, rank: 2), Member(level: 1, rank: 0),
                Member(level: 1, rank: 1),
            ])
        #expect(suppression.outcome.kept == [2, 0])
        #expect(suppression.outcome.suppressor == [nil, 0, nil, 2])
    }
}

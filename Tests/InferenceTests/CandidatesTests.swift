import Geometry
import Inference
import Tensors
import TestSupport
import Testing

@Suite struct CandidatesTests {
    func largest(_ count: Int, _ values: [Float]) -> [Int] {
        values.withUnsafeBufferPointer { indicesOfLargest(count, in: $0) }
    }

    // Against a plain sort, which is stable: with many ties, and long enough to be cut several times.
    @Test(arguments: [0, 1, 2, 7, 1000, 4999, 5000])
    func topIsWhatAPlainSortGives(count: Int) {
        var generator = SeededGenerator(seed: 9, name: "candidates")
        for distinct in [3, 100, 1 << 24] {
            let values = (0..<5000).map { _ in Float(Int(generator.next() % UInt64(distinct))) }
            let sorted = values.indices.sorted { values[$0] > values[$1] }
            #expect(largest(count, values) == Array(sorted.prefix(count)), "\(distinct) values")
        }
    }

    @Test func risingValuesAreTheWorstCase() {
        let rising = (0..<20_000).map { Float($0) }
        #expect(largest(3, rising) == [19_999, 19_998, 19_997])
        #expect(largest(3, rising.reversed()) == [0, 1, 2])
    }

    @Test func moreThanThereAreGivesAll() {
        #expect(largest(10, [1, 3, 2]) == [1, 2, 0])
        #expect(largest(.max, [1, 3, 2]) == [1, 2, 0])
        #expect(largest(5, []) == [])
        #expect(largest(-1, [1]) == [])
    }

    @Test func infinitiesCountAndNaNDoesNot() {
        #expect(largest(4, [.nan, -.infinity, 2, .infinity]) == [3, 2, 1])
        #expect(largest(2, [-.infinity, -.infinity, -.infinity]) == [0, 1])
        #expect(largest(3, [.nan, .nan]) == [])
        let many = [Float](repeating: -.infinity, count: 9000)
        #expect(largest(3, many) == [0, 1, 2])
    }

    /// Two anchors at each of two positions.
    private func select(logits: [Float], deltas: [Float], count: Int, _ profile: Profile) -> Candidates {
        let anchors = [0, 1, 2, 3].map { Box(x1: Float($0) * 10, y1: 0, x2: Float($0) * 10 + 10, y2: 20) }
        return selectCandidates(
            objectness: Tensor(shape: [1, 2, 2], elements: logits),
            deltas: Tensor(shape: [1, 2, 8], elements: deltas), anchors: anchors, count: count,
            size: PixelSize(height: 18, width: 36), conventions: profile.conventions.proposals)
    }

    // By hand: the delta (0.5, -0.25, log 2, 0) on (10, 0, 20, 20) has centre (20, 5) and size 20 × 20.
    @Test func deltasAreDecodedAndClipped() {
        var deltas = [Float](repeating: 0, count: 16)
        deltas.replaceSubrange(4..<8, with: [0.5, -0.25, 0.6931472, 0])
        let candidates = select(logits: [0, 3, -1, 2], deltas: deltas, count: 3, .torchvision)
        #expect(candidates.anchors == [1, 3, 0])
        let box = candidates.boxes[0]
        expectClose([box.x1, box.y1, box.x2, box.y2], [10, 0, 30, 15], absolute: 1e-5, "box")
        #expect(candidates.boxes[1] == Box(x1: 30, y1: 0, x2: 36, y2: 18))
        #expect(candidates.boxes[2] == Box(x1: 0, y1: 0, x2: 10, y2: 18))
        // 1 / (1 + e⁻³), 1 / (1 + e⁻²), ½.
        expectClose(candidates.scores, [0.95257413, 0.8807971, 0.5], absolute: 1e-7, "scores")
    }

    @Test func ranksAreLogitsWhereTheProfileSaysSo() {
        let deltas = [Float](repeating: 0, count: 16)
        let logits: [Float] = [20, 30, 40, 25]
        let byScore = select(logits: logits, deltas: deltas, count: 4, .torchvision)
        #expect(byScore.ranks == [1, 1, 1, 1] && byScore.scores == byScore.ranks)
        let byLogit = select(logits: logits, deltas: deltas, count: 4, .detectron2)
        #expect(byLogit.ranks == [40, 30, 25, 20] && byLogit.scores == [1, 1, 1, 1])
        #expect(byLogit.anchors == [2, 1, 3, 0])
    }

    @Test func growthIsLimitedAndNaNIsHarmless() {
        var deltas = [Float](repeating: 0, count: 16)
        deltas[2] = 1000
        deltas[4] = .nan
        let candidates = select(logits: [4, 3, 2, .nan], deltas: deltas, count: 4, .detectron2)
        #expect(candidates.anchors == [0, 1, 2])
        #expect(candidates.boxes[0] == Box(x1: 0, y1: 0, x2: 36, y2: 18))
        #expect(candidates.boxes[1].x1.isNaN)
        let proposals = selectProposals(
            [candidates], settings: Settings.Proposals(postNMSTopN: 10),
            conventions: Profile.detectron2.conventions.proposals)
        #expect(proposals.boxes == [candidates.boxes[0], candidates.boxes[2]])
    }
}

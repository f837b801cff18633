import Explanations
import Foundation
import Geometry
import Inference
import Loading
import Tensors
import Testing

/// A run of a random model, traced. What is expected is worked out again in plain loops from what was recorded.
@Suite struct ProvenanceTests {
    static let run: PictureRun? = {
        var pixels: [UInt8] = []
        for y in 0..<60 {
            for x in 0..<80 { pixels += [UInt8(3 * x), UInt8(4 * y), UInt8((x * y) % 256)] }
        }
        let image = Image(width: 80, height: 60, pixels: pixels)
        return (try? LoadedModel(randomSeed: 5)).map { PictureRun($0, on: image, named: "a pattern") }
    }()

    private let run: PictureRun
    private let trace: SelectionTrace

    init() throws {
        run = try #require(Self.run)
        trace = try SelectionTrace(run)
    }

    private func boxes(_ stage: Stage) throws -> [Box] {
        guard case .boxes(let boxes)? = run[stage] else { throw Missing(stage: stage) }
        return boxes
    }

    private func numbers(_ stage: Stage) throws -> [Float] {
        guard case .numbers(let numbers)? = run[stage] else { throw Missing(stage: stage) }
        return numbers
    }

    private func indices(_ stage: Stage) throws -> [Int] {
        guard case .indices(let indices)? = run[stage] else { throw Missing(stage: stage) }
        return indices
    }

    private struct Missing: Error { let stage: Stage }

    @Test func theTraceEndsInWhatWasRecorded() throws {
        #expect(trace.proposals.boxes == (try boxes(.proposalBoxes)))
        #expect(trace.detections.boxes == (try boxes(.detectionBoxes)))
        #expect(trace.detections.classes == (try indices(.detectionClasses)))
        for level in trace.levels {
            #expect(level.candidates.boxes == (try boxes(.candidateBoxes(level.name))))
            #expect(Array(level.anchors) == (try boxes(.anchors(level.name))))
        }
    }

    @Test func everyStepIsTheRecordedOne() throws {
        let count = try boxes(.detectionBoxes).count
        try #require(count > 2)
        for detection in 0..<count {
            let found = try Provenance(run, detection: detection, trace: trace)
            #expect(found.box == (try boxes(.detectionBoxes))[detection])
            #expect(found.score == (try numbers(.detectionScores))[detection])
            #expect(found.label == (try indices(.detectionClasses))[detection])
            #expect(found.proposal == (try indices(.detectionProposals))[detection])
            #expect(found.poolingLevel == (try indices(.boxLevel))[found.proposal])
            #expect(found.maskLevel == (try indices(.maskLevel))[detection])
            #expect(found.clipped == (try boxes(.proposalBoxes))[found.proposal])
            #expect(found.objectness == (try numbers(.proposalScores))[found.proposal])
            #expect(found.clipped == (try boxes(.candidateBoxes(found.anchor.level)))[found.rank])
            #expect(found.probabilities[found.label] == found.score)
            #expect(abs(found.probabilities.reduce(0, +) - 1) < 1e-5)
            #expect(found.instance?.detection == detection)
        }
    }

    /// The cell and the shape lead to the anchor, its logit and its delta in the recorded maps.
    @Test func theCellIsWhereTheNumbersAre() throws {
        for detection in try boxes(.detectionBoxes).indices {
            let found = try Provenance(run, detection: detection, trace: trace)
            let anchor = found.anchor
            let shapes = run.model.architecture.proposals.anchorsPerPosition
            let index = (anchor.row * anchor.mapSize.width + anchor.column) * shapes + anchor.shape
            #expect((try boxes(.anchors(anchor.level)))[index] == anchor.box)
            let objectness = try #require(run.tensor(.objectness(anchor.level)))
            #expect(objectness[anchor.row, anchor.column, anchor.shape] == found.logit)
            let deltas = try #require(run.tensor(.rpnDeltas(anchor.level)))
            #expect(deltas[anchor.row, anchor.column, 4 * anchor.shape + 2] == found.delta.dw)
            #expect(abs(1 / (1 + exp(-found.logit)) - found.objectness) < 1e-6)
            // Corners are rounded to pixels, so sides and ratios are not exact.
            #expect(abs(anchor.box.area.squareRoot() / anchor.size - 1) < 0.06)
            #expect(abs(anchor.box.height / anchor.box.width / anchor.aspectRatio - 1) < 0.12)
            #expect(found.decoded.clipped(to: trace.size) == found.clipped)
            #expect(found.refined.clipped(to: trace.size) == found.box)
        }
    }

    /// Greedy suppression in its usual telling and in Double: each kept box strikes out later ones.
    /// - Returns: for each box the one that struck it out.
    private func strikeOut(_ boxes: [Box], threshold: Double) -> [Int?] {
        var struckBy = [Int?](repeating: nil, count: boxes.count)
        for index in boxes.indices where struckBy[index] == nil {
            for other in boxes.indices.dropFirst(index + 1) where struckBy[other] == nil {
                let (a, b) = (boxes[index], boxes[other])
                let width = max(Double(min(a.x2, b.x2)) - Double(max(a.x1, b.x1)), 0)
                let height = max(Double(min(a.y2, b.y2)) - Double(max(a.y1, b.y1)), 0)
                let shared = width * height
                let both = Double(a.area) + Double(b.area)
                if shared > threshold * (both - shared) { struckBy[other] = index }
            }
        }
        return struckBy
    }

    @Test func candidatesAreSuppressedByWhomItSays() throws {
        var all = 0
        for detection in try boxes(.detectionBoxes).indices {
            let found = try Provenance(run, detection: detection, trace: trace)
            // Recorded best first, and none of them too small.
            let candidates = try boxes(.candidateBoxes(found.anchor.level))
            try #require(candidates.allSatisfy { $0.width > 0.01 && $0.height > 0.01 })
            let struckBy = strikeOut(candidates, threshold: 0.7)
            let expected = struckBy.indices.filter { struckBy[$0] == found.rank }
            #expect(found.suppressedCandidates.map(\.rank) == expected)
            #expect(found.suppressedCandidates.map(\.box) == expected.map { candidates[$0] })
            #expect(
                found.suppressedCandidates.allSatisfy { $0.overlap > 0.7 && $0.score <= found.objectness })
            all += expected.count
        }
        #expect(all > 0)
    }

    @Test func classBoxesAreSuppressedByWhomItSays() throws {
        let probabilities = try #require(run.tensor(.boxProbabilities))
        let refinements = try #require(run.tensor(.boxDeltas))
        let proposals = try boxes(.proposalBoxes)
        var all = 0
        for detection in try boxes(.detectionBoxes).indices {
            let found = try Provenance(run, detection: detection, trace: trace)
            // The class's box of every proposal, most probable first.
            let order = proposals.indices.filter { probabilities[$0, found.label] > 0.05 }
                .sorted { (probabilities[$1, found.label], $0) < (probabilities[$0, found.label], $1) }
            let refined = order.map { proposal -> Box in
                let delta = (0..<4).map { Double(refinements[proposal, found.label, $0]) }
                return decoded(proposals[proposal], delta)
            }
            let struckBy = strikeOut(refined, threshold: 0.5)
            let own = try #require(order.firstIndex(of: found.proposal))
            let expected = struckBy.indices.filter { struckBy[$0] == own }
            #expect(found.suppressedClassBoxes.map(\.proposal) == expected.map { order[$0] })
            #expect(found.suppressedClassBoxes.allSatisfy { $0.overlap > 0.5 && $0.score <= found.score })
            for (other, index) in zip(found.suppressedClassBoxes, expected) {
                #expect(abs(other.box.x1 - refined[index].x1) < 1e-2)
                #expect(abs(other.box.y2 - refined[index].y2) < 1e-2)
            }
            all += expected.count
        }
        #expect(all > 0)
    }

    /// Fast R-CNN's decoding with torchvision's weights 10, 10, 5, 5, clipped to the picture.
    private func decoded(_ box: Box, _ delta: [Double]) -> Box {
        let (width, height) = (Double(box.x2 - box.x1), Double(box.y2 - box.y1))
        let x = Double(box.x1) + width / 2 + delta[0] / 10 * width
        let y = Double(box.y1) + height / 2 + delta[1] / 10 * height
        let (newWidth, newHeight) = (width * exp(delta[2] / 5), height * exp(delta[3] / 5))
        func clip(_ value: Double, _ limit: Int) -> Float { Float(min(max(value, 0), Double(limit))) }
        return Box(
            x1: clip(x - newWidth / 2, trace.size.width), y1: clip(y - newHeight / 2, trace.size.height),
            x2: clip(x + newWidth / 2, trace.size.width), y2: clip(y + newHeight / 2, trace.size.height))
    }

    @Test func aDetectionThatIsNotThereIsNamed() throws {
        let count = try boxes(.detectionBoxes).count
        for wrong in [-1, count, Int.max] {
            let error = #expect(throws: NothingToDraw.self) {
                try Provenance(run, detection: wrong, trace: trace)
            }
            #expect(error?.description == "there is no detection \(wrong): they are 0 to \(count - 1)")
        }
    }
}

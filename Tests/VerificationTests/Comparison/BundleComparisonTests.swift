import Foundation
import Formats
import Inference
import Tensors
import TestSupport
import Testing

import Verification

/// Bundles with planted differences: each is found where it is, and nowhere else.
@Suite struct BundleComparisonTests {
    /// A golden bundle with some stages replaced, as a file that is gone when the test is over.
    private final class Planted {
        let reference: TensorBundle
        let candidate: TensorBundle
        private let folder: TemporaryFolder

        init(
            _ golden: String = "mask", metadata: [String: String] = [:], leavingOut: Set<String> = [],
            _ changes: [String: (inout [Float], [Int]) -> Void] = [:],
            adding: (inout SafetensorsWriter) -> Void = { _ in }
        ) throws {
            reference = try GoldenModel(name: golden).bundle()
            var writer = SafetensorsWriter(metadata: metadata)
            for stored in try TensorFile(contentsOf: reference.path).tensors
            where !leavingOut.contains(stored.name) {
                guard let change = changes[stored.name] else {
                    writer.add(stored.name, stored)
                    continue
                }
                var numbers = try stored.floats().array
                change(&numbers, stored.shape)
                writer.add(stored.name, Tensor(shape: stored.shape, elements: numbers))
            }
            adding(&writer)
            folder = try TemporaryFolder()
            try writer.write(to: folder.path("candidate.safetensors"))
            candidate = try TensorBundle(contentsOf: folder.path("candidate.safetensors"))
        }

        func endToEnd(_ patterns: [String]? = nil) throws -> ComparisonReport {
            try BundleComparison(candidate: candidate, reference: reference, patterns: patterns).endToEnd()
        }
    }

    private func verdicts(_ report: ComparisonReport) -> [String: Verdict] {
        Dictionary(
            uniqueKeysWithValues: report.stages.filter { $0.verdict != .equal }.map {
                ($0.stage.name, $0.verdict)
            })
    }

    @Test(arguments: GoldenModel.all)
    func aBundleIsEqualToItself(_ golden: GoldenModel) throws {
        let report = try Planted(golden.name).endToEnd()
        #expect(report.agrees && report.firstDivergence == nil && verdicts(report).isEmpty)
        #expect(report.stages.count == (try golden.bundle().stages.count))
        for stage in report.stages where stage.masks == nil {
            #expect(stage.measures?.maximumError ?? 0 == 0, "\(stage.stage)")
        }
    }

    @Test func oneWrongNumberIsNamed() throws {
        let report = try Planted(
            "faster",
            [
                "fpn.p5": { numbers, shape in
                    // Channel 1, row 0, column 1.
                    numbers[shape[1] * shape[2] + 1] += 100
                }
            ]
        ).endToEnd()
        #expect(verdicts(report) == ["fpn.p5": .differs])
        #expect(report.firstDivergence == .pyramid(5))
        let stage = try #require(report.stages.first { $0.stage == .pyramid(5) })
        #expect(stage.worst?.name.hasPrefix("channel 1, row 0, column 1") == true)
        #expect(abs((stage.measures?.maximumError ?? 0) - 100) < 1e-4)
        #expect(stage.passesAt ?? 0 > 1e-2)
    }

    @Test func theFirstOfSeveralIsFirstInDataFlow() throws {
        let report = try Planted(
            "mask",
            [
                "output.boxes": { numbers, _ in numbers[0] += 30 },
                "box.probabilities": { $0[3] += $1.isEmpty ? 0 : 1 },
            ]
        ).endToEnd()
        #expect(report.firstDivergence == .boxProbabilities)
    }

    @Test func notANumberIsReported() throws {
        let report = try Planted("mask", ["mask.hidden.1": { numbers, _ in numbers[7] = .nan }]).endToEnd()
        #expect(verdicts(report) == ["mask.hidden.1": .notFinite])
        let stage = try #require(report.stages.first { $0.verdict == .notFinite })
        #expect(stage.notes.contains { $0.hasPrefix("candidate: 1 NaN") })
        #expect(stage.passesAt == nil)
    }

    @Test func shapesAndTypesComeFirst() throws {
        let report = try Planted("mask", leavingOut: ["mask.hidden.1", "box.probabilities"]) { writer in
            writer.add("mask.hidden.1", Tensor(shape: [1, 2, 3], repeating: 0))
            writer.add("box.probabilities", integers: [1], shape: [1])
        }.endToEnd()
        #expect(verdicts(report)["mask.hidden.1"] == .shape)
        #expect(verdicts(report)["box.probabilities"] == .shape)
    }

    /// Other types of elements are no difference: values are, and the first divergence is where these differ.
    @Test func elementsOfOtherTypesAreComparedByValue() throws {
        let size = try GoldenModel(name: "mask").bundle().indices(.inputSize)
        func report(_ size: [Float]) throws -> ComparisonReport {
            try Planted("mask", leavingOut: ["input.size"]) { writer in
                writer.add("input.size", Tensor(shape: [2], elements: size))
            }.endToEnd()
        }
        let same = try report(size.map(Float.init))
        #expect(same.agrees && same.firstDivergence == nil)
        let stage = try #require(same.stages.first { $0.stage == .inputSize })
        #expect(stage.referenceType == .int64 && stage.candidateType == .float32)
        #expect(stage.passesAt == 0)
        let off = try report([Float(size[0]) + 0.25, Float(size[1])])
        #expect(verdicts(off) == ["input.size": .differs])
        #expect(off.firstDivergence == .inputSize)
    }

    /// Masks as Booleans, classes and proposals in 32 bits, keypoints and scores in 16 or 64: what frameworks save.
    @Test func masksAndClassesOfOtherTypesAreComparedByValue() throws {
        let golden = try GoldenModel(name: "mask").bundle()
        let masks = try #require(golden[.outputMasks]), classes = try #require(golden[.outputClasses])
        let scores = try #require(golden[.outputScores])
        let pixels = try masks.bytes().map { Float($0) }
        let numbers = Tensor(shape: classes.shape, elements: try classes.integers().map { Float($0) })
        func report(mask other: Float?) throws -> ComparisonReport {
            var pixels = pixels
            if let other { pixels[7] = other }
            return try Planted("mask", leavingOut: ["output.masks", "output.classes", "output.scores"]) {
                [pixels] writer in
                writer.add("output.masks", Tensor(shape: masks.shape, elements: pixels))
                writer.add("output.classes", numbers)
                writer.addRounded("output.scores", shape: scores.shape) { try scores.floats() }
            }.endToEnd()
        }
        #expect(try report(mask: nil).agrees)
        // A probability is no mask.
        #expect(verdicts(try report(mask: 0.5)) == ["output.masks": .differs])
    }

    @Test func whatIsMissingOrUnknownIsSaid() throws {
        let report = try Planted("mask", leavingOut: ["box.probabilities"]) { writer in
            writer.add("my.tensor", Tensor(shape: [1], repeating: 0))
            writer.add("keypoint.heatmaps", Tensor(shape: [1], repeating: 0))
        }.endToEnd()
        #expect(verdicts(report) == ["box.probabilities": .missing, "keypoint.heatmaps": .extra])
        #expect(report.missing == [.boxProbabilities] && report.unknownNames == ["my.tensor"])
        #expect(report.firstDivergence == nil && !report.agrees)
    }

    @Test func nothingInCommonIsAnErrorAndNoPass() throws {
        let planted = try Planted("mask")
        #expect(throws: FileError.self) { try planted.endToEnd(["keypoint.*"]) }
        let names = Set(planted.reference.stages.map(\.name))
        let other = try Planted("mask", leavingOut: names) { writer in
            writer.add("keypoint.heatmaps", Tensor(shape: [1], repeating: 0))
        }
        #expect(throws: FileError.self) { try other.endToEnd() }
        let none = try Planted("mask", leavingOut: names) { writer in
            writer.add("weights", Tensor(shape: [1], repeating: 0))
        }
        #expect(throws: FileError.self) { try none.endToEnd() }
    }

    @Test func aPartIsComparedWhenAskedFor() throws {
        let planted = try Planted("mask", leavingOut: ["box.probabilities"])
        #expect(try planted.endToEnd(["detections.*"]).agrees)
        #expect(try planted.endToEnd(["detections.*"]).stages.count == 4)
        // A candidate that says that it holds one stage is asked for that one.
        let isolated = try Planted(
            "mask", metadata: ["isolated": "output.*"], leavingOut: ["box.probabilities"])
        #expect(try isolated.endToEnd().agrees)
    }

    @Test func noiseThatIsNoneIsRefused() throws {
        let planted = try Planted("mask", metadata: ["noise": "loud"])
        #expect(throws: FileError.self) {
            try BundleComparison(candidate: planted.reference, reference: planted.candidate)
        }
    }

    // MARK: In isolation

    @Test func anErrorIsToldFromItsConsequences() throws {
        let golden = GoldenModel(name: "faster")
        let model = try golden.model()
        // A run that goes wrong in one place: the merged map has a number of its own, and everything after it is
        // what the model makes of that.
        let planted = try Planted("faster", ["fpn.merged.p5": { numbers, _ in numbers[0] += 1 }])
        let runner = StageRunner(model: model, bundle: planted.candidate)
        let wrong = try runner.run(.pyramid(5))
        guard case .floats(let consequence) = wrong.elements else { return }
        let candidate = try Planted(
            "faster", leavingOut: ["fpn.p5"], ["fpn.merged.p5": { numbers, _ in numbers[0] += 1 }]
        ) { writer in writer.add("fpn.p5", consequence) }
        let report = try BundleComparison(
            candidate: candidate.candidate, reference: candidate.reference, patterns: ["fpn.*"]
        ).isolated(model)
        let verdicts = verdicts(report)
        #expect(verdicts["fpn.merged.p5"] == .madeHere)
        #expect(verdicts["fpn.p5"] == .inherited)
        #expect(report.firstDivergence == .merged(5))
    }

    @Test func aStageWithoutItsInputsIsNotRun() throws {
        let golden = GoldenModel(name: "mask")
        let report = try BundleComparison(
            candidate: try golden.bundle(), reference: try golden.bundle()
        ).isolated(try golden.model())
        #expect(report.agrees)
        #expect(verdicts(report).values.contains(.notRun))
        #expect(report.stages.contains { $0.verdict == .equal })
        for stage in report.stages where stage.verdict == .notRun {
            #expect(stage.notes.contains { $0.hasPrefix("cannot run alone") }, "\(stage.stage)")
        }
    }

    // MARK: Noise

    @Test func noiseIsSmallAndOfEveryStage() throws {
        let golden = GoldenModel(name: "mask")
        let model = try golden.model()
        let picture = try Image(contentsOf: golden.path("drawing.png"))
        let recorder = Recorder()
        _ = model.detect(picture, observer: recorder)
        let noise = recorder.noise(of: model, on: picture)
        // Numbers of proposals are no amounts: they have no noise.
        var names = Set(recorder.stages.map(\.stage.name))
        names.remove("detections.proposal")
        #expect(Set(noise.keys) == names)
        // Two orders of addition: something, but not much.
        #expect(noise["backbone.c5"]?.relative ?? 0 > 0)
        for (name, size) in noise { #expect(size.relative < 1e-4, "\(name)") }
    }
}

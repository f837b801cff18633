import Execution
import Formats
import Kernels
import Inference
import Testing
import Tensors
import Verification

/// Replays what torchvision recorded, without Python. Each algorithm for convolution must give the same answer.
@Suite struct GoldenBundleTests {
    /// The narrow models are too narrow for Winograd to be chosen, so each algorithm is forced in turn.
    static let algorithms: [ConvolutionAlgorithm?] = [nil] + ConvolutionAlgorithm.allCases

    /// What an isolated stage may be off by: a few float32 roundings; Winograd's transforms cost a little more.
    static func tolerance(_ algorithm: ConvolutionAlgorithm?) -> Double {
        algorithm == .winograd ? 1e-5 : 2e-6
    }

    @Test(arguments: GoldenModel.all, algorithms)
    func everyStageOfTheBundleComesOutEndToEnd(_ golden: GoldenModel, _ algorithm: ConvolutionAlgorithm?)
        throws
    {
        try ExecutionContext.with(convolution: algorithm) {
            let model = try golden.model()
            let reference = try TensorFile(contentsOf: golden.path("\(golden.name).bundle.safetensors"))
            let recorder = Recorder()
            _ = model.detect(try Image(contentsOf: golden.path("drawing.png")), observer: recorder)
            let recorded = Dictionary(
                uniqueKeysWithValues: recorder.stages.map { ($0.stage.name, $0.tensor) })
            #expect(reference.tensors.count > 25)
            for stored in reference.tensors {
                let tensor = try #require(recorded[stored.name], "\(stored.name) was not recorded")
                let difference = try Difference(tensor, stored)
                #expect(difference.relative <= 1e-4, "\(stored.name): \(difference.report)")
            }
        }
    }

    @Test(arguments: GoldenModel.all, algorithms)
    func everyStageWhoseInputsAreThereComesOutAlone(
        _ golden: GoldenModel, _ algorithm: ConvolutionAlgorithm?
    ) throws {
        try ExecutionContext.with(convolution: algorithm) {
            let bundle = try golden.bundle()
            let runner = StageRunner(model: try golden.model(), bundle: bundle)
            let reference = try TensorFile(contentsOf: bundle.path)
            var replayed: Set<String> = []
            for stage in runner.stages where bundle.contains(stage) {
                let result: ContractTensor
                // A bundle that fits into a repository lacks the large maps; what is made from them is skipped
                // here, and counted below.
                do { result = try runner.run(stage) } catch let error as FileError
                    where error.fault.hasPrefix("has no")
                {
                    continue
                }
                let difference = try Difference(result, try #require(reference[stage.name]))
                #expect(difference.relative <= Self.tolerance(algorithm), "\(stage): \(difference.report)")
                replayed.insert(stage.name)
            }
            #expect(replayed.isSuperset(of: Self.mustReplay(golden.name)))
        }
    }

    /// Stages that must have been replayed alone, so that a bundle that lost its inputs does not pass.
    private static func mustReplay(_ name: String) -> Set<String> {
        var stages: Set<String> = [
            "input.size", "rpn.proposals.boxes", "rpn.proposals.scores", "box.probabilities",
            "detections.boxes",
            "detections.scores", "detections.classes", "detections.proposal", "output.boxes", "output.scores",
            "output.classes",
        ]
        switch name {
        case "faster":
            stages.formUnion([
                "backbone.c4", "backbone.c5", "fpn.lateral.p4", "fpn.topdown.p3", "fpn.merged.p4", "fpn.p5",
                "fpn.p6",
                "rpn.hidden.p4", "rpn.objectness.p4", "rpn.deltas.p4", "rpn.candidates.p4.boxes",
                "rpn.candidates.p5.scores", "box.hidden.1", "box.hidden.2", "box.logits", "box.deltas",
            ])
        case "mask": stages.formUnion(["mask.hidden.1", "output.masks"])
        case "mask-v2":
            stages.formUnion([
                "fpn.merged.p4", "fpn.p5", "rpn.hidden.p4", "box.logits", "box.deltas", "output.masks",
            ])
        default: break
        }
        return stages
    }

    @Test(arguments: GoldenModel.all)
    func recordingDoesNotChangeTheResult(_ golden: GoldenModel) throws {
        let model = try golden.model()
        let image = try Image(contentsOf: golden.path("drawing.png"))
        let plain = model.detect(image)
        let observed = model.detect(image, observer: Recorder())
        #expect(plain.count == observed.count && !plain.isEmpty)
        for (a, b) in zip(plain, observed) {
            #expect(a.box == b.box && a.score == b.score && a.label == b.label && a.mask == b.mask)
            #expect(a.keypoints == b.keypoints)
        }
    }
}

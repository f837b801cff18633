import Formats
import Geometry
import Kernels
import Inference
import Tensors
import TestSupport
import Testing
import Verification

/// Networks of torchvision's bottlenecks with random parameters and statistics, and what PyTorch computes with
/// them: grouped convolutions (ResNeXt), the stride in either convolution, and a C4 model's head.
@Suite struct GoldenNetworkTests {
    struct Golden: CustomTestStringConvertible, Sendable {
        let name: String
        let groups: Int
        let stridePlacement: Architecture.Backbone.StridePlacement
        var testDescription: String { name }

        var backbone: Architecture.Backbone {
            Architecture.Backbone(
                stem: 4, blocks: [2, 1, 1, 2], widths: groups == 4 ? [8, 8, 16, 16] : [2, 2, 4, 4],
                outputs: [8, 8, 16, 16], groups: groups, stridePlacement: stridePlacement,
                norm: .frozenBatch(epsilon: 1e-5))
        }
    }

    static let goldens = [
        Golden(name: "grouped", groups: 4, stridePlacement: .conv2),
        Golden(name: "stride-first", groups: 1, stridePlacement: .conv1),
    ]

    /// Parameters from a fixture; what it lacks, heads mostly, is random and takes no part.
    struct Parameters: ParameterSource {
        let file: TensorFile
        let isC4: Bool

        func contains(_ name: String) -> Bool { file[name] != nil }

        func parameter(_ name: String, shape: [Int], initialization: Initialization) throws -> Tensor {
            // The fixture has the fifth stage once; a C4 model calls it otherwise.
            let stored =
                isC4 && name.hasPrefix("box.c5.") ? "backbone." + name.dropFirst("box.".count) : name
            // Without a C4 head, what follows the backbone has other sizes and takes no part.
            guard isC4 || name.hasPrefix("backbone."), let tensor = file[stored] else {
                return RandomParameters(seed: 1).parameter(name, shape: shape, initialization: initialization)
            }
            guard tensor.shape == shape else {
                throw ParameterError.shape(name: name, found: tensor.shape, expected: shape)
            }
            return try tensor.floats()
        }
    }

    private func tensor(_ name: String, _ file: TensorFile) throws -> Tensor {
        try #require(file[name]).floats()
    }

    /// Relative to the largest number, since sums of both signs make up the small ones.
    private func expect(_ found: Tensor, _ expected: Tensor, _ name: String) {
        #expect(found.shape == expected.shape, "\(name)")
        let scale = expected.array.map(abs).max() ?? 1
        expectClose(found.array, expected.array, absolute: 3e-6 * scale, name)
    }

    @Test(arguments: goldens)
    func everyStageOfTheBackboneIsPyTorchs(golden: Golden) throws {
        let file = try TensorFile(contentsOf: Fixture.path("\(golden.name).safetensors"))
        var source = Parameters(file: file, isC4: false)
        let network = try Network(
            Architecture(
                backbone: golden.backbone, features: .c5, proposals: .c4(), classes: 2,
                boxes: Architecture.Boxes(head: .twoLayers(hidden: 4))), from: &source)
        let recorder = Recorder(patterns: ["backbone.*"])
        _ = network.features(channelsLast(try tensor("input", file)), in: PipelineRun(observer: recorder))
        #expect(recorder.stages.count == 5)
        for (stage, recorded) in recorder.stages {
            guard case .floats(let map) = recorded.elements else { continue }
            expect(map, try tensor("expected.\(stage)", file), stage.name)
        }
    }

    // RoIAlign of 14 × 14 on c4, the fifth stage on each region, the mean over positions, one dense layer.
    @Test(arguments: goldens)
    func theHeadOfAC4ModelIsPyTorchs(golden: Golden) throws {
        let file = try TensorFile(contentsOf: Fixture.path("\(golden.name).safetensors"))
        var source = Parameters(file: file, isC4: true)
        let model = try Model(
            architecture: Architecture(
                backbone: golden.backbone, features: .c4, proposals: .c4(), classes: 2,
                boxes: Architecture.Boxes(head: .residualStage)),
            profile: .detectron2, from: &source)
        let numbers = try tensor("boxes", file).array.map(Double.init)
        let boxes = stride(from: 0, to: numbers.count, by: 4).map { Box(Array(numbers[$0..<$0 + 4])) }
        let c4 = channelsLast(try tensor("expected.backbone.c4", file))
        let recorder = Recorder(patterns: ["box.*"])
        _ = model.detect(
            Proposals(boxes: boxes, scores: boxes.map { _ in 1 }),
            from: [c4], size: PixelSize(height: 45, width: 70), in: PipelineRun(observer: recorder))
        for name in ["box.hidden.1", "box.logits"] {
            let recorded = try #require(recorder.stages.first { $0.stage.name == name }).tensor
            guard case .floats(let found) = recorded.elements else { continue }
            expect(found, try tensor("expected.\(name)", file), name)
        }
    }
}

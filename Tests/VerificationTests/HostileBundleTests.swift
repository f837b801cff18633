import Foundation
import Formats
import Inference
import Tensors
import TestSupport
import Testing
import Verification

/// Bundles come from anywhere. A stage whose inputs make no sense is refused in one line; it neither crashes nor
/// asks for memory that its numbers claim.
@Suite struct HostileBundleTests {
    private func floats(_ shape: [Int], _ value: Float = 0) -> ContractTensor {
        ContractTensor(Tensor(shape: shape, repeating: value))
    }

    private func integers(_ values: [Int64]) -> ContractTensor {
        ContractTensor(shape: [values.count], elements: .integers(values))
    }

    private func boxes(_ edges: [Float]) -> ContractTensor {
        ContractTensor(Tensor(shape: [edges.count / 4, 4], elements: edges))
    }

    /// The fault of running a stage on a bundle of the given tensors.
    private func fault(_ stage: Stage, _ golden: String, _ tensors: [Stage: ContractTensor]) throws -> String
    {
        let folder = try TemporaryFolder()
        let path = folder.path("tensors.safetensors")
        var writer = BundleWriter(metadata: [:])
        for (stage, tensor) in tensors { writer.add(stage, tensor) }
        try writer.write(to: path)
        let runner = StageRunner(
            model: try GoldenModel(name: golden).model(), bundle: try TensorBundle(contentsOf: path))
        let error = try #require(throws: FileError.self) { try runner.run(stage) }
        #expect(!error.description.contains("\n"))
        return error.fault
    }

    /// A picture of 4 × 4, resized to 8 × 8, with one detection.
    private func output(_ box: [Float]) -> [Stage: ContractTensor] {
        [
            .image: ContractTensor(
                shape: [3, 4, 4], elements: .bytes([UInt8](repeating: 0, count: 48))),
            .inputSize: integers([8, 8]), .detectionBoxes: boxes(box), .detectionScores: floats([1]),
            .detectionClasses: integers([1]),
        ]
    }

    @Test(
        arguments: [[0, 0, .nan, 5], [0, 0, .infinity, 5], [0, 0, 1e30, 1e30], [0, 0, 5, 10]] as [[Float]])
    func heatMapsAreNotEnlargedBeyondThePicture(box: [Float]) throws {
        var tensors = output(box)
        tensors[.keypointHeatmaps] = floats([1, 2, 56, 56])
        #expect(
            try fault(.outputKeypoints, "keypoint", tensors)
                == "'detections.boxes' has boxes larger than 'input.size'")
    }

    @Test func heatMapsMustBeTheModels() throws {
        var tensors = output([0, 0, 5, 5])
        tensors[.keypointHeatmaps] = floats([1, 3, 56, 56])
        #expect(
            try fault(.outputKeypoints, "keypoint", tensors)
                == "'keypoint.heatmaps' has 3 channels, the model needs 2")
        tensors[.keypointHeatmaps] = floats([1, 2, 0, 56])
        #expect(
            try fault(.outputKeypoints, "keypoint", tensors)
                == "'keypoint.heatmaps' has maps without positions")
        tensors[.keypointHeatmaps] = floats([2, 2, 56, 56])
        #expect(
            try fault(.outputKeypoints, "keypoint", tensors)
                == "'keypoint.heatmaps' has 2 regions for 1 detections")
        // A model that has no keypoints.
        #expect(
            try fault(.outputKeypoints, "mask", tensors) == "is no stage of this model that can run alone")
    }

    @Test(arguments: [[1, 0, 0], [1, 28, 14], [2, 28, 28]])
    func masksMustBeSquare(shape: [Int]) throws {
        var tensors = output([0, 0, 5, 5])
        tensors[.maskProbabilities] = floats(shape)
        #expect(
            try fault(.outputMasks, "mask", tensors)
                == "'mask.probabilities' has shape \(shape), expected [1, side, side]")
    }

    @Test func emptyTensorsClaimNoMemory() throws {
        let claims = 1 << 40
        #expect(
            try fault(
                .anchors("p2"), "mask",
                [.pyramid(2): floats([0, claims, 1]), .inputTensor: floats([3, 32, 32])])
                == "'fpn.p2' has the impossible shape [0, \(claims), 1]")
        #expect(
            try fault(
                .topDown(2), "mask", [.merged(3): floats([8, 1, 1]), .backbone(2): floats([0, claims, 1])])
                == "'backbone.c2' has the impossible shape [0, \(claims), 1]")
        #expect(
            try fault(
                .candidateBoxes("p2"), "mask",
                [
                    .inputSize: integers([32, 32]), .anchors("p2"): floats([0, 4]),
                    .objectness("p2"): floats([0, claims, claims]), .rpnDeltas("p2"): floats([0, 4, 1, 1]),
                ])
                == "'rpn.objectness.p2' has the impossible shape [0, \(claims), \(claims)]")
        #expect(
            try fault(.stem, "mask", [.inputTensor: floats([3, 0, 32])])
                == "'input.tensor' is a map without positions")
        #expect(
            try fault(.pyramid(6), "mask", [.pyramid(5): floats([8, 0, 0])])
                == "'fpn.p5' is a map without positions")
    }
}

import Foundation
import Formats
import Geometry
import Kernels
import Loading
import Inference
import TestSupport
import Testing
import Verification

/// A narrow model and the bundle that torchvision recorded from it (Tools/make_references.py --narrow).
struct GoldenModel: CustomTestStringConvertible, Sendable {
    let name: String
    var testDescription: String { name }

    static let all = ["faster", "keypoint", "mask", "mask-v2"].map { GoldenModel(name: $0) }

    func bundle() throws -> TensorBundle { try TensorBundle(contentsOf: path("\(name).bundle.safetensors")) }

    func path(_ file: String) -> String {
        Foundation.Bundle.module.fixture("Golden/\(file)")
    }

    /// The model, with the settings that torchvision ran it with.
    func model() throws -> Model {
        let settings = try self.settings()
        let profileName = try #require(try bundle().metadata["profile"])
        let profile = try #require(Profile.named(profileName))
        let loaded = try LoadedModel(
            contentsOf: path("\(name).weights.safetensors"), options: LoadingOptions(profile: profile))
        #expect(loaded.remarks.isEmpty)
        var configuration = loaded.model.configuration
        #expect(
            configuration.architecture.backbone.norm == .frozenBatch(epsilon: settings.batchNormEpsilon))
        configuration.settings = Settings(
            input: Settings.Input(
                minimumSide: settings.minimumSize, maximumSide: settings.maximumSize),
            proposals: Settings.Proposals(
                preNMSTopN: settings.candidatesPerLevel, postNMSTopN: settings.proposals,
                nmsThreshold: settings.proposalOverlap),
            boxes: Settings.Boxes(
                scoreThreshold: settings.scoreThreshold, nmsThreshold: settings.detectionOverlap,
                detectionsPerImage: settings.detections))
        var checkpoint = try Checkpoint(contentsOf: path("\(name).weights.safetensors"))
        return try Model(configuration, from: &checkpoint)
    }

    private struct TorchvisionSettings: Decodable {
        let minimumSize: Int
        let maximumSize: Int
        let candidatesPerLevel: Int
        let proposals: Int
        let proposalOverlap: Double
        let scoreThreshold: Float
        let detectionOverlap: Double
        let detections: Int
        let batchNormEpsilon: Float

        /// The names of torchvision's constructor arguments.
        enum CodingKeys: String, CodingKey {
            case minimumSize = "min_size"
            case maximumSize = "max_size"
            case candidatesPerLevel = "rpn_pre_nms_top_n_test"
            case proposals = "rpn_post_nms_top_n_test"
            case proposalOverlap = "rpn_nms_thresh"
            case scoreThreshold = "box_score_thresh"
            case detectionOverlap = "box_nms_thresh"
            case detections = "box_detections_per_img"
            case batchNormEpsilon = "batch_norm_epsilon"
        }
    }

    private func settings() throws -> TorchvisionSettings {
        let text = try #require(try bundle().metadata["settings"])
        return try JSONDecoder().decode(TorchvisionSettings.self, from: Data(text.utf8))
    }
}

/// How far two tensors of the contract are apart.
struct Difference {
    /// ‖candidate − reference‖ / ‖reference‖; infinite when shapes differ or a number is not one.
    let relative: Double
    /// What to print when that is too much.
    let report: String

    init(_ candidate: ContractTensor, _ reference: StoredTensor) throws {
        guard candidate.shape == reference.shape else {
            relative = .infinity
            report = "shape \(candidate.shape), expected \(reference.shape)"
            return
        }
        let found: [Double]
        let expected: [Double]
        switch candidate.elements {
        case .floats(let tensor):
            found = tensor.array.map(Double.init)
            expected = try reference.floats().array.map(Double.init)
        case .integers(let integers):
            found = integers.map(Double.init)
            expected = try reference.integers().map(Double.init)
        case .bytes(let bytes):
            found = bytes.map(Double.init)
            expected = try reference.bytes().map(Double.init)
        }
        var (squares, norm, worst) = (0.0, 0.0, 0)
        for index in expected.indices {
            let error = found[index] - expected[index]
            squares += error * error
            norm += expected[index] * expected[index]
            if abs(error) > abs(found[worst] - expected[worst]) || !error.isFinite { worst = index }
        }
        let ratio = (squares / max(norm, .leastNormalMagnitude)).squareRoot()
        relative = ratio.isNaN ? .infinity : ratio
        report =
            expected.isEmpty
            ? "empty" : "relative \(ratio), worst at \(worst): \(found[worst]), expected \(expected[worst])"
    }
}

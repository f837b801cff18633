import Formats
import Foundation
import Geometry
import Kernels
import Inference
import Tensors
import Testing

import Training

/// The whole of training against torchvision's: same weights, same pictures, both samplers taking the first in
/// order (Tools/make_training_goldens.py).
@Suite struct TorchvisionTrainingTests {
    @Test("Every part of the loss is torchvision's", arguments: TrainingGolden.all)
    func losses(golden: TrainingGolden) throws {
        let run = try golden.run()
        let result = try run.step()
        for (kind, expected) in run.losses[0] {
            let found = try #require(result.losses[kind])
            #expect(
                abs(found - expected) <= 1e-4 * max(1, expected), "\(kind): \(found), expected \(expected)")
        }
        #expect(Set(result.losses.keys) == Set(run.losses[0].keys))
    }

    @Test("Every parameter's gradient is torchvision's", arguments: TrainingGolden.all)
    func gradients(golden: TrainingGolden) throws {
        let run = try golden.run()
        let result = try run.step()
        #expect(Set(result.gradients.keys) == Set(run.gradients.keys))
        // Some gradients are zero but for rounding, since a softmax does not change when all its logits do.
        let whole = gradientNorm(run.gradients, names: Array(run.gradients.keys))
        for (name, expected) in run.gradients {
            let found = try #require(result.gradients[name])
            let error = relativeError(found, expected, floor: 1e-4 * whole)
            #expect(error <= 1e-3, "\(name): relative norm of the difference \(error)")
        }
    }

    @Test("Ten steps of SGD have torchvision's losses", arguments: TrainingGolden.all)
    func tenSteps(golden: TrainingGolden) throws {
        var run = try golden.run()
        for step in 0..<10 {
            let result = try run.step()
            for (kind, expected) in run.losses[step] {
                let found = try #require(result.losses[kind])
                #expect(
                    abs(found - expected) <= 1e-3 * max(1, expected),
                    "step \(step), \(kind): \(found), expected \(expected)")
            }
            run.update(result)
        }
    }
}

/// ‖found − expected‖ / ‖expected‖, the latter at least `floor`; infinite when the shapes differ.
func relativeError(_ found: Tensor, _ expected: Tensor, floor: Double = 0) -> Double {
    guard found.shape == expected.shape else { return .infinity }
    var difference = 0.0, norm = 0.0
    for (a, b) in zip(found.array, expected.array) {
        difference += (Double(a) - Double(b)) * (Double(a) - Double(b))
        norm += Double(b) * Double(b)
    }
    return difference == 0 ? 0 : difference.squareRoot() / max(norm.squareRoot(), floor)
}

/// One of the recorded runs.
struct TrainingGolden: CustomTestStringConvertible, Sendable {
    let name: String
    var testDescription: String { name }
    static let all = ["mask", "keypoint"].map { TrainingGolden(name: $0) }

    func run() throws -> TrainingGoldenRun {
        let path = Foundation.Bundle.module.resourceURL!
            .appendingPathComponent("Fixtures/\(name).training.safetensors").path
        return try TrainingGoldenRun(TensorFile(contentsOf: path))
    }
}

/// A recorded run, ready to be repeated.
struct TrainingGoldenRun {
    let losses: [[LossKind: Double]]
    let gradients: [String: Tensor]
    private let configuration: Configuration
    private let settings: TrainingSettings
    private let items: [BatchItem]
    private let trainable: [String]
    private let rate: Float
    private var parameters: Parameters
    private var optimizer: Training.Optimizer
    private var updates = 0

    init(_ file: TensorFile) throws {
        func decode<Value: Decodable>(_ key: String, as _: Value.Type) throws -> Value {
            try JSONDecoder().decode(Value.self, from: Data(#require(file.metadata[key]).utf8))
        }
        // Under the names of torchvision's and torch's arguments.
        let recorded = try decode("settings", as: [String: Int].self)
        let optimization = try decode("optimizer", as: [String: Float].self)
        func setting(_ name: String) throws -> Int { try #require(recorded[name]) }
        losses = try decode("losses", as: [[String: Double]].self).map { losses in
            try Dictionary(uniqueKeysWithValues: losses.map { (try #require(Self.kinds[$0]), $1) })
        }
        func tensors(under prefix: String) throws -> [String: Tensor] {
            var tensors: [String: Tensor] = [:]
            for stored in file.tensors where stored.name.hasPrefix(prefix) {
                let name = String(stored.name.dropFirst(prefix.count))
                tensors[try #require(KeyMap.torchvision.native(from: name))] = try stored.floats()
            }
            return tensors
        }
        gradients = try tensors(under: "gradients/")
        let weights = try tensors(under: "weights/")
        var configuration = Configuration(
            try Architecture(
                inferredFrom: weights.mapValues(\.shape), assuming: Profile.torchvision.assumptions),
            profile: .torchvision)
        configuration.settings.input = Settings.Input(
            minimumSide: try setting("min_size"), maximumSide: try setting("max_size"))
        self.configuration = configuration
        var settings = TrainingSettings()
        settings.proposals = ProposalLimits(
            preNMSTopN: try setting("rpn_pre_nms_top_n_train"),
            postNMSTopN: try setting("rpn_post_nms_top_n_train"))
        settings.anchorSampler = BalancedSampler(
            count: try setting("rpn_batch_size_per_image"), objectShare: 0.5, order: .first)
        settings.proposalSampler = BalancedSampler(
            count: try setting("box_batch_size_per_image"), objectShare: 0.25, order: .first)
        self.settings = settings
        items = try (0..<2).map { index in
            BatchItem(
                example: try Self.example(index, of: file), size: configuration.settings.input,
                generator: SeededGenerator(seed: 0))
        }
        parameters = try Parameters(configuration.architecture, from: GivenParameters(tensors: weights))
        trainable = parameters.trainable(frozen: [])
        optimizer = Training.Optimizer(
            .sgd(momentum: try #require(optimization["momentum"])),
            weightDecay: try #require(optimization["weight_decay"]))
        rate = try #require(optimization["lr"])
    }

    /// Losses and gradients of the batch with the parameters as they are.
    func step() throws -> BatchGradients {
        var source = parameters
        let model = try Model(configuration, from: &source)
        let trained = Set(trainable)
        return BatchGradients(items, through: model, settings: settings) { trained.contains($0) }
    }

    mutating func update(_ result: BatchGradients) {
        optimizer.step(
            &parameters, names: trainable, gradients: result.gradients, rate: rate, step: updates)
        updates += 1
    }

    private static let kinds: [String: LossKind] = [
        "loss_objectness": .objectness, "loss_rpn_box_reg": .proposalBoxes, "loss_classifier": .classes,
        "loss_box_reg": .boxes, "loss_mask": .masks, "loss_keypoint": .keypoints,
    ]

    private static func example(_ index: Int, of file: TensorFile) throws -> Example {
        let image = try #require(file["image.\(index)"])
        let size = PixelSize(height: image.shape[0], width: image.shape[1])
        let boxes = try #require(file["boxes.\(index)"]).floats().array
        let labels = try #require(file["labels.\(index)"]).integers()
        let masks = try file["masks.\(index)"]?.bytes()
        let keypoints = try file["keypoints.\(index)"]?.floats()
        let area = size.height * size.width
        let whole = PixelRegion(x: 0, y: 0, width: size.width, height: size.height)
        var objects: [LabelledObject] = []
        for (object, label) in labels.enumerated() {
            let corners = boxes[4 * object..<4 * object + 4].map { $0 }
            let box = Box(x1: corners[0], y1: corners[1], x2: corners[2], y2: corners[3])
            var labelled = LabelledObject(label: Int(label), box: box)
            if let masks {
                let bits = Array(masks[object * area..<(object + 1) * area])
                labelled.mask = InstanceMask(imageSize: size, region: whole, bits: bits)
            }
            if let keypoints {
                labelled.keypoints = (0..<keypoints.shape[1]).map { point in
                    let x = keypoints[object, point, 0], y = keypoints[object, point, 1]
                    return Keypoint(x: x, y: y, score: keypoints[object, point, 2])
                }
            }
            objects.append(labelled)
        }
        return Example(
            image: Image(width: size.width, height: size.height, pixels: try image.bytes()),
            objects: objects)
    }
}

/// Tensors by the network's names.
struct GivenParameters: ParameterSource {
    var tensors: [String: Tensor]

    func parameter(_ name: String, shape: [Int], initialization: Initialization) throws -> Tensor {
        guard let tensor = tensors[name] else { throw ParameterError.missing(name: name) }
        guard tensor.shape == shape else {
            throw ParameterError.shape(name: name, found: tensor.shape, expected: shape)
        }
        return tensor
    }

    func contains(_ name: String) -> Bool { tensors[name] != nil }
}

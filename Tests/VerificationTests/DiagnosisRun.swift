import Foundation
import Formats
import Geometry
import Kernels
import Inference
import Tensors
import TestSupport
import Testing
import Verification

/// A good run to plant faults in: a small network of random numbers, scaled so that every stage has something to
/// say, and a picture by a formula. No trained weights, so that nothing depends on what they find.
struct DiagnosisRun: Sendable {
    let model: Model
    /// Every stage of the run.
    let bundle: TensorBundle

    static let shared = Result { try DiagnosisRun() }

    private init() throws {
        model = try Self.makeModel()
        bundle = try Self.record(model)
    }

    /// Random numbers of a chosen spread for the layers whose outputs decide something.
    private struct SpreadParameters: ParameterSource {
        let random = RandomParameters(seed: 7)
        /// The standard deviation of each layer's output, roughly, for inputs of about 1.
        let spreads: [String: Float] = [
            "rpn.hidden.1": 1, "rpn.objectness": 3, "rpn.deltas": 3, "box.hidden.1": 1.4, "box.hidden.2": 1.4,
            "box.logits": 2, "box.deltas": 2, "mask.logits": 3,
        ]

        func contains(_ name: String) -> Bool { random.contains(name) }

        func parameter(_ name: String, shape: [Int], initialization: Initialization) -> Tensor {
            guard let spread = spreads[name.replacing(".weight", with: "")] else {
                return random.parameter(name, shape: shape, initialization: initialization)
            }
            let inputs = Float(shape.dropFirst().reduce(1, *))
            return random.parameter(
                name, shape: shape, initialization: .normal(spread / inputs.squareRoot()))
        }
    }

    private static func makeModel() throws -> Model {
        var configuration = Configuration(.narrow(classes: 5), profile: .paper)
        // Small anchors can grow by more than the largest factor allowed and still fit into the picture.
        configuration.architecture.proposals.anchorSizes = [[4], [16], [40], [80], [160]]
        configuration.settings.proposals.preNMSTopN = 200
        configuration.settings.proposals.postNMSTopN = 200
        configuration.settings.boxes.detectionsPerImage = 250
        configuration.settings.input = Settings.Input(minimumSide: 208, maximumSide: 277)
        var source = SpreadParameters()
        return try Model(configuration, from: &source)
    }

    /// Waves of several lengths, colours apart: 150 × 200.
    static let picture: Image = {
        var pixels: [UInt8] = []
        for y in 0..<150 {
            for x in 0..<200 {
                let (u, v) = (Double(x), Double(y))
                let red = 120 + 60 * sin(u / 9) + 60 * cos(v / 7)
                let green = 90 + 50 * sin((u + v) / 11) + ((x / 25 + y / 30) % 2 == 0 ? 60 : 0)
                let blue = 60 + 50 * cos(u * v / 900) + 40 * sin(v / 3)
                for value in [red, green, blue] { pixels.append(UInt8(min(max(value, 0), 255))) }
            }
        }
        return Image(width: 200, height: 150, pixels: pixels)
    }()

    static func record(_ model: Model) throws -> TensorBundle {
        let recorder = Recorder()
        _ = model.detect(picture, observer: recorder)
        return try bundle(
            of: Dictionary(
                recorder.stages.map { ($0.stage, $0.tensor) }, uniquingKeysWith: { first, _ in first }))
    }

    /// A bundle of the given tensors and no others.
    static func bundle(of tensors: [Stage: ContractTensor]) throws -> TensorBundle {
        let folder = try TemporaryFolder()
        let path = folder.path("tensors.safetensors")
        var writer = BundleWriter(metadata: [:])
        for (stage, tensor) in tensors { writer.add(stage, tensor) }
        try writer.write(to: path)
        // The file stays mapped after its name is gone.
        return try TensorBundle(contentsOf: path)
    }

    /// What an implementation records that goes wrong in the given stages and is right after them.
    func propagated(_ planted: [Stage: ContractTensor], in bundle: TensorBundle) -> TensorBundle {
        var made = planted
        let order = StageRunner(model: model, bundle: bundle).stages
        let first = order.firstIndex { planted[$0] != nil } ?? order.endIndex
        for stage in order[first...] where planted[stage] == nil {
            let runner = StageRunner(model: model, bundle: bundle.replacing(made))
            // A stage that refuses such inputs stays as it was.
            if let tensor = try? runner.run(stage) { made[stage] = tensor }
        }
        return bundle.replacing(made)
    }

    /// The first stage in which two bundles differ by more than rounding.
    func firstDifference(_ candidate: TensorBundle, _ reference: TensorBundle) throws -> Stage? {
        try StageRunner(model: model, bundle: reference).stages.first { stage in
            let found = try numbers(stage, candidate), expected = try numbers(stage, reference)
            guard found.count == expected.count else { return true }
            var (error, norm) = (0.0, 0.0)
            for (a, b) in zip(found, expected) {
                error += Double(a - b) * Double(a - b)
                norm += Double(b) * Double(b)
            }
            // A pixel of a mask flips where its value lies at the threshold but for rounding.
            return !(error <= norm * (stage == .outputMasks ? 1e-4 : 1e-8))
        }
    }

    /// A stage's numbers after those of its shape.
    private func numbers(_ stage: Stage, _ bundle: TensorBundle) throws -> [Float] {
        let shape = try bundle.shape(stage)
        let values: [Float]
        switch stage {
        case .inputSize, .boxLevel, .maskLevel, .detectionClasses, .detectionProposals, .outputClasses:
            values = try bundle.indices(stage).map { Float($0) }
        default: values = try bundle.table(stage, rank: shape.count).array
        }
        return shape.map { Float($0) } + values
    }
}

extension TensorBundle {
    /// A stage's floats in the order of the contract, row-major.
    func flat(_ stage: Stage) throws -> [Float] { try table(stage, rank: try shape(stage).count).array }
}

/// A float tensor of the contract.
func contract(_ shape: [Int], _ values: [Double]) -> ContractTensor {
    ContractTensor(Tensor(shape: shape, elements: values.map { Float($0) }))
}

func contract(_ shape: [Int], _ values: [Float]) -> ContractTensor {
    ContractTensor(Tensor(shape: shape, elements: values))
}

func contract(indices: [Int]) -> ContractTensor {
    ContractTensor(shape: [indices.count], elements: .integers(indices.map { Int64($0) }))
}

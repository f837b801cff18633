import Foundation
import Geometry
import Inference
import Tensors
import Testing

import Training

/// The gradient of the whole loss by every parameter of whole networks, against central differences.
///
/// Differences only see the gradient if nothing but smooth functions lies between parameter and loss, so the
/// choices in between are taken away: no proposals but the true boxes, and samplers that take the first.
@Suite struct NetworkGradientTests {
    struct Variant: CustomTestStringConvertible, Sendable {
        let testDescription: String
        var configuration = TinyRun.network()
        var boxLoss = BoxLoss.smoothL1(beta: 1)

        init(_ name: String, _ change: (inout Variant) -> Void = { _ in }) {
            testDescription = name
            change(&self)
        }

        static let all = [
            Variant("group norm, all heads"),
            Variant("softmax masks, GIoU") {
                $0.configuration.masks?.output = .softmax
                $0.boxLoss = .giou
            },
            Variant("fully connected class-agnostic masks, convolutions before the boxes") {
                $0.configuration.masks?.head = .fullyConnected(hidden: [12], side: 6)
                $0.configuration.masks?.isClassAgnostic = true
                $0.configuration.boxes.head = .convolutions(
                    count: 1, channels: 8, norm: .group(groups: 2), hidden: 12)
            },
            Variant("C4, frozen batch norm") {
                var proposals = Architecture.Proposals.c4()
                proposals.channels = 8
                proposals.anchorSizes = [[12, 24, 48]]
                $0.configuration.proposals = proposals
                $0.configuration.features = .c4
                $0.configuration.backbone.norm = .frozenBatch(epsilon: 1e-5)
                $0.configuration.boxes = Architecture.Boxes(head: .residualStage, poolSize: 4)
                $0.configuration.masks = Architecture.Masks(
                    head: .fullyConvolutional(convolutions: 0, channels: 8, norm: .bias), poolSize: 4)
                $0.configuration.keypoints = nil
            },
        ]
    }

    @Test(
        "The loss changes along two directions in every parameter as its gradient says",
        arguments: Variant.all)
    func centralDifferences(variant: Variant) throws {
        let parameters = try Parameters(variant.configuration, from: LivelyParameters())
        let names = parameters.trainable(frozen: [])
        let gradients = try step(variant, parameters, training: Set(names)).gradients
        #expect(Set(gradients.keys) == Set(names))
        for name in names {
            let tensor = try #require(parameters[name])
            let gradient = try #require(gradients[name])
            try #require(gradient.shape == tensor.shape)
            let count = Double(tensor.count)
            let norm = gradientNorm(gradients, names: [name])
            let size = tensor.array.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
            // Along the gradient, every error of length or sign shows; a random direction sees what it lacks.
            for isRandom in [false, true] {
                let direction = direction(name, gradient, isRandom: isRandom)
                let slope = zip(direction, gradient.array).reduce(0) { $0 + Double($1.0) * Double($1.1) }
                // Large enough to stand out from rounding, which changes the loss of about 10 by some 2e-6; small
                // enough, beside the parameters, for the loss to be straight but for a few ReLUs that switch. (Behind
                // group norms a step of 2 % of a weight's length already shows a slope several per cent lower.)
                let step = min(0.004 * max(size, 0.1 * count.squareRoot()), 1e-3 / max(abs(slope), 1e-9))
                // Where a ReLU switches, or rounding is too large, at one length of step, another length tells; a
                // wrong gradient is wrong at all of them.
                var faults: [String] = []
                for step in [step, step / 2, step * 2, step / 4, step * 4] {
                    let above = try loss(variant, parameters, moving: name, along: direction, by: step)
                    let below = try loss(variant, parameters, moving: name, along: direction, by: -step)
                    let found = (above - below) / (2 * step)
                    let tolerance = 0.05 * max(abs(slope), norm / count.squareRoot()) + 4e-6 / step
                    if abs(found - slope) <= tolerance {
                        faults = []
                        break
                    }
                    faults.append("\(found) ± \(tolerance)")
                }
                #expect(
                    faults.isEmpty,
                    "\(name), \(isRandom ? "random" : "along the gradient"): \(faults), gradient \(slope)")
            }
        }
    }

    /// A vector of length 1.
    private func direction(_ name: String, _ gradient: Tensor, isRandom: Bool) -> [Float] {
        let vector =
            isRandom
            ? RandomParameters(seed: 17).parameter(name, shape: gradient.shape, initialization: .normal(1))
                .array
            : gradient.array
        let length = vector.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
        return length > 0 ? vector.map { Float(Double($0) / length) } : vector
    }

    private func loss(
        _ variant: Variant, _ parameters: Parameters, moving name: String, along direction: [Float],
        by step: Double
    ) throws -> Double {
        var moved = parameters
        moved.update(name) { tensor in
            tensor.add(Tensor(shape: tensor.shape, elements: direction), times: Float(step))
        }
        return try self.step(variant, moved, training: []).losses.values.reduce(0, +)
    }

    private func step(
        _ variant: Variant, _ parameters: Parameters, training trained: Set<String>
    ) throws -> BatchGradients {
        let size = Settings.Input(minimumSide: 64, maximumSide: 96)
        var source = parameters
        let model = try Model(architecture: variant.configuration, profile: .paper, from: &source)
        var settings = TrainingSettings()
        settings.proposals = ProposalLimits(preNMSTopN: 0, postNMSTopN: 0)
        settings.anchorSampler = BalancedSampler(count: 4096, objectShare: 0.5, order: .first)
        settings.proposalSampler = BalancedSampler(count: 16, objectShare: 1, order: .first)
        settings.proposalBoxLoss = variant.boxLoss
        settings.boxLoss = variant.boxLoss
        let item = BatchItem(
            example: TinyExamples().example(2), size: size, generator: SeededGenerator(seed: 1))
        return BatchGradients([item], through: model, settings: settings) { trained.contains($0) }
    }
}

/// Random parameters none of which is 0 or so small that its layer hardly counts.
private struct LivelyParameters: ParameterSource {
    private let random = RandomParameters(seed: 11)

    func parameter(_ name: String, shape: [Int], initialization: Initialization) throws -> Tensor {
        switch initialization {
        case .constant(let value):
            var tensor = random.parameter(name, shape: shape, initialization: .normal(0.1))
            tensor.add(Tensor(shape: shape, repeating: value))
            return tensor
        case .normal: return random.parameter(name, shape: shape, initialization: .normal(0.1))
        default: return random.parameter(name, shape: shape, initialization: initialization)
        }
    }

    func contains(_ name: String) -> Bool { false }
}

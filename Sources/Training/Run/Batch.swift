import Execution
import Geometry
import Kernels
import Inference
import Tensors

/// One picture of a batch, ready to be trained on.
package struct BatchItem: Sendable {
    /// The picture and its objects, flipped if it is to be.
    package var example: Example
    /// How large it is made.
    package var size: Settings.Input
    /// For sampling.
    package var generator: SeededGenerator

    /// An item.
    package init(example: Example, size: Settings.Input, generator: SeededGenerator) {
        self.example = example
        self.size = size
        self.generator = generator
    }
}

/// The loss of a batch and its gradients.
package struct BatchGradients: Sendable {
    /// Every part of the loss, averaged over the batch, before its weight.
    package var losses: [LossKind: Double]
    /// The gradient of the weighted sum by every parameter that it depends on.
    package var gradients: [String: Tensor]

    /// Runs a batch forward and backward.
    ///
    /// Pictures go through the network one by one, several at a time on several cores. Their losses are summed
    /// in the order of the batch, so the result does not depend on the number of cores.
    ///
    /// - Parameter isTrained: whether the gradient by the parameter of that name is wanted.
    package init(
        _ batch: [BatchItem], through model: Model, settings: TrainingSettings,
        training isTrained: @escaping @Sendable (String) -> Bool
    ) {
        let passes = parallelMap(batch.count) { index in
            var generator = batch[index].generator
            return ForwardPass(
                batch[index].example, resizedTo: batch[index].size, through: model, settings: settings,
                tape: Tape(training: isTrained), using: &generator)
        }
        // An average over all anchors, proposals, cells or keypoints of the batch: what a picture's part of it
        // weighs is known only now.
        var losses: [LossKind: Double] = [:]
        var factors: [LossKind: Float] = [:]
        for kind in LossKind.allCases {
            let parts = passes.compactMap { $0.losses[kind] }
            let count = parts.reduce(0) { $0 + $1.count }
            guard count > 0 else { continue }
            losses[kind] = parts.reduce(0) { $0 + $1.sum } / count
            factors[kind] = (settings.weights[kind] ?? 1) / Float(count)
        }
        self.losses = losses
        let factorsOfAll = factors
        let parts = parallelMap(passes.count) { passes[$0].gradients(factors: factorsOfAll) }
        gradients = parts.first ?? [:]
        for part in parts.dropFirst() {
            for (name, gradient) in part { gradients[name].add(gradient) }
        }
    }
}

extension ForwardPass {
    /// The gradients of the loss by the parameters.
    /// - Parameter factors: what each part's sum is multiplied with.
    func gradients(factors: [LossKind: Float]) -> [String: Tensor] {
        var seeds: [LossSeed] = []
        for kind in LossKind.allCases {
            guard let loss = losses[kind], let factor = factors[kind] else { continue }
            for var seed in loss.seeds {
                seed.gradient.scale(by: factor)
                seeds.append(seed)
            }
        }
        return tape.gradients(from: seeds)
    }
}

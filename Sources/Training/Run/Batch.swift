import Execution
import Geometry
import Kernels
import Inference
import Tensors

/// One image of a batch, prepared for training.
package struct BatchItem: Sendable {
    /// The image and its objects, after a possible flip.
    package var example: Example
    /// The size that the image is resized to.
    package var size: Settings.Input
    /// The random numbers for sampling anchors and proposals.
    package var generator: SeededGenerator

    /// An item of the given parts.
    package init(example: Example, size: Settings.Input, generator: SeededGenerator) {
        self.example = example
        self.size = size
        self.generator = generator
    }
}

/// The loss of a batch and its gradients.
package struct BatchGradients: Sendable {
    /// Every term of the loss, averaged over the batch, before weighting.
    package var losses: [LossKind: Double]
    /// The gradient of the weighted sum with respect to every trained parameter, by name.
    package var gradients: [String: Tensor]

    /// Runs a batch forward and backward.
    ///
    /// Each image runs through the network by itself, several in parallel. Losses are summed in the order of the batch,
    /// so the result does not depend on the number of threads.
    ///
    /// - Parameter isTrained: whether the parameter with a given name is trained.
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
        // Each term is averaged over all anchors, proposals, cells or keypoints of the batch, so an image's share of it
        // is known only now.
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
    /// The gradients of the loss with respect to the parameters, by name.
    /// - Parameter factors: the factor of each term's sum.
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

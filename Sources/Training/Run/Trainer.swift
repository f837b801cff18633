import Execution
import Foundation
import Formats
import Geometry
import Kernels
import Inference
import Tensors

/// Trains a network, step by step.
///
/// All random numbers of a step depend only on the seed and the step's number, so the state to save is just the step,
/// the parameters and the optimiser.
public struct Trainer: Sendable {
    /// The configuration of the run.
    public let configuration: TrainingConfiguration
    /// The names of the classes.
    public let classes: ClassTable
    /// The configuration of the model that is trained.
    public let modelConfiguration: Configuration
    /// Number of steps taken so far.
    public private(set) var step = 0
    /// The network's parameters after those steps.
    public private(set) var parameters: Parameters
    /// The optimiser after those steps.
    public private(set) var optimizer: Optimizer
    /// Images per step: the configuration's batch size, or all images if there are fewer.
    public let batchSize: Int
    private let source: any ExampleSource
    private var order: EpochOrder
    private let trainable: [String]

    /// The losses and other figures of one step.
    public struct Report: Sendable {
        /// The number of the step, from 0.
        public let step: Int
        /// The terms of the loss before the update, unweighted.
        public let losses: [LossKind: Double]
        /// The weighted sum of the terms.
        public let total: Double
        /// The learning rate.
        public let rate: Double
        /// The L2 norm of all gradients together, before clipping.
        public let gradientNorm: Double

        /// A report of the given values.
        package init(step: Int, losses: [LossKind: Double], total: Double, rate: Double, gradientNorm: Double)
        {
            self.step = step
            self.losses = losses
            self.total = total
            self.rate = rate
            self.gradientNorm = gradientNorm
        }
    }

    /// A trainer at step 0.
    ///
    /// - Parameters:
    ///   - source: the examples.
    ///   - start: the initial parameters; nil to initialise them randomly.
    /// - Throws: ``TrainingError`` if the configuration is invalid.
    public init(
        _ configuration: TrainingConfiguration, classes: ClassTable, source: any ExampleSource,
        start: Parameters? = nil
    ) throws {
        guard let profile = Profile.named(configuration.profile) else {
            throw TrainingError("there is no profile called “\(configuration.profile)”")
        }
        try configuration.validate()
        try configuration.check(classes: classes)
        var modelConfiguration = Configuration(configuration.network, profile: profile)
        modelConfiguration.settings = Settings(
            input: configuration.input.size(at: nil), proposals: configuration.testing.proposals,
            boxes: configuration.testing.boxes, masks: configuration.testing.masks)
        self.configuration = configuration
        self.classes = classes
        self.modelConfiguration = modelConfiguration
        self.source = source
        parameters =
            try start ?? Parameters(configuration.network, from: RandomParameters(seed: configuration.seed))
        optimizer = Optimizer(
            configuration.updateRule, weightDecay: Float(configuration.weightDecay),
            decaysVectors: configuration.decaysVectors)
        let whole = EpochOrder(
            source, batchSize: configuration.batchSize,
            groupsByAspectRatio: configuration.groupsByAspectRatio, seed: configuration.seed)
        if whole.batchesPerEpoch > 0 {
            batchSize = configuration.batchSize
            order = whole
        } else {
            // With fewer images than a batch, a step takes all of them.
            batchSize = max(min(source.count, configuration.batchSize), 1)
            order = EpochOrder(
                source, batchSize: batchSize, groupsByAspectRatio: false, seed: configuration.seed)
        }
        trainable = parameters.trainable(frozen: configuration.frozen)
        guard order.batchesPerEpoch > 0 else { throw TrainingError("there is no picture to train on") }
        if let unknown = configuration.frozen.first(where: { name in
            !parameters.names.contains { $0 == name || $0.hasPrefix(name + ".") }
        }) {
            throw TrainingError("frozen: the network has no parameter that begins with “\(unknown)”")
        }
    }

    /// Restores a saved state.
    public mutating func restore(
        step: Int, parameters: Parameters, means: [String: Tensor], squares: [String: Tensor]
    ) {
        self.step = step
        self.parameters = parameters
        optimizer.restore(means: means, squares: squares)
    }

    /// A model with the current parameters.
    public func model() throws -> Model {
        var source = parameters
        return try Model(modelConfiguration, classes: classes, from: &source)
    }

    /// Takes one training step: computes the losses and gradients of a batch, and updates the parameters.
    /// - Throws: the source's errors; ``TrainingError`` if a loss or gradient is NaN or infinite, naming the first such
    ///   layer. The state is then unchanged.
    public mutating func advance() throws -> Report {
        let model = try model()
        let settings = configuration.settings
        let trained = Set(trainable)
        var losses: [LossKind: Double] = [:]
        var gradients: [String: Tensor] = [:]
        let batch = try batch().split(into: configuration.accumulationSteps)
        let parts = batch.count
        for part in batch {
            let result = BatchGradients(part, through: model, settings: settings) { trained.contains($0) }
            for (kind, loss) in result.losses { losses[kind, default: 0] += loss / Double(parts) }
            if let kind = LossKind.allCases.first(where: { !(result.losses[$0] ?? 0).isFinite }) {
                throw TrainingError.notFinite(
                    "the loss \(kind.rawValue)", step: step, layer: firstFault(of: part, in: model))
            }
            for (name, var gradient) in result.gradients {
                if parts > 1 { gradient.scale(by: 1 / Float(parts)) }
                gradients[name].add(gradient)
            }
        }
        let norm = gradientNorm(gradients, names: trainable)
        guard norm.isFinite else { throw faultyGradient(gradients) }
        if let largest = configuration.largestGradientNorm, norm > largest {
            for name in trainable { gradients[name]?.scale(by: Float(largest / norm)) }
        }
        let rate = configuration.learningRate[step]
        optimizer.step(&parameters, names: trainable, gradients: gradients, rate: Float(rate), step: step)
        step += 1
        // In a fixed order, which a dictionary does not have: the last bits of a floating-point sum depend on it.
        let total = LossKind.allCases.reduce(0) { total, kind in
            total + (losses[kind] ?? 0) * Double(settings.weights[kind] ?? 1)
        }
        return Report(step: step - 1, losses: losses, total: total, rate: rate, gradientNorm: norm)
    }

    // MARK: Batches

    /// The images of the next step.
    private mutating func batch() throws -> [BatchItem] {
        let indices = order.batch(of: step)
        let (configuration, source, step) = (configuration, source, step)
        return try parallelMap(indices.count) { slot in
            Result {
                var generator = SeededGenerator(seed: configuration.seed, name: "step \(step), slot \(slot)")
                var example = try source.example(indices[slot])
                if generator.uniform() < configuration.flipProbability {
                    example = example.flippedHorizontally(mirroredKeypoints: Self.mirroredKeypoints)
                }
                let sides = configuration.input.shorterSides
                let size = configuration.input.size(at: Int.random(in: sides.indices, using: &generator))
                return BatchItem(example: example, size: size, generator: generator)
            }
        }.map { try $0.get() }
    }

    /// For each of COCO's person keypoints, the index of its mirror image.
    private static let mirroredKeypoints = PersonKeypoint.allCases.map(\.mirrored.rawValue)

    // MARK: Faults

    private func faultyGradient(_ gradients: [String: Tensor]) -> TrainingError {
        // Gradients flow from the last layer to the first, so the last faulty one is the origin.
        let name = trainable.last { name in
            gradients[name]?.withUnsafeElements { $0.contains { !$0.isFinite } } ?? false
        }
        return .notFinite("the gradient", step: step, layer: name)
    }

    /// The first stage, in data-flow order, that contains a NaN or an infinity for one of the images.
    private func firstFault(of batch: [BatchItem], in model: Model) -> String? {
        for item in batch {
            let input = NetworkInput(
                item.example.image, conventions: model.conventions.input, settings: item.size)
            if let stage = FaultFinder.firstFault(of: model, on: input) { return stage.name }
        }
        return nil
    }
}

extension TrainingConfiguration.InputSize {
    /// The size with the shorter side at `index`; nil for the last one, which the trained model uses.
    func size(at index: Int?) -> Settings.Input {
        Settings.Input(
            minimumSide: shorterSides[index ?? shorterSides.count - 1], maximumSide: longestSide)
    }
}

extension Array {
    /// Splits the array into consecutive parts of nearly equal length.
    fileprivate func split(into parts: Int) -> [[Element]] {
        (0..<parts).map { Array(self[count * $0 / parts..<count * ($0 + 1) / parts]) }.filter { !$0.isEmpty }
    }
}

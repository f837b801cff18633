import Formats
import Inference
import Tensors

/// The parameters that fine-tuning begins with: those of a checkpoint, but for layers whose size depends on
/// the number of classes, where that differs.
public struct FineTuningStart: Sendable {
    /// All parameters of the network.
    public let parameters: Parameters
    /// What starts anew, in words.
    public let remarks: [String]

    /// Layers whose outputs are counted by class or by kind of keypoint.
    private static let outputLayers = ["box.logits", "box.deltas", "mask.logits", "keypoint.heatmaps"]

    /// Takes what fits from the checkpoint at `path`.
    /// - Throws: `FileError` when it cannot be read, or lacks a parameter that does not depend on the number of
    ///   classes, or has it in another shape; ``TrainingError`` when the configuration makes no sense.
    public init(_ path: String, for configuration: TrainingConfiguration) throws {
        try configuration.validate()
        let source = Mixture(
            checkpoint: try Checkpoint(contentsOf: path), fresh: RandomParameters(seed: configuration.seed))
        do {
            parameters = try Parameters(configuration.network, from: source)
        } catch let error as ParameterError {
            throw FileError(path: path, fault: error.description)
        }
        let checkpoint = source.checkpoint
        let names = parameters
        let fresh = Self.outputLayers.filter { layer in
            names["\(layer).weight"].map { $0.shape != checkpoint.shapes["\(layer).weight"] } ?? false
        }
        remarks =
            fresh.isEmpty
            ? [] : ["\(fresh.joined(separator: ", ")): another number of classes, begun anew"]
    }

    private struct Mixture: ParameterSource {
        var checkpoint: Checkpoint
        var fresh: RandomParameters

        mutating func parameter(_ name: String, shape: [Int], initialization: Initialization) throws -> Tensor
        {
            let isOutput = FineTuningStart.outputLayers.contains { name.hasPrefix($0 + ".") }
            let found = checkpoint.shapes[name]
            guard isOutput && found != shape else {
                return try checkpoint.parameter(name, shape: shape, initialization: initialization)
            }
            return fresh.parameter(name, shape: shape, initialization: initialization)
        }

        func contains(_ name: String) -> Bool { checkpoint.contains(name) }
    }
}

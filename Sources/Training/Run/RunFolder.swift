import Formats
import Foundation
import Loading
import Inference
import Tensors

/// The folder of a training run: its configuration, state and results.
///
/// - `configuration.json`: the complete configuration.
/// - `checkpoint.safetensors`: the step, the parameters and the optimiser; replaced by rename.
/// - `metrics.jsonl`: one line of JSON per report.
/// - `model.safetensors`: the trained network, accepted by every command that takes weights.
public struct RunFolder: Sendable {
    /// The folder's path.
    public let path: String

    /// The folder at `path`, which must exist.
    public init(path: String) { self.path = path }

    /// The path of the configuration.
    public var configurationPath: String { path + "/configuration.json" }
    /// The path of the checkpoint to resume from.
    public var checkpointPath: String { path + "/checkpoint.safetensors" }
    /// The path of the log of losses.
    public var metricsPath: String { path + "/metrics.jsonl" }
    /// The path of the trained network.
    public var modelPath: String { path + "/model.safetensors" }

    /// Whether the folder has a checkpoint to resume from.
    public var hasCheckpoint: Bool { FileManager.default.fileExists(atPath: checkpointPath) }

    /// Deletes temporary files of a run that was killed while writing.
    public func removeUnfinishedFiles() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        for name in names where name.hasPrefix(".") && name.hasSuffix(OutputFile.unfinishedSuffix) {
            try? FileManager.default.removeItem(atPath: path + "/" + name)
        }
    }

    // MARK: Checkpoints

    /// Saves everything that is needed to resume.
    /// - Throws: `FileError` if the file cannot be written, for example on a full disk; the previous checkpoint is
    ///   kept.
    public func save(_ trainer: Trainer) throws {
        let configuration = String(decoding: try trainer.configuration.encoded(), as: UTF8.self)
        var writer = SafetensorsWriter(metadata: [
            "training.step": "\(trainer.step)", "training.configuration": configuration,
        ])
        for name in trainer.parameters.names {
            if let tensor = trainer.parameters[name] { writer.add("parameters.\(name)", tensor) }
            if let tensor = trainer.optimizer.means[name] { writer.add("means.\(name)", tensor) }
            if let tensor = trainer.optimizer.squares[name] { writer.add("squares.\(name)", tensor) }
        }
        try writer.write(to: checkpointPath)
    }

    /// Restores the saved state of a run, bit for bit.
    /// - Throws: `FileError` if the checkpoint cannot be read or does not match the configuration.
    public func restore(_ trainer: inout Trainer) throws {
        let file = try TensorFile(contentsOf: checkpointPath)
        guard let step = file.metadata["training.step"].flatMap({ Int($0) }),
            let configuration = file.metadata["training.configuration"], step >= 0
        else { throw FileError(path: checkpointPath, fault: "is no checkpoint of a training run") }
        guard configuration == String(decoding: try trainer.configuration.encoded(), as: UTF8.self) else {
            throw FileError(
                path: checkpointPath, fault: "belongs to a run of another configuration than the one given")
        }
        func tensor(_ name: String, shape: [Int]) throws -> Tensor? {
            guard let stored = file[name] else { return nil }
            guard stored.shape == shape else {
                throw FileError(path: checkpointPath, fault: "\(quoted(name)) has the shape \(stored.shape)")
            }
            return try stored.floats()
        }
        var means: [String: Tensor] = [:]
        var squares: [String: Tensor] = [:]
        var source = StoredParameters(tensors: [:])
        for name in trainer.parameters.names {
            guard let shape = trainer.parameters[name]?.shape else { continue }
            guard let parameter = try tensor("parameters.\(name)", shape: shape) else {
                throw FileError(path: checkpointPath, fault: "has no parameter \(quoted(name))")
            }
            source.tensors[name] = parameter
            means[name] = try tensor("means.\(name)", shape: shape)
            squares[name] = try tensor("squares.\(name)", shape: shape)
        }
        trainer.restore(
            step: step, parameters: try Parameters(trainer.configuration.network, from: source),
            means: means, squares: squares)
    }

    // MARK: Results

    /// Writes the network with its current parameters and its metadata.
    /// - Throws: `FileError` if the file cannot be written.
    public func writeModel(_ trainer: Trainer) throws {
        var metadata = try ModelMetadata(trainer.model()).strings
        metadata["training"] =
            "step \(trainer.step) of \(trainer.configuration.steps), seed \(trainer.configuration.seed)"
        var writer = SafetensorsWriter(metadata: metadata)
        for name in trainer.parameters.names {
            if let tensor = trainer.parameters[name] { writer.add(name, tensor) }
        }
        try writer.write(to: modelPath)
    }
}

/// The tensors of a checkpoint by the network's parameter names.
private struct StoredParameters: ParameterSource {
    var tensors: [String: Tensor]

    func parameter(_ name: String, shape: [Int], initialization: Initialization) throws -> Tensor {
        guard let tensor = tensors[name] else { throw ParameterError.missing(name: name) }
        return tensor
    }

    func contains(_ name: String) -> Bool { tensors[name] != nil }
}

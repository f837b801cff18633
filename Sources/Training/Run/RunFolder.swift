import Formats
import Foundation
import Loading
import Inference
import Tensors

/// The folder of a training run: what it is made of, how far it is, what came out.
///
/// - `configuration.json`: all that the run is made of.
/// - `checkpoint.safetensors`: the step, the parameters and the optimiser; replaced by rename.
/// - `metrics.jsonl`: one line of JSON for each report.
/// - `model.safetensors`: the trained network, for every command that takes weights.
public struct RunFolder: Sendable {
    /// The folder.
    public let path: String

    /// The folder at `path`, which must exist.
    public init(path: String) { self.path = path }

    /// What the run is made of.
    public var configurationPath: String { path + "/configuration.json" }
    /// Where to go on from.
    public var checkpointPath: String { path + "/checkpoint.safetensors" }
    /// The losses over time.
    public var metricsPath: String { path + "/metrics.jsonl" }
    /// What came out.
    public var modelPath: String { path + "/model.safetensors" }

    /// Whether a run has begun here.
    public var hasCheckpoint: Bool { FileManager.default.fileExists(atPath: checkpointPath) }

    /// Deletes what a run that was killed in the middle of writing has left.
    public func removeUnfinishedFiles() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        for name in names where name.hasPrefix(".") && name.hasSuffix(OutputFile.unfinishedSuffix) {
            try? FileManager.default.removeItem(atPath: path + "/" + name)
        }
    }

    // MARK: Checkpoints

    /// Saves all that is needed to go on.
    /// - Throws: `FileError` when the disk is full, for instance; what was saved before stays.
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

    /// Brings a run back to where it was saved, bit for bit.
    /// - Throws: `FileError` when the checkpoint cannot be read or belongs to a run of another configuration.
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

    /// Writes the network as it is now, with all that its file should say of it.
    /// - Throws: `FileError` when that is not possible.
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

/// The tensors of a checkpoint by the network's names.
private struct StoredParameters: ParameterSource {
    var tensors: [String: Tensor]

    func parameter(_ name: String, shape: [Int], initialization: Initialization) throws -> Tensor {
        guard let tensor = tensors[name] else { throw ParameterError.missing(name: name) }
        return tensor
    }

    func contains(_ name: String) -> Bool { tensors[name] != nil }
}

import ArgumentParser
import Formats
import Inference
import Tensors
import Verification

/// Which stages are taken from files: the same option for every command that runs the whole pipeline.
struct ReplacementOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Take a stage from a bundle, an npz or a folder of npy files that has it under its name, and compute "
                + "the rest from that; * stands for anything. Can be repeated.",
            valueName: "stage=file"))
    var replace: [Replacement] = []

    /// The files that are read.
    var paths: [String] { replace.map(\.path) }

    /// The bundle of each stage that is to be replaced.
    /// - Throws: `FileError` when a file cannot be read, the model has no such stage, or the file lacks it.
    func bundles(for model: Model) throws -> [Stage: TensorBundle] {
        var bundles: [Stage: TensorBundle] = [:]
        let known = replace.isEmpty ? [] : model.stages
        for replacement in replace {
            let stages = known.filter { $0.matches(replacement.pattern) }
            guard !stages.isEmpty else {
                throw ValidationError("--replace \(replacement.pattern): is no stage of this model")
            }
            let bundle = try TensorBundle(contentsOf: replacement.path)
            let found = stages.filter(bundle.contains)
            guard !found.isEmpty else {
                throw FileError(path: replacement.path, fault: "has no '\(replacement.pattern)'")
            }
            for stage in found { bundles[stage] = bundle }
        }
        return bundles
    }
}

/// `fpn.p2=mine.npz` on the command line.
struct Replacement: ExpressibleByArgument {
    let pattern: String
    let path: String

    init?(argument: String) {
        guard let place = argument.firstIndex(of: "=") else { return nil }
        pattern = String(argument[..<place])
        path = String(argument[argument.index(after: place)...])
        guard !pattern.isEmpty, !path.isEmpty else { return nil }
    }
}

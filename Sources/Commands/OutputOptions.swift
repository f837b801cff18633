import ArgumentParser
import Formats

/// What may be written over: the same option for every command that writes files.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Write over files that are read, and over files of another kind.")
    var force = false

    /// Which files may be written by a command that reads `inputs`.
    func permission(reading inputs: [String?]) -> OutputPermission {
        OutputPermission(inputs: inputs.compactMap { $0 }, isForced: force)
    }
}

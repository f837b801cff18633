import Foundation
import TestSupport

/// One run of the built program, as a user would start it.
struct Invocation {
    let status: Int32
    let output: String
    let errors: String

    /// Runs `maskrcnn` with the given arguments and waits for its end.
    init(_ arguments: String..., in folder: URL? = nil) throws { try self.init(arguments, in: folder) }

    /// - Parameter standardOutput: where to print; nil to get it as `output`.
    init(_ arguments: [String], in folder: URL? = nil, standardOutput: FileHandle? = nil) throws {
        try self.init(program: try builtProgram(), arguments, in: folder, standardOutput: standardOutput)
    }

    /// Runs a line of Bash, for which `maskrcnn` is the built program.
    static func shell(_ line: String, in folder: URL? = nil) throws -> Invocation {
        try Invocation(program: URL(fileURLWithPath: "/bin/bash"), ["-c", line], in: folder)
    }

    private init(
        program: URL, _ arguments: [String], in folder: URL?, standardOutput: FileHandle? = nil
    ) throws {
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        process.environment = ["PATH": try builtProgram().deletingLastPathComponent().path + ":" + path]
        if let folder { process.currentDirectoryURL = folder }
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = standardOutput ?? output
        process.standardError = errors
        process.standardInput = FileHandle.nullDevice
        try process.run()
        if standardOutput != nil { try output.fileHandleForWriting.close() }
        // What goes to standard error is a line or two and fits into its pipe; standard output may be long.
        self.output = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        self.errors = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        status = process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    }
}

/// The path of a fixture of these tests.
func fixture(_ name: String) -> String {
    Bundle.module.fixture(name)
}

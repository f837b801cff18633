import Foundation

/// One run of the built program, as a user would start it.
struct Invocation {
    let status: Int32
    let output: String
    let errors: String

    /// Runs `maskrcnn` with the given arguments and waits for its end.
    init(_ arguments: String..., in folder: URL? = nil) throws { try self.init(arguments, in: folder) }

    /// - Parameter standardOutput: where to print; nil to get it as `output`.
    init(_ arguments: [String], in folder: URL? = nil, standardOutput: FileHandle? = nil) throws {
        try self.init(program: try Self.program(), arguments, in: folder, standardOutput: standardOutput)
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
        process.environment = ["PATH": try Self.program().deletingLastPathComponent().path + ":" + path]
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

    /// The program stands beside the tests.
    static func program() throws -> URL {
        let tests = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        var folder = tests.deletingLastPathComponent()
        for _ in 0..<6 {
            let candidate = folder.appendingPathComponent("maskrcnn")
            if FileManager.default.isExecutableFile(atPath: candidate.path) { return candidate }
            folder.deleteLastPathComponent()
        }
        let bundle = Bundle.module.bundleURL.deletingLastPathComponent().appendingPathComponent("maskrcnn")
        guard FileManager.default.isExecutableFile(atPath: bundle.path) else {
            throw CocoaError(.fileNoSuchFile, userInfo: [NSFilePathErrorKey: bundle.path])
        }
        return bundle
    }
}

/// A folder that is gone when the test is over.
final class TemporaryFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("maskrcnn-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appendingPathComponent(name).path }

    func write(_ bytes: [UInt8], to name: String) throws -> String {
        try Data(bytes).write(to: url.appendingPathComponent(name))
        return path(name)
    }

    /// The names of everything in the folder.
    var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []).sorted() }
}

/// The path of a fixture of these tests.
func fixture(_ name: String) -> String {
    Bundle.module.resourceURL!.appendingPathComponent("Fixtures/\(name)").path
}

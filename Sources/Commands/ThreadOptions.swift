import ArgumentParser
import Execution

/// How many threads a command uses.
struct ThreadOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Use at most this many threads (default: all cores).", valueName: "number"))
    var threads: Int?

    func validate() throws {
        if let threads, threads < 1 { throw ValidationError("--threads \(threads): must be 1 or more") }
    }

    /// Calls `body` with that many threads.
    func perform(_ body: () throws -> Void) rethrows {
        try ExecutionContext.with(threads: threads, perform: body)
    }
}

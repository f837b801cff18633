import ArgumentParser
// The standard streams are global variables of C.
@preconcurrency import Foundation
import Loading

/// `maskrcnn`: one subcommand for each thing that can be done with the network.
package struct MaskRCNNCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "maskrcnn",
        abstract: "Mask R-CNN, stage by stage: look at pictures, and at what happens on the way.",
        discussion: """
            Without --weights, the small model that ships with this; without --image, a drawn scene that it \
            has never seen.

            Start with:  maskrcnn walkthrough
            Exit codes:  0 done; 1 ran, and the answer is no; 2 bad usage or input.
            """,
        version: programVersion,
        subcommands: [
            WalkthroughCommand.self, FiguresCommand.self, CalculateCommand.self, DetectCommand.self,
            ScenesCommand.self, TrainCommand.self, EvaluateCommand.self, RecordCommand.self,
            StageCommand.self, StagesCommand.self, VerifyCommand.self, InspectCommand.self,
            ConvertCommand.self, BenchmarkCommand.self, PagesCommand.self,
        ])

    package init() {}
}

@main
enum Main {
    static func main() {
        occupyClosedStreams()
        // Output may be piped into a program that stops reading, such as `head`: the system then ends this one
        // without a word, as it does with other tools.
        signal(SIGPIPE, SIG_DFL)
        // A file that grows past the user's limit is an error to report, like a full disk.
        signal(SIGXFSZ, SIG_IGN)
        let status = outcome()
        // What was printed may still be on its way. If it cannot be delivered, the work was not done.
        if let fault = faultOfStandardOutput() {
            complain("standard output: \(fault)")
            exit(2)
        }
        exit(status)
    }

    /// Runs the command, and says how the process should end.
    private static func outcome() -> Int32 {
        do {
            var command = try MaskRCNNCommand.parseAsRoot()
            try command.run()
            return 0
        } catch {
            return reporting(error)
        }
    }

    /// Prints what went wrong in one line, and says how the process should end: 0 for a request for help, 2 for
    /// everything that is wrong with the arguments or the files.
    static func reporting(_ error: any Error) -> Int32 {
        if MaskRCNNCommand.exitCode(for: error) == .success {
            print(MaskRCNNCommand.fullMessage(for: error))
            return 0
        }
        if let code = error as? ExitCode { return code.rawValue }
        if !(error is ValidationError),
            let fault = faultOfSubcommand(in: Array(CommandLine.arguments.dropFirst()))
        {
            complain(fault)
            return 2
        }
        let message = MaskRCNNCommand.message(for: error)
        complain(message.split(whereSeparator: \.isNewline).joined(separator: " "))
        return 2
    }

    private static func complain(_ line: String) { say("maskrcnn: \(line)") }

    /// Sends what is left of standard output on its way.
    /// - Returns: why not all of it arrived, such as a full disk; nil when it did.
    private static func faultOfStandardOutput() -> String? {
        if fflush(stdout) != 0 { return String(cString: strerror(errno)) }
        return ferror(stdout) == 0 ? nil : "cannot be written"
    }

    /// Where a standard stream is closed, the next file to be opened would take its place, and what is printed would
    /// end up in it. Something that cannot be read or written takes the place instead.
    private static func occupyClosedStreams() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) == -1 {
            _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
        }
    }
}

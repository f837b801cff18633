import ArgumentParser
import Foundation
import Walkthroughs

/// `maskrcnn`: one subcommand for each thing that can be done with the network.
struct MaskRCNNCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "maskrcnn",
        abstract: "Mask R-CNN, stage by stage: look at pictures, and at what happens on the way.",
        discussion: """
            Without --weights, the small model that ships with this; without --image, a drawn scene that it \
            has never seen.

            Start with:  maskrcnn walkthrough
            Exit codes:  0 done; 1 ran, and the answer is no; 2 bad usage or input.
            """,
        version: "maskrcnn 0.1.0",
        subcommands: [
            WalkthroughCommand.self, FiguresCommand.self, CalculateCommand.self, DetectCommand.self,
            ScenesCommand.self, TrainCommand.self, EvaluateCommand.self, RecordCommand.self,
            StageCommand.self, VerifyCommand.self, InspectCommand.self, ConvertCommand.self,
            BenchmarkCommand.self, PagesCommand.self,
        ])
}

@main
enum Main {
    static func main() {
        // Output may be piped into a program that stops reading, such as `head`.
        signal(SIGPIPE, SIG_DFL)
        // A file that grows past the user's limit is an error to report, like a full disk.
        signal(SIGXFSZ, SIG_IGN)
        do {
            var command = try MaskRCNNCommand.parseAsRoot()
            try command.run()
        } catch {
            exit(reporting(error))
        }
    }

    /// Prints what went wrong in one line, and says how the process should end: 0 for a request for help, 2 for
    /// everything that is wrong with the arguments or the files.
    private static func reporting(_ error: any Error) -> Int32 {
        if MaskRCNNCommand.exitCode(for: error) == .success {
            print(MaskRCNNCommand.fullMessage(for: error))
            return 0
        }
        if let code = error as? ExitCode { return code.rawValue }
        let message = MaskRCNNCommand.message(for: error)
        let line = message.split(whereSeparator: \.isNewline).joined(separator: " ")
        FileHandle.standardError.write(Data("maskrcnn: \(line)\n".utf8))
        return 2
    }
}

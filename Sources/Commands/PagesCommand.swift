import ArgumentParser
import Formats
import Foundation
import Walkthroughs

struct PagesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pages",
        abstract: "Run every command of the walkthroughs' pages again, and compare.",
        discussion: """
            Without files, all pages in the folder Walkthroughs. Text must agree exactly; a number with a \
            decimal point may differ by one in its last printed place; a line … stands for lines left out. A \
            command that takes more than a minute is ended. Exit code 1 if anything differs.

            Example:  maskrcnn pages Walkthroughs/04-anchors.md
            Record:   maskrcnn pages --update
            """)

    @Argument(help: "Pages: Markdown with console blocks.", completion: .file(extensions: ["md"]))
    var files: [String] = []

    @Flag(help: "Rewrite the pages with what the commands print now.")
    var update = false

    func run() throws {
        let paths = try files.isEmpty ? PageLibrary.paths(in: "Walkthroughs") : files
        // All of them are read first: a fault in the last must not come after minutes of work on the others.
        let pages = try paths.map { try Page(contentsOf: $0) }
        let program = try programPath()
        var isDifferent = false
        for page in pages {
            let check = try PageCheck(page, in: ConsoleSession(program: program))
            let count = page.commands.count == 1 ? "1 command" : "\(page.commands.count) commands"
            if check.differences.isEmpty {
                print("\(page.path): \(count), as on the page")
            } else if update {
                try OutputFile.write(Array(check.updatedText().utf8), to: page.path)
                print("\(page.path): \(count), recorded again")
            } else {
                isDifferent = true
                for difference in check.differences { print(difference) }
            }
        }
        if isDifferent { throw ExitCode(1) }
    }
}

/// Where this program is, so that a page's commands can run it.
func programPath() throws -> String {
    guard let path = Bundle.main.executablePath else {
        throw FileError(path: CommandLine.arguments.first ?? "maskrcnn", fault: "cannot be found again")
    }
    return path
}

import Formats

/// Runs every command of a page again and compares what it prints with what the page says.
package struct PageCheck: Sendable {
    /// A command whose output is not what the page says.
    package struct Difference: Sendable, CustomStringConvertible {
        /// The page.
        package let path: String
        /// The line of the page, from 1.
        package let line: Int
        /// The command's first line.
        package let command: String
        /// What the page says there; nil where the command prints more.
        package let page: String?
        /// What the command prints; nil where it prints nothing like that.
        package let now: String?
        /// Why the command had to be ended, if it had.
        package let fault: String?

        /// Three lines: where, what the page says, and what the command prints.
        package var description: String {
            let place = "\(path):\(line): $ \(command)"
            if let fault { return "\(place)\n  \(fault)" }
            return """
                \(place)
                  page: \(page.map { "|" + $0 } ?? "(nothing)")
                  now:  \(now.map { "|" + $0 } ?? "(nothing)")
                """
        }
    }

    /// The page.
    package let page: Page
    /// Where it differs; empty if every command prints what the page says.
    package let differences: [Difference]
    private let outcomes: [ConsoleSession.Outcome]

    /// Runs every command of a page.
    /// - Throws: `FileError` when no command can be run at all.
    package init(_ page: Page, in session: ConsoleSession) throws {
        self.page = page
        let outcomes = try page.commands.map { try session.run($0.text) }
        self.outcomes = outcomes
        differences = zip(page.commands, outcomes).flatMap { command, outcome in
            Self.differences(of: command, outcome, path: page.path)
        }
    }

    private static func differences(
        of command: RecordedCommand, _ outcome: ConsoleSession.Outcome, path: String
    ) -> [Difference] {
        let name = command.text.split(separator: "\n").first.map(String.init) ?? ""
        if let fault = outcome.fault {
            return [
                Difference(
                    path: path, line: command.line, command: name, page: nil, now: nil, fault: fault)
            ]
        }
        return OutputComparison(page: command.output, now: outcome.lines).differences.map {
            Difference(
                path: path, line: command.outputRange.lowerBound + $0.line + 1, command: name,
                page: $0.page, now: $0.now, fault: nil)
        }
    }

    /// The page's text with what the commands print now. What agrees stays as it is, so that a page does not
    /// change with the processor that it is recorded on.
    ///
    /// - Throws: `FileError` for output that cannot stand on the page: of a command that had to be ended, with a
    ///   line that reads as a command or the block's end, or with no place for what stands between two `…`.
    package func updatedText() throws -> String {
        var lines = page.lines
        // From the end, so that line numbers before stay true.
        for (command, outcome) in zip(page.commands, outcomes).reversed() {
            func fault(_ text: String) -> FileError {
                FileError(path: page.path, fault: "line \(command.line): \(text)")
            }
            if let reason = outcome.fault { throw fault("the command \(reason)") }
            if OutputComparison(page: command.output, now: outcome.lines).differences.isEmpty { continue }
            guard let output = OutputComparison.updated(page: command.output, now: outcome.lines) else {
                throw fault("what stands between two … is nowhere in the output any more; edit by hand")
            }
            if output.contains(where: { $0.hasPrefix("$ ") || Fence($0) != nil }) {
                throw fault("prints a line that would end its output on a page")
            }
            lines.replaceSubrange(
                command.outputRange, with: output.map { $0.replacing(/\s+$/, with: "") })
        }
        return lines.joined(separator: "\n")
    }
}

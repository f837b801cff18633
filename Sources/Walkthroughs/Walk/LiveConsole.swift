import Foundation

/// A page's commands, run again on the reader's own picture and model.
final class LiveConsole {
    private let page: Page
    private let live: Walkthrough.Live
    private var session: ConsoleSession?
    private var outcomes: [ConsoleSession.Outcome] = []

    /// More output than that is cut.
    private static let longest = 60
    /// Seconds.
    private static let timeLimit = 60.0

    init(page: Page, _ live: Walkthrough.Live) {
        self.page = page
        self.live = live
    }

    /// The commands of the block whose first line has the given number, from 0, with what they print.
    func lines(_ block: [String], _ firstLine: Int) -> [MarkdownForTerminal.ConsoleLine] {
        let range = firstLine..<firstLine + block.count
        return page.commands.indices.filter { range.contains(page.commands[$0].line - 1) }.flatMap { index in
            let command = ("$ " + page.commands[index].text).split(separator: "\n").map { line in
                MarkdownForTerminal.ConsoleLine.command(String(line))
            }
            return command + result(of: index)
        }
    }

    private func result(of index: Int) -> [MarkdownForTerminal.ConsoleLine] {
        guard let outcome = outcome(of: index) else { return [.remark("(The command cannot be started.)")] }
        if let fault = outcome.fault { return [.remark("(The command \(fault).)")] }
        // 1 is an answer; beyond that a command says in one line what it lacks.
        guard let status = outcome.status, status <= 1 else {
            let reason = outcome.lines.last?.replacing(/^maskrcnn:\ /, with: "") ?? "no reason given"
            return [.remark("(Not with this picture or model: \(reason).)")]
        }
        let shown = outcome.lines.prefix(Self.longest).map { MarkdownForTerminal.ConsoleLine.output($0) }
        let more = outcome.lines.count - shown.count
        return shown + (more > 0 ? [.remark("(… and \(more) lines more)")] : [])
    }

    /// Runs what comes before on the page too, once: a command may need the files that they leave.
    private func outcome(of index: Int) -> ConsoleSession.Outcome? {
        guard
            let session = try? session
                ?? ConsoleSession(
                    program: live.program, options: live.options, timeLimit: Self.timeLimit,
                    runHere: live.runHere)
        else { return nil }
        self.session = session
        while outcomes.count <= index {
            let command = page.commands[outcomes.count].text
            guard let outcome = try? Activity.during("running $ \(command)", { try session.run(command) })
            else {
                return nil
            }
            outcomes.append(outcome)
        }
        return outcomes[index]
    }
}

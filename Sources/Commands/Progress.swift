// The standard streams are global variables of C.
@preconcurrency import Foundation
import Walkthroughs

/// Prints a line on standard error. Where that cannot be written, there is nobody to tell.
func say(_ line: String) { fputs(line + "\n", stderr) }

/// How far along a long command is: one line on a terminal, rewritten in place; nothing elsewhere.
struct Progress {
    private let total: Int
    private let start = Date()
    private var done = 0
    private let isShown: Bool

    init(total: Int) {
        self.total = total
        isShown = total > 1 && Terminal.standardError.isTerminal
    }

    mutating func advance() {
        done += 1
        guard isShown && done < total else { return }
        let left = -start.timeIntervalSinceNow / Double(done) * Double(total - done)
        let minutes = String(format: "%d:%02d", Int(left) / 60, Int(left) % 60)
        fputs("\r\(done) of \(total), \(minutes) left ", stderr)
    }

    /// Removes the line, so that something else can be printed.
    func clear() {
        if isShown { fputs("\r\u{1B}[K", stderr) }
    }
}

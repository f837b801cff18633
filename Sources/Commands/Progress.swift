import Foundation
import Walkthroughs

/// Prints a line on standard error.
func say(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }

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
        FileHandle.standardError.write(Data("\r\(done) of \(total), \(minutes) left ".utf8))
    }

    /// Removes the line, so that something else can be printed.
    func clear() {
        if isShown { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
    }
}

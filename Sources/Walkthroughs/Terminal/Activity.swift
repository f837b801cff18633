import Dispatch
import Foundation

/// Says what is being done, on standard error if that is a terminal, as soon as it has taken a second: one line with
/// the seconds that have passed, which is gone when the work is done.
package final class Activity: Sendable {
    private let text: String
    private let descriptor: Int32
    private let start = DispatchTime.now()
    private let queue = DispatchQueue(label: "activity")
    nonisolated(unsafe) private let timer: any DispatchSourceTimer

    /// Calls `body`, and says what that does if it takes long.
    /// - Parameter text: such as "running the network over street.jpg".
    package static func during<Result>(_ text: String, _ body: () throws -> Result) rethrows -> Result {
        let terminal = Terminal.standardError
        guard terminal.movesCursor else { return try body() }
        // What `body` does may redirect standard error.
        let descriptor = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0)
        guard descriptor >= 0 else { return try body() }
        let activity = Activity(text, width: terminal.width, descriptor)
        defer { activity.end() }
        return try body()
    }

    private init(_ text: String, width: Int, _ descriptor: Int32) {
        // The seconds need some room behind it.
        let first = text.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
        let lines = StyledText(first).wrapped(width: max(width - 12, 8))
        self.text = (lines.first?.encoded(isColoured: false) ?? "") + (lines.count > 1 ? " …" : "")
        self.descriptor = descriptor
        timer = DispatchSource.makeTimerSource(queue: queue)
        timer.setEventHandler { [unowned self] in show() }
        timer.schedule(deadline: .now() + 1, repeating: 1)
        timer.resume()
    }

    private func show() {
        let seconds = (DispatchTime.now().uptimeNanoseconds - start.uptimeNanoseconds) / 1_000_000_000
        say("\r\u{1B}[K\(text), \(seconds) s ")
    }

    private func end() {
        timer.cancel()
        queue.sync {
            if DispatchTime.now().uptimeNanoseconds - start.uptimeNanoseconds >= 1_000_000_000 {
                say("\r\u{1B}[K")
            }
        }
        close(descriptor)
    }

    private func say(_ text: String) {
        var bytes = Array(text.utf8)
        _ = write(descriptor, &bytes, bytes.count)
    }
}

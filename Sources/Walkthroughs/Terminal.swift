import Foundation

/// What the other end of an output can show.
public struct Terminal: Sendable {
    /// Whether a person watches: a terminal and not a file or a pipe.
    public let isTerminal: Bool
    /// Columns: the terminal's, at least 40; 80 where there is none.
    public let width: Int
    /// Whether colours are welcome: a terminal, `NO_COLOR` not set, and not a dumb one.
    public let isColoured: Bool

    /// Standard output.
    public static var standardOutput: Terminal { Terminal(descriptor: STDOUT_FILENO) }
    /// Standard error, where progress goes.
    public static var standardError: Terminal { Terminal(descriptor: STDERR_FILENO) }

    private init(descriptor: Int32) {
        let environment = ProcessInfo.processInfo.environment
        isTerminal = isatty(descriptor) == 1
        var size = winsize()
        let known = isTerminal && ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        width = max(known ? Int(size.ws_col) : environment["COLUMNS"].flatMap { Int($0) } ?? 80, 40)
        isColoured =
            isTerminal && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
    }
}

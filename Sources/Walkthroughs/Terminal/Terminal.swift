import Drawing
import Foundation

/// What the other end of an output can show.
package struct Terminal: Sendable {
    /// How many colours there are.
    package enum ColorDepth: Int, Comparable, Sendable {
        /// None, and nothing else that needs a terminal's codes.
        case none
        /// The terminal's own few: enough for text.
        case basic
        /// xterm's 256.
        case indexed
        /// 24 bits.
        case direct

        /// Fewer colours.
        package static func < (left: ColorDepth, right: ColorDepth) -> Bool { left.rawValue < right.rawValue }
    }

    /// Whether a person watches: a terminal and not a file or a pipe.
    package let isTerminal: Bool
    /// Columns: the terminal's, at least 40; 80 where there is none.
    package let width: Int
    /// None unless it is a terminal, `NO_COLOR` is not set, and it is not a dumb one.
    package let colorDepth: ColorDepth
    /// What text is written on; dark, unless the terminal says otherwise in `COLORFGBG`.
    package let background: Background

    /// Whether colours are welcome.
    package var isColoured: Bool { colorDepth > .none }

    /// Standard output.
    package static var standardOutput: Terminal { Terminal(descriptor: STDOUT_FILENO) }
    /// Standard error, where progress goes.
    package static var standardError: Terminal { Terminal(descriptor: STDERR_FILENO) }

    /// A terminal of known abilities.
    package init(isTerminal: Bool, width: Int, colorDepth: ColorDepth, background: Background = .dark) {
        self.isTerminal = isTerminal
        self.width = max(width, 40)
        self.colorDepth = colorDepth
        self.background = background
    }

    private init(descriptor: Int32) {
        let environment = ProcessInfo.processInfo.environment
        let isTerminal = isatty(descriptor) == 1
        var size = winsize()
        let known = isTerminal && ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        let width = known ? Int(size.ws_col) : environment["COLUMNS"].flatMap { Int($0) } ?? 80
        let isLight = ["7", "15"].contains(
            environment["COLORFGBG"]?.split(separator: ";").last.map(String.init))
        self.init(
            isTerminal: isTerminal, width: min(width, 1000),
            colorDepth: isTerminal ? Self.colorDepth(in: environment) : .none,
            background: isLight ? .light : .dark)
    }

    /// The colours of a terminal with these environment variables.
    package static func colorDepth(in environment: [String: String]) -> ColorDepth {
        let name = environment["TERM"] ?? ""
        guard (environment["NO_COLOR"] ?? "").isEmpty, !name.isEmpty, name != "dumb" else { return .none }
        if ["truecolor", "24bit"].contains(environment["COLORTERM"]) || name.hasSuffix("-direct") {
            return .direct
        }
        return name.contains("256color") ? .indexed : .basic
    }
}

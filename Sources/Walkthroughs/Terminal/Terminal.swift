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
    /// Columns: the terminal's, at least 20; 80 where there is none.
    package let width: Int
    /// Lines: the terminal's, at least 6; 24 where there is none.
    package let height: Int
    /// None unless it is a terminal, `NO_COLOR` is not set, and it is not a dumb one.
    package let colorDepth: ColorDepth
    /// What text is written on; dark, unless the terminal says otherwise in `COLORFGBG`.
    package let background: Background

    /// Whether it understands the codes that clear the screen and move the cursor.
    package let movesCursor: Bool

    /// Whether colours are welcome.
    package var isColoured: Bool { colorDepth > .none }

    /// Standard output.
    package static var standardOutput: Terminal { Terminal(descriptor: STDOUT_FILENO) }
    /// Standard error, where progress goes.
    package static var standardError: Terminal { Terminal(descriptor: STDERR_FILENO) }

    /// A terminal of known abilities.
    package init(
        isTerminal: Bool, width: Int, height: Int = 24, colorDepth: ColorDepth, movesCursor: Bool = false,
        background: Background = .dark
    ) {
        self.isTerminal = isTerminal
        self.width = min(max(width, 20), 1000)
        self.height = min(max(height, 6), 1000)
        self.colorDepth = colorDepth
        self.movesCursor = movesCursor
        self.background = background
    }

    private init(descriptor: Int32) {
        let environment = ProcessInfo.processInfo.environment
        let isTerminal = isatty(descriptor) == 1
        var size = winsize()
        let known = isTerminal && ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        let width = known ? Int(size.ws_col) : environment["COLUMNS"].flatMap { Int($0) } ?? 80
        let height = known && size.ws_row > 0 ? Int(size.ws_row) : 24
        let name = environment["TERM"] ?? ""
        let isLight = ["7", "15"].contains(
            environment["COLORFGBG"]?.split(separator: ";").last.map(String.init))
        self.init(
            isTerminal: isTerminal, width: width, height: height,
            colorDepth: isTerminal ? Self.colorDepth(in: environment) : .none,
            movesCursor: isTerminal && !name.isEmpty && name != "dumb",
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

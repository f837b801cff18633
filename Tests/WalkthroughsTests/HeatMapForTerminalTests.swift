import Tensors
import Testing

import Walkthroughs

/// Pictures in half blocks.
@Suite struct HeatMapForTerminalTests {
    private let red = Image(width: 2, height: 2, pixels: [255, 0, 0, 0, 0, 255, 0, 255, 0, 255, 255, 255])

    private func lines(_ image: Image, _ depth: Terminal.ColorDepth, width: Int = 80) -> [String] {
        HeatMapForTerminal.lines(
            [HeatMapForTerminal(image, caption: "caption")],
            terminal: Terminal(isTerminal: true, width: width, colorDepth: depth), rows: 1)
    }

    @Test func aCharacterIsTwoPixels() {
        // Upper pixel in front, lower one behind: red over green, blue over white.
        #expect(
            lines(red, .direct).first
                == "\u{1B}[38;2;255;0;0;48;2;0;255;0m▀\u{1B}[38;2;0;0;255;48;2;255;255;255m▀\u{1B}[0m")
        #expect(lines(red, .indexed).first == "\u{1B}[38;5;196;48;5;46m▀\u{1B}[38;5;21;48;5;231m▀\u{1B}[0m")
    }

    @Test func thereIsNoneWithoutColours() {
        #expect(lines(red, .none).isEmpty)
        #expect(lines(red, .basic).isEmpty)
    }

    // By hand from xterm's table: 16 + 36r + 6g + b with levels 0, 95, 135, 175, 215, 255; greys from 232.
    @Test(arguments: [
        ([0, 0, 0], 16), ([255, 255, 255], 231), ([95, 135, 175], 67), ([8, 8, 8], 232),
        ([238, 238, 238], 255),
        ([128, 128, 128], 244), ([250, 5, 100], 197),
    ])
    func nearestOf256(_ color: [Int], _ index: Int) {
        #expect(indexedColor(red: color[0], green: color[1], blue: color[2]) == index)
    }

    @Test(arguments: [40, 80, 120])
    func mapsFitTheTerminal(_ width: Int) {
        let maps = (0..<5).map { index in
            HeatMapForTerminal(
                (0..<300 * 200).map { Float($0 % 7) }, width: 300, height: 200, isSigned: true,
                background: .dark, caption: "map \(index) with a caption that may be long")
        }
        let terminal = Terminal(isTerminal: true, width: width, colorDepth: .direct)
        let lines = HeatMapForTerminal.lines(maps, terminal: terminal)
        let plain = lines.map { $0.replacing(/\u{1B}\[[0-9;]*m/, with: "") }
        #expect(plain.allSatisfy { $0.count <= width })
        #expect(plain.contains { $0.contains("map 4") })
    }

    @Test func coloursFollowTheEnvironment() {
        typealias Depth = Terminal.ColorDepth
        func depth(_ environment: [String: String]) -> Depth { Terminal.colorDepth(in: environment) }
        #expect(depth(["TERM": "xterm-256color", "COLORTERM": "truecolor"]) == Depth.direct)
        #expect(depth(["TERM": "xterm-256color"]) == Depth.indexed)
        #expect(depth(["TERM": "linux"]) == Depth.basic)
        #expect(depth(["TERM": "dumb", "COLORTERM": "truecolor"]) == Depth.none)
        #expect(depth(["TERM": "xterm-256color", "NO_COLOR": "1"]) == Depth.none)
        #expect(depth(["TERM": "xterm-256color", "NO_COLOR": ""]) == Depth.indexed)
        #expect(depth([:]) == Depth.none)
    }
}

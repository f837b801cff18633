import Foundation
import TestSupport
import Testing

/// The walkthrough in a real terminal.
@Suite struct WalkthroughTerminalTests {
    private func start(
        _ arguments: String..., width: Int = 80, height: Int = 24, environment: [String: String] = [:],
        in folder: TemporaryFolder
    ) throws -> PseudoTerminal {
        try PseudoTerminal(
            ["walkthrough"] + arguments, width: width, height: height, environment: environment,
            in: folder.url)
    }

    @Test func oneKeyGoesOnAndAnotherQuits() throws {
        let folder = try TemporaryFolder()
        let terminal = try start(in: folder)
        let first = try #require(terminal.wait(for: "[beginning"))
        #expect(first.contains("▀") && first.contains("Mask R-CNN, stage by stage"))
        #expect(!terminal.isPlain)
        terminal.press("  ")
        #expect(terminal.wait(for: "[1 input") != nil)
        terminal.press("groialign\r")
        #expect(terminal.wait(for: "[7 roi-layers")?.contains("roialign") == true)
        terminal.press("b")
        #expect(terminal.wait(for: "[1 input") != nil)
        terminal.press("/objectness map\r")
        #expect(terminal.wait(for: "\u{1B}[24;1H") != nil)
        terminal.press("?")
        #expect(terminal.wait(for: "[help")?.contains("7 roi-layers") == true)
        terminal.press("q")
        #expect(terminal.end() == 0)
        #expect(terminal.isPlain)
        #expect(folder.names == ["walkthrough.png"])
    }

    @Test func aResizedTerminalIsDrawnAnew() throws {
        let folder = try TemporaryFolder()
        let terminal = try start("rpn", in: folder)
        #expect(terminal.wait(for: "[5 rpn") != nil)
        terminal.resize(width: 60, height: 20)
        let drawn = try #require(terminal.wait(for: "\u{1B}[20;1H"))
        #expect(terminal.wait(for: "[5 rpn") != nil || drawn.contains("[5 rpn"))
        terminal.press("q")
        #expect(terminal.end() == 0)
    }

    @Test func whateverEndsItLeavesTheTerminalAsItWas() throws {
        let folder = try TemporaryFolder()
        for (keys, status) in [("\u{3}", -SIGINT), ("\u{1C}", -SIGQUIT), ("\u{4}", Int32(0))] {
            let terminal = try start("rpn", in: folder)
            #expect(terminal.wait(for: "[5 rpn") != nil)
            #expect(!terminal.isPlain)
            terminal.press(keys)
            #expect(terminal.end() == status)
            #expect(terminal.isPlain)
        }
        let terminal = try start("rpn", in: folder)
        #expect(terminal.wait(for: "[5 rpn") != nil)
        terminal.send(SIGTERM)
        #expect(terminal.end() == -SIGTERM)
        #expect(terminal.isPlain)
    }

    @Test func aTerminalThatMovesNoCursorGetsLines() throws {
        let folder = try TemporaryFolder()
        let terminal = try start("rpn", environment: ["TERM": "dumb"], in: folder)
        #expect(terminal.wait(for: "[5 rpn") != nil)
        terminal.press("g fpn.p3\n")
        #expect(terminal.wait(for: "[3 pyramid") != nil)
        terminal.press("q\n")
        #expect(terminal.end() == 0)
        #expect(!terminal.output.contains("\u{1B}"))
    }

    @Test func aDetectionIsPagedToo() throws {
        let folder = try TemporaryFolder()
        let terminal = try start("detection", "0", in: folder)
        #expect(terminal.wait(for: "[detection 0, screen 1 of") != nil)
        terminal.press(" ")
        #expect(terminal.wait(for: "[detection 0, screen 2 of") != nil)
        terminal.press("q")
        #expect(terminal.end() == 0)
    }

    /// Elsewhere than in a terminal it prints a screenful, unless it is asked for more.
    @Test func aPipeGetsASummary() throws {
        let folder = try TemporaryFolder()
        let summary = try Invocation("walkthrough", in: folder.url)
        #expect(
            summary.status == 0
                && summary.output.split(separator: "\n", omittingEmptySubsequences: false).count <= 24)
        #expect(summary.output.contains("maskrcnn walkthrough --all"))
        let page = try Invocation("walkthrough", "roialign", in: folder.url)
        #expect(page.status == 0 && page.output.contains("\nbox.pooled  "))
        let unknown = try Invocation("walkthrough", "roialgn", in: folder.url)
        #expect(
            unknown.status == 2
                && unknown.errors
                    == "maskrcnn: roialgn: is no page, stage or figure. Did you mean roialign?\n"
        )
    }
}

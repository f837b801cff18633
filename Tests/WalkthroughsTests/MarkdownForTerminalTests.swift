import Drawing
import Testing

import Walkthroughs

/// A page's text in terminals of several widths.
@Suite struct MarkdownForTerminalTests {
    private static let page = """
        # A title that is long enough to have to be wrapped in a narrow terminal

        Plain, **strong**, *emphasis*, `code`, [a link](other.md) and [the paper](https://arxiv.org/abs/1703.06870).
        An x_k and a 2 * 3 * 4 stay.

        1. First item, with text that goes on for a while so that it takes more than one line in every terminal.
        2. Second
           - nested

        | stage | shape | what it is |
        |---|---:|---|
        | `fpn.p2` | 64×64×80 | the map that the heads read, after a 3×3 convolution has smoothed the sum |
        | `fpn.p3` | 64×32×40 | the same, coarser |

            E = m · c²

        ```console
        $ maskrcnn inspect
        a line of output that is as long as lines of output are at most, eighty columns.
        ```

        ![What the network sees](../Figures/03-input.png)

        Next: [2. Backbone](02-backbone.md)
        """

    private func render(_ text: String, width: Int, depth: Terminal.ColorDepth = .none) -> String {
        let terminal = Terminal(isTerminal: true, width: width, colorDepth: depth)
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        return MarkdownForTerminal(terminal: terminal)
            .text(MarkdownBlock.blocks(of: lines.enumerated().map { ($0.offset, String($0.element)) }))
    }

    @Test(arguments: [40, 80, 120, 200])
    func nothingIsWiderThanTheTerminal(_ width: Int) {
        let lines = render(Self.page, width: width).split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.allSatisfy { $0.count <= width })
        #expect(lines.contains { $0.count > width * 3 / 4 } || width == 200)
    }

    @Test func withoutColourThereAreNoCodesAndNoMarks() {
        let text = render(Self.page, width: 80)
        #expect(!text.contains("\u{1B}"))
        #expect(!text.contains("**") && !text.contains("*emphasis*") && !text.contains("]("))
        #expect(text.contains("Plain, strong, emphasis, `code`, a link and the paper"))
        #expect(text.contains("(https://arxiv.org/abs/1703.06870)"))
        #expect(text.contains("x_k and a 2 * 3 * 4 stay."))
        #expect(text.contains("    E = m · c²"))
        #expect(text.contains("  $ maskrcnn inspect"))
        #expect(text.contains("\n1. First item"))
        #expect(text.contains("\n2. Second\n   • nested"))
        #expect(!text.contains("Backbone"))
    }

    @Test func withColourMarksBecomeCodes() {
        let text = render(Self.page, width: 120, depth: .basic)
        #expect(text.contains("\u{1B}[1mstrong\u{1B}[0m"))
        #expect(text.contains("\u{1B}[3memphasis\u{1B}[0m"))
        #expect(text.contains("\u{1B}[36mcode\u{1B}[0m"))
        #expect(text.contains("\u{1B}[1;32m$ maskrcnn inspect\u{1B}[0m"))
        let plain = text.replacing(/\u{1B}\[[0-9;]*m/, with: "")
        // The marks of code take room in a table's columns.
        func letters(_ text: String) -> String { text.filter { !"` ─\n".contains($0) } }
        #expect(letters(plain) == letters(render(Self.page, width: 120)))
    }

    @Test func aFigureIsNamedByItsCommand() {
        let text = render("![What](../Figures/17-mask-channels.png)", width: 80)
        #expect(text == "Figure: What. Draw it: maskrcnn figures mask-channels")
        #expect(render("![What](elsewhere.png)", width: 80) == "Figure: What. See elsewhere.png")
    }

    @Test func tablesHaveColumnsAndInNarrowTerminalsLists() {
        let table = "| a | number |\n|---|---:|\n| one | 1 |\n| two | 22 |"
        #expect(
            render(table, width: 80) == """
                a    number
                ───  ──────
                one       1
                two      22
                """)
        let names = ["first", "second", "third", "fourth", "fifth"].map { $0 + " column" }
        let wide = "| " + names.joined(separator: " | ") + " |\n|---|---|---|---|---|\n| 1 | 2 | 3 | 4 | 5 |"
        #expect(
            render(wide, width: 40) == """
                1
                  second column: 2
                  third column: 3
                  fourth column: 4
                  fifth column: 5
                """)
    }

    @Test(arguments: [
        "**open", "`open", "[open](", "![", "|", "| a\n|", "- ", "1. ", ">", "#", "```", "\\", "***",
    ])
    func brokenMarkdownIsShownAsItIs(_ text: String) {
        // Whatever it looks like, it comes to an end.
        #expect(render(text, width: 40).count <= 3 * text.count + 20)
    }
}

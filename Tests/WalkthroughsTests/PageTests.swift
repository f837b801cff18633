import Formats
import Testing

import Walkthroughs

/// How commands and their output are found on a page.
@Suite struct PageTests {
    @Test func commandsAndOutputAreFoundInConsoleBlocksOnly() throws {
        let page = try Page(
            path: "pages/04-anchors.md",
            text: """
                # Title

                ```console
                $ one
                first
                second
                $ two \\
                    more
                $ three

                ```

                ```swift
                $ not a command
                ```

                ~~~~ console
                $ four
                ```
                ~~~~
                """)
        #expect(page.name == "04-anchors")
        #expect(page.title == "Title")
        #expect(page.commands.map(\.text) == ["one", "two \\\n    more", "three", "four"])
        #expect(page.commands.map(\.line) == [4, 7, 9, 18])
        #expect(page.commands.map(\.output) == [["first", "second"], [], [""], ["```"]])
    }

    @Test(arguments: [
        ("```console\n$ one\n", "line 1: the block that begins here has no end"),
        ("text\n```console\nno command\n```\n", "line 3: a console block begins with a command, $ …"),
    ])
    func brokenPagesAreRefused(text: String, fault: String) {
        #expect(throws: FileError(path: "x.md", fault: fault)) { try Page(path: "x.md", text: text) }
    }

    @Test func aPageIsPartedAtHeadingsAndAnswersButNotWithinCode() throws {
        let page = try Page(
            path: "x.md",
            text: """
                # Title
                Text.
                ## One
                ```
                ## no heading
                ```
                ## Two
                <details><summary>Answer</summary>
                42
                </details>
                """)
        #expect(page.parts.map { $0.map(\.number) } == [[0, 1], [2, 3, 4, 5], [6], [7, 8, 9]])
        #expect(MarkdownBlock.blocks(of: page.parts[3]) == [.heading(3, "Answer"), .paragraph("42")])
    }
}

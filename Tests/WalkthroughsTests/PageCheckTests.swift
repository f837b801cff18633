import Formats
import Testing

import Walkthroughs

/// Checking a page and recording it anew.
@Suite struct PageCheckTests {
    private func check(_ text: String) throws -> PageCheck {
        try PageCheck(
            Page(path: "x.md", text: text), in: ConsoleSession(program: "/bin/echo", timeLimit: 20))
    }

    @Test func whatAgreesIsNotChanged() throws {
        let text = "Text\n\n```console\n$ echo 0.501\n0.502\n$ printf '1\\n2\\n3\\n'\n1\n…\n```\n\nMore\n"
        let check = try check(text)
        #expect(check.differences.isEmpty)
        #expect(try check.updatedText() == text)
    }

    @Test func differencesSayWhereAndWhat() throws {
        let check = try check("```console\n$ echo new; echo 2\nold\n2\n$ echo more\n```\n")
        #expect(
            check.differences.map(\.description) == [
                "x.md:3: $ echo new; echo 2\n  page: |old\n  now:  |new",
                "x.md:6: $ echo more\n  page: (nothing)\n  now:  |more",
            ])
        #expect(
            try check.updatedText() == "```console\n$ echo new; echo 2\nnew\n2\n$ echo more\nmore\n```\n")
    }

    @Test func commandsOnSeveralLinesAndLaterOnesKeepTheirPlaces() throws {
        let check = try check("```console\n$ echo a \\\n    b\n$ printf 'c\\nd\\n'\nx\n$ true\nold\n```")
        #expect(
            try check.updatedText()
                == "```console\n$ echo a \\\n    b\na b\n$ printf 'c\\nd\\n'\nc\nd\n$ true\n```")
    }

    @Test(arguments: ["$ printf '$ x\\n'", "$ echo '```'"])
    func outputThatWouldEndTheBlockIsRefused(_ command: String) throws {
        let check = try check("```console\n\(command)\n```\n")
        #expect(
            throws: FileError(
                path: "x.md", fault: "line 2: prints a line that would end its output on a page")
        ) { try check.updatedText() }
    }
}

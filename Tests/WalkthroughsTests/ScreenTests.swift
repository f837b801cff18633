import Testing

import Walkthroughs

/// How blocks are laid out on screens.
@Suite struct ScreenTests {
    private func contents(_ screens: [Screen]) -> [[String]] {
        screens.map { screen in
            screen.rows.map { row in
                switch row {
                case .content(let text): text
                case .gap: ""
                case .repeated(let text): "^" + text
                }
            }
        }
    }

    private func layout(_ blocks: [ScreenBlock], _ height: Int) -> [[String]] {
        contents(screens(of: blocks, height: height, mark: "more"))
    }

    private func lines(_ name: String, _ count: Int) -> [String] { (1...count).map { "\(name)\($0)" } }

    @Test func blocksFollowOneAnotherAsLongAsTheyFit() {
        let blocks = [ScreenBlock(lines("a", 2)), ScreenBlock(lines("b", 1)), ScreenBlock(lines("c", 2))]
        #expect(layout(blocks, 7) == [["a1", "a2", "", "b1", "", "c1", "c2"]])
        #expect(layout(blocks, 6) == [["a1", "a2", "", "b1"], ["c1", "c2"]])
    }

    @Test func whatIsTallerThanAScreenIsDividedAndSaysSo() {
        #expect(
            layout([ScreenBlock(lines("a", 7))], 4) == [
                ["a1", "a2", "a3", "a4"], ["^more", "a5", "a6", "a7"],
            ])
    }

    @Test func aTableRepeatsItsHeaderAndKeepsItsRowsWhole() {
        let rows = [["head", "──"], ["a1", "a2"], ["b1", "b2"], ["c1"]]
        #expect(
            layout([ScreenBlock(units: rows, headerUnits: 1)], 5) == [
                ["head", "──", "a1", "a2"], ["^head", "^──", "b1", "b2", "c1"],
            ])
    }

    @Test func aHeadingIsNeverTheLastOfAScreen() {
        let heading = ScreenBlock(["title"], leads: true)
        #expect(
            layout([ScreenBlock(lines("a", 3)), heading, ScreenBlock(lines("b", 2))], 6)
                == [["a1", "a2", "a3"], ["title", "", "b1", "b2"]])
        // Not even if what it leads to does not fit below it.
        #expect(
            layout([heading, ScreenBlock(lines("b", 4))], 5) == [
                ["title", "", "b1", "b2", "b3"], ["^more", "b4"],
            ])
    }

    @Test func proseIsDividedWhereAScreenWouldStayHalfEmpty() {
        let prose = ScreenBlock(lines("b", 5), isKeptWhole: false)
        #expect(
            layout([ScreenBlock(lines("a", 1)), prose], 6)
                == [["a1", "", "b1", "b2", "b3", "b4"], ["b5"]])
        #expect(
            layout([ScreenBlock(lines("a", 3)), prose], 6)
                == [["a1", "a2", "a3"], ["b1", "b2", "b3", "b4", "b5"]])
    }

    @Test func aUnitTallerThanAScreenIsDividedToo() {
        #expect(
            layout([ScreenBlock(units: [lines("a", 5), ["b"]])], 3)
                == [["a1", "a2", "a3"], ["^more", "a4", "a5"], ["^more", "b"]])
    }

    @Test func nothingGivesOneEmptyScreen() { #expect(layout([], 5) == [[]]) }

    @Test func placesStayWhereTheyAreWhenTheHeightChanges() {
        let blocks = (0..<6).map { ScreenBlock(lines("\($0)-", 4)) }
        let small = screens(of: blocks, height: 4, mark: "more")
        let large = screens(of: blocks, height: 20, mark: "more")
        #expect(small.count == 6 && large.count == 2)
        #expect(large.index(of: small[3].start) == 0)
        #expect(large.index(of: small[5].start) == 1)
        #expect(small.index(of: large[1].start) == 4)
    }

    // By the standard's table: wide letters take two columns, marks that combine none.
    @Test(arguments: [
        ("abc", 3), ("写真", 4), ("e\u{301}", 1), ("한글", 4), ("\u{1112}\u{1161}\u{11AB}", 2), ("😀", 2),
        ("▀×²", 3),
        ("ﾊﾝ", 2), ("Ｆ", 2), ("a\u{200B}b", 2), ("", 0),
    ])
    func columnsOfText(_ text: String, _ columns: Int) { #expect(terminalColumns(of: text) == columns) }

    @Test func controlCharactersAreWrittenOut() {
        #expect(visible("a\u{1B}[2Jb\n") == "a\\u{1B}[2Jb\\u{A}")
        #expect(visible("\u{202E}gpj.exe") == "\\u{202E}gpj.exe")
        #expect(visible("写真é") == "写真é")
    }
}

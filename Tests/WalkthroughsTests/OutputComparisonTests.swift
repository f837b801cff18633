import Testing

import Walkthroughs

/// When a command's output counts as what a page says.
@Suite struct OutputComparisonTests {
    @Test(
        arguments: [
            ("", ""), ("text", "text"), ("text  ", "text"),
            ("score 0.998", "score 0.999"), ("score 0.998", "score 0.997"), ("−0.01", "-0.01"),
            ("1.000", "0.9999"), ("1", "0.9999"), ("-0.00", "0.01"),
            ("1.234e-05", "1.235e-05"), ("9.999e-06", "1.000e-05"),
            // A number that loses a digit may gain a space before or after it.
            ("a  9.99  b", "a 10.00  b"), ("x: 9.996", "x: 10.00"), ("9.99 |", "10.00|"),
            ("a 9.99 b", "a 10.00 b"), ("9.99  9.99 |", "10.00 10.00|"),
        ])
    func linesAgree(_ page: String, _ now: String) {
        #expect(OutputComparison.agree(page, now))
        #expect(OutputComparison.agree(now, page))
    }

    @Test(arguments: [
        ("text", "texts"), ("score 0.998", "score 0.996"), ("score 0.998", "score"),
        // Whole numbers count or name things.
        ("Found 7", "Found 8"), ("p2", "p3"), ("1200", "1201"), ("1", "2"),
        ("-0.01", "0.01"), ("1.234e-05", "1.234e-06"), ("1.5 2.5", "1.5  2.5"), ("a b", "a  b"),
        // Spaces that no number needs.
        ("9.99 b", "10.00  b"), ("9.99   b", "10.00 b"), ("9.99  a  b", "10.00 a b"), ("9.99|", "10.00 |"),
        ("0.5 pixels", "0.5 cells"), ("1", "one"), ("NaN", "0.5"),
    ])
    func linesDiffer(_ page: String, _ now: String) {
        #expect(!OutputComparison.agree(page, now))
        #expect(!OutputComparison.agree(now, page))
    }

    @Test func differencesNameTheLineAndBothTexts() {
        let comparison = OutputComparison(page: ["a", "b", "c"], now: ["a", "x"])
        #expect(
            comparison.differences == [
                .init(line: 1, page: "b", now: "x"), .init(line: 2, page: "c", now: nil),
            ])
        #expect(
            OutputComparison(page: ["a"], now: ["a", "more"]).differences == [
                .init(line: 1, page: nil, now: "more")
            ])
    }

    @Test(arguments: [
        ["…"], ["a", "…"], ["…", "d"], ["a", "…", "d"], ["a", "…", "c", "…"], ["…", "b", "…", "d"],
        ["a", "b", "…", "c", "d"],
    ])
    func anEllipsisStandsForAnyLines(_ page: [String]) {
        #expect(OutputComparison(page: page, now: ["a", "b", "c", "d"]).differences.isEmpty)
    }

    @Test(arguments: [
        ["b", "…"], ["…", "c"], ["…", "c", "…", "b", "…"], ["a", "b", "c", "…", "c", "d"],
        ["a", "…", "x", "…", "d"],
    ])
    func whatStandsAroundAnEllipsisMustBeThere(_ page: [String]) {
        #expect(!OutputComparison(page: page, now: ["a", "b", "c", "d"]).differences.isEmpty)
    }

    @Test func anUpdateLeavesOutTheSameLines() {
        let now = ["head 2", "x", "score 0.7", "y", "y", "tail 3"]
        func updated(_ page: [String]) -> [String]? { OutputComparison.updated(page: page, now: now) }
        #expect(updated(["anything"]) == now)
        #expect(updated(["head 1", "…"]) == ["head 2", "…"])
        #expect(
            updated(["head 1", "…", "score 0.5", "…", "tail 1"])
                == ["head 2", "…", "score 0.7", "…", "tail 3"])
        #expect(updated(["head 1", "…", "gone", "…"]) == nil)
        #expect(updated(["1", "2", "3", "4", "…", "5", "6", "7"]) == nil)
    }
}

import Figures
import Inference
import Testing

import Walkthroughs

/// The conversation, without a terminal.
@Suite struct WalkTests {
    /// Four sections of 1, 3, 1 and 2 screens, and help of 2.
    private struct Book: Walk.Book {
        let sectionCount = 4
        let help = 4
        func screens(of section: Int) -> [Screen] {
            let count = [1, 3, 1, 2, 2][section]
            let blocks = (0..<count).map { ScreenBlock(["\(section) \($0)", "-", "-"]) }
            return Walkthroughs.screens(of: blocks, height: 3, mark: "")
        }
        func find(_ name: String) -> Walk.Finding {
            name.lowercased() == "rpn" ? .position(.init(section: 3)) : .nothing("is nothing.")
        }
        func search(_ text: String, after position: Walk.Position) -> Walk.Position? {
            guard text == "here" else { return nil }
            return position.section < 2 ? .init(section: 2) : .init(section: 1, screen: 2)
        }
    }

    private func walk() -> Walk { Walk(Book()) }

    /// The positions after each answer, as `section.screen`; what is said instead, and the end.
    private func course(_ answers: String?...) -> [String] {
        var walk = walk()
        return answers.map { answer in
            switch walk.answer(answer) {
            case .show: "\(walk.position.section).\(walk.position.screen)"
            case .say(let line): line
            case .end: "end"
            }
        }
    }

    @Test func goingOnShowsEveryScreenAndEndsAfterTheLast() {
        #expect(course("", "", "", "", "", "", "") == ["1.0", "1.1", "1.2", "2.0", "3.0", "3.1", "end"])
    }

    @Test func goingBackStopsAtTheBeginning() {
        #expect(course("", "", " B ", "b", "b") == ["1.0", "1.1", "1.0", "0.0", "This is the beginning."])
    }

    @Test func goingBackAfterAJumpLeadsToWhereItBegan() {
        #expect(
            course("", "", "g RPN", "", "b", "b", "b", "b") == [
                "1.0", "1.1", "3.0", "3.1", "3.0", "1.1", "1.0", "0.0",
            ])
        // A walk that begins in the middle goes back through what stands before.
        var walk = Walk(Book(), at: .init(section: 2))
        #expect(walk.answer("b") == .show && walk.position == .init(section: 1, screen: 2))
    }

    @Test func helpIsAsideOfTheOrder() {
        #expect(course("", "?", "", "", "") == ["1.0", "4.0", "4.1", "1.0", "1.1"])
        #expect(course("", "", "?", "b", "b") == ["1.0", "1.1", "4.0", "1.1", "1.0"])
        #expect(course("?", "g rpn", "b", "b") == ["4.0", "3.0", "4.0", "0.0"])
    }

    @Test func aSearchGoesOn() {
        #expect(course("/here", "n", "/", "b") == ["2.0", "1.2", "2.0", "1.2"])
        #expect(course("n") == ["/ and a text searches for it: /stride."])
        #expect(course("/elsewhere") == ["“elsewhere” is nowhere on the pages."])
    }

    @Test func unknownInputGetsOneLineAndChangesNothing() {
        var walk = walk()
        guard case .say(let line) = walk.answer("nonsense\u{1B}[2J\u{7}") else {
            Issue.record("no line")
            return
        }
        #expect(line.contains("nonsense") && !line.contains("\u{1B}") && !line.contains("\u{7}"))
        #expect(!line.contains("\n"))
        #expect(walk.position == .init(section: 0))
        #expect(course("x", "5x") == ["“x” is no key; ? lists keys and pages.", "“5x” is nothing."])
    }

    @Test func quittingAndTheEndOfInputEnd() {
        #expect(course("q") == ["end"])
        #expect(course(nil) == ["end"])
    }

    // MARK: Names

    private static let stages = ["fpn.p2", "fpn.p3", "box.level", "box.pooled", "box.logits", "mask.logits"]
        .map(Stage.init)

    @Test(arguments: [
        ("rpn", ["05-rpn"]), ("5", ["05-rpn"]), ("05", ["05-rpn"]), ("05-rpn", ["05-rpn"]),
        ("roi", ["07-roi-layers"]), ("fpn.p3", ["03-pyramid"]), ("box", ["07-roi-layers", "08-box-head"]),
        ("mask", ["10-mask-head"]), ("losses", ["13-losses"]), ("1", ["01-input"]), ("19", ["19-claims"]),
        // Figures.
        ("roialign", ["07-roi-layers"]), ("13-roialign", ["07-roi-layers"]), ("RoIAlign", ["07-roi-layers"]),
        ("sigmoid-softmax", ["10-mask-head"]), ("suppr", ["06-proposals"]),
        // Not in this model, but in others.
        ("keypoint", ["12-keypoints"]), ("keypoint.heatmaps", ["12-keypoints"]),
    ])
    func destinations(_ name: String, _ pages: [String]) throws {
        let destination = try #require(Destination(name, stages: Self.stages))
        #expect(destination.chapters.map { Chapter.all[$0].page } == pages)
    }

    @Test(arguments: ["", "nosuchstage", "20", "fpn.p9x", "0", "."])
    func noDestinations(_ name: String) {
        #expect(Destination(name, stages: Self.stages) == nil)
    }

    @Test(arguments: [
        ("roialgn", "is no page, stage or figure. Did you mean roialign?"),
        ("fpn.p9", "is no page, stage or figure. Did you mean fpn.p2 or fpn.p3?"),
        ("align", "is no page, stage or figure. Did you mean roialign?"),
        ("overview", "is a figure that is on no page; 'maskrcnn figures overview' draws it"),
    ])
    func aNameThatIsNoneGetsAnotherOne(_ name: String, _ fault: String) {
        #expect(Destination.fault(of: name, stages: Self.stages) == fault)
    }

    @Test func aNameLikeNothingGetsAList() {
        #expect(
            Destination.fault(of: "zzzzzzzz", stages: Self.stages).contains("Pages are input, backbone, "))
    }

    /// Every figure that a page shows leads there.
    @Test func figuresHavePages() {
        let without = FigureName.allCases.filter { $0.chapter == nil }.map(\.rawValue)
        #expect(Set(without).isSubset(of: ["overview", "result", "weights"]))
    }
}

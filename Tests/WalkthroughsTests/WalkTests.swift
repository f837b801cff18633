import Inference
import Testing

import Walkthroughs

/// The conversation, without a terminal.
@Suite struct WalkTests {
    private func walk() -> Walk { Walk(count: 4) { $0 == "rpn" ? 2 : nil } }

    @Test func enterGoesOnAndEndsAfterTheLast() {
        var walk = walk()
        for position in 1...3 {
            #expect(walk.answer("") == .show)
            #expect(walk.position == position)
        }
        #expect(walk.answer("") == .end)
    }

    @Test func goingBackStopsAtTheBeginning() {
        var walk = walk()
        _ = walk.answer("")
        #expect(walk.answer(" B ") == .show)
        #expect(walk.position == 0)
        #expect(walk.answer("b") == .say("This is the beginning."))
        #expect(walk.position == 0)
    }

    @Test func namesJump() {
        var walk = walk()
        #expect(walk.answer("RPN") == .show)
        #expect(walk.position == 2)
    }

    @Test func unknownInputGetsOneLineAndChangesNothing() {
        var walk = walk()
        guard case .say(let line) = walk.answer("nonsense\u{1B}[2J\u{7}") else {
            Issue.record("no line")
            return
        }
        #expect(line.contains("nonsense") && !line.contains("\u{1B}") && !line.contains("\u{7}"))
        #expect(!line.contains("\n"))
        #expect(walk.position == 0)
        #expect(walk.answer("?") == .say(Walk.keys))
    }

    @Test func quittingAndTheEndOfInputEnd() {
        var walk = walk()
        #expect(walk.answer("q") == .end)
        #expect(walk.answer(nil) == .end)
    }

    private static let stages = ["fpn.p2", "fpn.p3", "box.level", "box.pooled", "box.logits", "mask.logits"]
        .map(Stage.init)

    @Test(arguments: [
        ("rpn", ["05-rpn"]), ("5", ["05-rpn"]), ("05", ["05-rpn"]), ("05-rpn", ["05-rpn"]),
        ("roi", ["07-roi-layers"]), ("fpn.p3", ["03-pyramid"]), ("box", ["07-roi-layers", "08-box-head"]),
        ("mask", ["10-mask-head"]), ("losses", ["13-losses"]), ("1", ["01-input"]), ("19", ["19-claims"]),
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
}

import Explanations
import Formats
import Geometry
import Loading
import Inference
import Scenes
import Synchronization
import Tensors
import Testing

import Walkthroughs

/// The walkthrough as a reader meets it, on the shipped model and picture.
@Suite struct WalkthroughTests {
    private static let run = Result {
        PictureRun(
            try LoadedModel.shipped(), on: try Image(contentsOf: ShippedScene.path), named: "a drawn scene")
    }

    private func walkthrough(only what: String? = nil, of run: PictureRun? = nil) throws -> Walkthrough {
        try Walkthrough(of: run ?? Self.run.get(), only: what, output: "found.png", live: nil)
    }

    /// What is printed where nobody steps.
    private func printed(
        only what: String? = nil, of run: PictureRun? = nil, width: Int = 80,
        depth: Terminal.ColorDepth = .none
    ) throws -> String {
        var text = ""
        let terminal = Terminal(isTerminal: false, width: width, colorDepth: depth)
        try walkthrough(only: what, of: run).print(
            on: .init(write: { text += $0 }, next: nil, terminal: { terminal }))
        return text
    }

    /// A terminal that keeps what it showed.
    private final class Recorder {
        var terminal: Terminal
        var events: [Keyboard.Event]
        /// What was written, all of it.
        var text = ""
        /// What was drawn from the top of the screen, once for each time.
        var screens: [[String]] {
            text.components(separatedBy: "\u{1B}[H\u{1B}[J").dropFirst().map { frame in
                let content = frame.prefix(
                    upTo: frame.range(of: "\u{1B}[\(terminal.height);1H")?.lowerBound ?? frame.endIndex)
                return content.split(separator: "\n", omittingEmptySubsequences: false)
                    .map { String($0).replacing(/\u{1B}\[[0-9;]*m/, with: "") }
            }
        }

        init(_ terminal: Terminal, _ events: [Keyboard.Event]) {
            self.terminal = terminal
            self.events = events
        }

        var device: Walkthrough.Device {
            .init(
                write: { self.text += $0 },
                next: { self.events.isEmpty ? .answer(nil) : self.events.removeFirst() },
                terminal: { self.terminal })
        }
    }

    private static func terminal(_ width: Int, _ height: Int, _ depth: Terminal.ColorDepth = .none)
        -> Terminal
    {
        Terminal(isTerminal: true, width: width, height: height, colorDepth: depth, movesCursor: true)
    }

    /// What is shown on a terminal of 80 × 24 when a reader types the given answers.
    private func shown(_ answers: [String], only what: String? = nil) throws -> Recorder {
        let recorder = Recorder(Self.terminal(80, 24), answers.map { .answer($0) })
        try walkthrough(only: what).step(on: recorder.device)
        #expect(recorder.events.isEmpty, "not everything that was typed was read")
        return recorder
    }

    @Test func everythingCanBePrinted() throws {
        let text = try printed()
        for stage in try Self.run.get().stages { #expect(text.contains("\n\(stage.name)  "), "no \(stage)") }
        #expect(text.hasSuffix("The picture with everything found: found.png\n"))
        #expect(!text.contains("\u{1B}") && !text.contains("Space goes"))
        #expect(!text.hasPrefix("\n"))
    }

    @Test(arguments: [40, 80, 120])
    func nothingPrintedIsWiderThanTheTerminal(_ width: Int) throws {
        for depth in [Terminal.ColorDepth.none, .direct] {
            let text = try printed(width: width, depth: depth).replacing(/\u{1B}\[[0-9;]*m/, with: "")
            let longest = text.split(separator: "\n").max { $0.count < $1.count } ?? ""
            #expect(longest.count <= width, "\(longest)")
        }
    }

    /// On every page, with and without colours: each line is on one screen, in order, and fits it.
    @Test(arguments: [(80, 24), (60, 20), (40, 12), (120, 50)], [Terminal.ColorDepth.none, .direct])
    func everyPageFitsWithoutALineLost(_ size: (Int, Int), _ depth: Terminal.ColorDepth) throws {
        let terminal = Self.terminal(size.0, size.1, depth)
        for blocks in try walkthrough().steps(on: terminal) {
            let layout = screens(of: blocks, height: terminal.height - 2, mark: "(continued)")
            let content = layout.flatMap(\.rows).compactMap { row in
                if case .content(let text) = row { text } else { nil }
            }
            #expect(content == blocks.flatMap(\.lines))
            for screen in layout {
                #expect(screen.rows.count <= terminal.height - 2)
                for row in screen.rows {
                    let line = row.text.replacing(/\u{1B}\[[0-9;]*m/, with: "")
                    #expect(terminalColumns(of: line) <= terminal.width, "\(line)")
                    #expect(!line.contains("\n"))
                }
                // A heading stands with what it leads to.
                if let last = screen.rows.last, screen != layout.last, last.text.contains("──") {
                    #expect(!blocks.contains { $0.leads && $0.lines.last == last.text && $0.lines.count > 1 })
                }
            }
        }
    }

    /// Maps and their captions are on one screen wherever the first of them is.
    @Test(arguments: [(80, 24), (60, 20), (40, 12), (120, 50)])
    func mapsStandWithTheirCaptions(_ size: (Int, Int)) throws {
        let terminal = Self.terminal(size.0, size.1, .direct)
        var count = 0
        for blocks in try walkthrough().steps(on: terminal) {
            let layout = screens(of: blocks, height: terminal.height - 2, mark: "(continued)")
            for unit in blocks.flatMap(\.units) where unit.count > 1 && unit[0].contains("▀") {
                count += 1
                #expect(unit.count <= terminal.height - 2)
                #expect(
                    layout.contains { screen in
                        unit.allSatisfy { line in screen.rows.contains(.content(line)) }
                    })
            }
        }
        #expect(count >= 10)
    }

    /// The same as the terminal gets it, from the first screen to the last.
    @Test(arguments: [(80, 24), (60, 20)])
    func whatIsDrawnFitsTheTerminal(_ size: (Int, Int)) throws {
        let recorder = Recorder(
            Self.terminal(size.0, size.1, .direct), Array(repeating: .answer(""), count: 1500))
        try walkthrough().step(on: recorder.device)
        #expect(recorder.screens.count > 200 && !recorder.events.isEmpty)
        for screen in recorder.screens {
            #expect(screen.count <= size.1 - 2)
            #expect(screen.allSatisfy { terminalColumns(of: $0) <= size.0 })
        }
        let prompts = recorder.text.components(separatedBy: "\u{1B}[\(size.1);1H").dropFirst().map { rest in
            rest.components(separatedBy: "\u{1B}[H")[0].replacing(/\r|\u{1B}\[[0-9;]*[mK]/, with: "")
        }
        #expect(prompts.allSatisfy { $0.hasPrefix("[") && terminalColumns(of: $0) < size.0 })
    }

    @Test func aNewcomerSeesAPictureAndOneKey() throws {
        for (depth, block) in [(Terminal.ColorDepth.direct, "▀"), (.none, "▒")] {
            for size in [(80, 24), (60, 20)] {
                let recorder = Recorder(Self.terminal(size.0, size.1, depth), [])
                try walkthrough().step(on: recorder.device)
                let screen = try #require(recorder.screens.first)
                #expect(screen.filter { $0.contains(block) }.count >= 5)
                let text = screen.joined(separator: "\n")
                for part in ["Mask R-CNN, stage by stage", "Space", "g NAME", "/TEXT", "Found: "] {
                    #expect(text.contains(part), "\(size) lacks \(part)")
                }
            }
        }
    }

    @Test func heatMapsNeedColours() throws {
        #expect(try printed(only: "rpn", depth: .indexed).contains("▀"))
        #expect(try printed(only: "rpn", depth: .direct).contains("▀"))
        #expect(try !printed(only: "rpn", depth: .basic).contains("▀"))
    }

    @Test func aReaderStepsAndJumpsAndQuits() throws {
        let screens = try shown(["", "", "", "b", "g fpn.p3", "b", "g roialign", "?", "q"]).screens
            .map { ([""] + $0).joined(separator: "\n") }
        #expect(screens[0].contains("Mask R-CNN, stage by stage"))
        #expect(screens[1].contains("Model: ") && screens[4] == screens[2])
        #expect(screens[5].contains("\nfpn.p3  ") && screens[6] == screens[4])
        let words = screens[7].split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(words.contains("maskrcnn figures roialign"))
        #expect(screens[8].contains("Keys") && screens[8].contains("7 roi-layers"))
        #expect(screens.count == 9)
    }

    @Test func aWalkBeginsWhereItIsAskedTo() throws {
        #expect(try shown([], only: "rpn").screens.first?.first?.contains("5. ") == true)
        #expect(try shown([], only: "fpn.p3").screens.first?.contains { $0.hasPrefix("fpn.p3  ") } == true)
        #expect(try shown(["b"], only: "rpn").screens.count == 2)
    }

    @Test func textIsFoundOnAllPages() throws {
        let recorder = try shown(["/Non-Maximum   suppression", "n", "b", "/nosuchtextanywhere"])
        let screens = recorder.screens.map {
            $0.joined(separator: " ").split(separator: " ").joined(separator: " ")
        }
        #expect(screens.count == 4)
        #expect(screens[1].lowercased().contains("non-maximum suppression"))
        #expect(screens[2].lowercased().contains("non-maximum suppression") && screens[2] != screens[1])
        #expect(screens[3] == screens[1])
        #expect(recorder.text.contains("“nosuchtextanywhere” is nowhere"))
    }

    @Test func anotherSizeKeepsThePlace() throws {
        let recorder = Recorder(Self.terminal(80, 24), [.answer("g box.logits"), .changed, .changed])
        let sizes = [Self.terminal(80, 24), Self.terminal(60, 12), Self.terminal(80, 24)]
        var index = 0
        var device = recorder.device
        device.terminal = {
            defer { index += 1 }
            recorder.terminal = sizes[min(index, 2)]
            return recorder.terminal
        }
        try walkthrough().step(on: device)
        let frames = recorder.text.components(separatedBy: "\u{1B}[H\u{1B}[J").dropFirst()
        #expect(frames.count == 4)
        for frame in frames.dropFirst() { #expect(frame.contains("[8 box-head")) }
        #expect(Array(frames)[3].prefix(300) == Array(frames)[1].prefix(300))
    }

    @Test func aLineIsTypedAtTheBottom() throws {
        let recorder = Recorder(
            Self.terminal(40, 12),
            [.typing("Go to: r"), .typing("Go to: " + String(repeating: "写", count: 40)), .typing(nil)])
        try walkthrough().step(on: recorder.device)
        #expect(recorder.text.contains("Go to: r"))
        let long = try #require(recorder.text.components(separatedBy: "\n").first { $0.hasPrefix("写") })
        #expect(terminalColumns(of: long.prefix { $0 != "\u{1B}" }) < 40)
    }

    @Test func aSummaryIsAScreenful() throws {
        for width in [80, 60] {
            let terminal = Terminal(isTerminal: false, width: width, colorDepth: .none)
            let lines = try walkthrough().summary(on: terminal).split(
                separator: "\n", omittingEmptySubsequences: false)
            #expect(lines.count <= 24 && lines.allSatisfy { $0.count <= width })
            #expect(lines.contains { $0.contains("--all") } && lines.contains { $0.contains("5 rpn") })
        }
    }

    @Test func onePartIsPrintedAlone() throws {
        let text = try printed(only: "fpn.p3")
        #expect(
            text.contains("\nfpn.p3  ") && !text.contains("\nfpn.p2  ") && !text.contains("\ninput.image  "))
        #expect(throws: FileError.self) { try walkthrough(only: "nosuchstage") }
    }

    /// A file may be called anything.
    @Test func namesMoveNoCursor() throws {
        let image = try Image(contentsOf: ShippedScene.path)
        let run = PictureRun(try LoadedModel.shipped(), on: image, named: "a\u{1B}[2Jb\n写真.png")
        let recorder = Recorder(Self.terminal(80, 24), [.answer("")])
        try walkthrough(of: run).step(on: recorder.device)
        #expect(!recorder.text.contains("\u{1B}[2J") && recorder.text.contains("a\\u{1B}[2Jb\\u{A}写真.png"))
        let terminal = Terminal(isTerminal: false, width: 80, colorDepth: .none)
        #expect(!(try walkthrough(of: run).summary(on: terminal).contains("\u{1B}")))
    }

    /// A model that finds nothing, and one without pyramid, masks and keypoints.
    @Test func whatIsMissingGetsASentence() throws {
        let image = try Image(contentsOf: ShippedScene.path)
        let nothing = PictureRun(
            try LoadedModel.shipped(options: LoadingOptions(scoreThreshold: 1)), on: image, named: "x")
        let text = try printed(of: nothing, depth: .direct)
        #expect(text.contains("Nothing was found in this picture"))
        #expect(text.contains("\nNothing was found.\n"))
        #expect(throws: NothingToDraw.self) { try DetectionStory(of: nothing, number: 0) }
    }

    @Test func aDetectionIsFollowedBack() throws {
        let run = try Self.run.get()
        let terminal = Terminal(isTerminal: false, width: 80, colorDepth: .none)
        for number in run.instances.indices {
            let text = try DetectionStory(of: run, number: number).text(on: terminal)
            for part in ["Output", "Mask", "Detection", "RoI", "Proposal", "Anchor"] {
                #expect(text.contains("\n\(part)\n"))
            }
            #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 })
            // The anchor's place in the table is where that very anchor stands.
            let match = try #require(
                text.replacing(/\n\s+/, with: " ").firstMatch(
                    of: /anchors\.(\w+), row [^=]*= (\d+): (-?−?[\d.]+),/))
            guard case .boxes(let anchors)? = run[.anchors(String(match.1))], let row = Int(match.2) else {
                Issue.record("no anchors")
                continue
            }
            let left = try #require(Float(match.3.replacing("−", with: "-")))
            #expect(abs(anchors[row].x1 - left) < 0.006)
        }
        for number in [-1, run.instances.count, Int.max] {
            #expect(throws: NothingToDraw.self) { try DetectionStory(of: run, number: number) }
        }
    }

    // By hand: 4 + log2(200 / 224) = 3.8365, of which the rule decides what is made.
    @Test func theLevelFollowsTheRule() {
        let box = Box(x1: 0, y1: 0, x2: 200, y2: 200)
        #expect(
            DetectionStory.levelArithmetic(box, level: 3, rule: .epsilonOutside(1e-6)).hasSuffix(
                "⌊4 + log2(200 / 224)⌋ = ⌊3.837⌋ = 3."))
        #expect(
            DetectionStory.levelArithmetic(box, level: 4, rule: .rounded).hasSuffix(
                "round(4 + log2(200 / 224)) = round(3.837) = 4."))
    }

    @Test func pagesBelongToEveryStageOnce() throws {
        for stage in try Self.run.get().stages {
            #expect(Chapter.all.filter { $0.contains(stage) }.count == 1, "\(stage)")
        }
    }
}

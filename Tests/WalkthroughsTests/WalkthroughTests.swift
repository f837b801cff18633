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

    /// What is shown when a reader types the given lines; nil for nobody.
    private func shown(
        _ answers: [String]?, only what: String? = nil, of run: PictureRun? = nil, width: Int = 80,
        depth: Terminal.ColorDepth = .none
    ) throws -> String {
        let terminal = Terminal(isTerminal: answers != nil, width: width, colorDepth: depth)
        let walkthrough = try Walkthrough(
            of: run ?? Self.run.get(), only: what, output: "found.png", on: terminal, live: nil)
        var text = ""
        var answers = answers.map { $0[...] }
        walkthrough.show(
            on: .init(write: { text += $0 }, read: answers == nil ? nil : { answers?.popFirst() }))
        #expect(answers?.isEmpty ?? true, "not everything that was typed was read")
        return text
    }

    @Test func withoutAReaderEverythingIsShown() throws {
        let text = try shown(nil)
        for stage in try Self.run.get().stages { #expect(text.contains("\n\(stage.name)  "), "no \(stage)") }
        #expect(text.hasSuffix("The picture with everything found: found.png\n"))
        #expect(!text.contains("\u{1B}") && !text.contains("Enter goes on, ?"))
    }

    @Test(arguments: [40, 80, 120])
    func nothingIsWiderThanTheTerminal(_ width: Int) throws {
        for depth in [Terminal.ColorDepth.none, .direct] {
            let text = try shown(nil, width: width, depth: depth).replacing(/\u{1B}\[[0-9;]*m/, with: "")
            let longest = text.split(separator: "\n").max { $0.count < $1.count } ?? ""
            #expect(longest.count <= width, "\(longest)")
        }
    }

    @Test func heatMapsNeedColours() throws {
        #expect(try shown(nil, only: "rpn", depth: .indexed).contains("▀"))
        #expect(try shown(nil, only: "rpn", depth: .direct).contains("▀"))
        #expect(try !shown(nil, only: "rpn", depth: .basic).contains("▀"))
    }

    @Test func aReaderStepsAndJumpsAndQuits() throws {
        let text = try shown(["", "", "b", "nonsense", "fpn.p3", "?", "q"])
        let first = try #require(text.range(of: "\ninput.image  "))
        let again = try #require(text[first.upperBound...].range(of: "\ninput.image  "), "b goes back")
        let line = try #require(text[again.upperBound...].range(of: "“nonsense” is no key"))
        let pyramid = try #require(text[line.upperBound...].range(of: "\nfpn.p3  "))
        #expect(text[pyramid.upperBound...].contains("Enter goes on, b goes back, q quits"))
        #expect(!text.contains("\nrpn.hidden.p2  "))
    }

    @Test func theEndOfInputEnds() throws {
        let text = try shown([])
        #expect(text.contains("Mask R-CNN on a drawn scene") && !text.contains("\ninput.image  "))
    }

    @Test func onePartIsShownAlone() throws {
        let text = try shown(nil, only: "fpn.p3")
        #expect(
            text.contains("\nfpn.p3  ") && !text.contains("\nfpn.p2  ") && !text.contains("\ninput.image  "))
        #expect(throws: FileError.self) { try shown(nil, only: "nosuchstage") }
    }

    /// A model that finds nothing, and one without pyramid, masks and keypoints.
    @Test func whatIsMissingGetsASentence() throws {
        let image = try Image(contentsOf: ShippedScene.path)
        let nothing = PictureRun(
            try LoadedModel.shipped(options: LoadingOptions(scoreThreshold: 1)), on: image, named: "x")
        let text = try shown(nil, of: nothing, depth: .direct)
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

import ArgumentParser
import Explanations
import Training

struct CalculateMatch: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "match",
        abstract: "Which object each anchor or proposal stands for, with the overlaps that decide it.",
        discussion: """
            Example:  maskrcnn calculate match --object 0,0,100,100 --candidate 10,0,110,100 --candidate 60,0,160,100
            """)

    enum Kind: String, ExpressibleByArgument, CaseIterable {
        case anchors, proposals

        var matcher: BoxMatcher { self == .anchors ? .anchors : .proposals }
    }

    @Option(help: "Whose thresholds: anchors (0.7 and 0.3, low quality allowed) or proposals (0.5).")
    var kind: Kind = .anchors

    @Option(
        parsing: .unconditionalSingleValue, help: ArgumentHelp("An object's box.", valueName: "x1,y1,x2,y2"))
    var object: [GivenBox]

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("An anchor or proposal.", valueName: "x1,y1,x2,y2"))
    var candidate: [GivenBox]

    func validate() throws {
        guard !object.isEmpty && object.count <= 8 else {
            throw ValidationError("--object: give from 1 to 8")
        }
        guard !candidate.isEmpty && candidate.count <= 100 else {
            throw ValidationError("--candidate: give from 1 to 100")
        }
    }

    func run() {
        MatchCalculation(
            objects: object.map(\.box), candidates: candidate.map(\.box), matcher: kind.matcher,
            print: { print($0) }
        ).run()
    }
}

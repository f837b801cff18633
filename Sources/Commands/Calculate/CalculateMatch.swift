import ArgumentParser
import Geometry
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
        let objects = object.map(\.box), candidates = candidate.map(\.box)
        let matcher = kind.matcher
        var strict = matcher
        strict.allowsLowQuality = false
        let matches = matcher(candidates, with: objects), strictMatches = strict(candidates, with: objects)
        print(
            "An object's from IoU \(matcher.objectOverlap.digits(1)) on, background below "
                + "\(matcher.backgroundOverlap.digits(1)).")
        var table = NumberTable(
            ["candidate"] + objects.indices.map { "IoU with \($0 + 1)" } + ["stands for"])
        for (index, candidate) in candidates.enumerated() {
            let isLowQuality = matches[index] != strictMatches[index]
            table.add(
                ["\(index + 1)"] + objects.map { candidate.overlap(with: $0).digits(4) }
                    + [matches[index].words + (isLowQuality ? " (low quality)" : "")])
        }
        print(table.text)
    }
}

extension BoxMatch {
    fileprivate var words: String {
        switch self {
        case .object(let index): "object \(index + 1)"
        case .background: "background"
        case .ignored: "nothing: ignored"
        }
    }
}

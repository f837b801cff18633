import Geometry
import Training

/// What each candidate is matched to in training, and by which IoU.
package struct MatchCalculation {
    private let objects: [Box]
    private let candidates: [Box]
    private let matcher: BoxMatcher
    private let print: (String) -> Void

    /// A calculation for the given values; `print` receives its text line by line.
    package init(objects: [Box], candidates: [Box], matcher: BoxMatcher, print: @escaping (String) -> Void) {
        self.objects = objects
        self.candidates = candidates
        self.matcher = matcher
        self.print = print
    }

    package func run() {
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

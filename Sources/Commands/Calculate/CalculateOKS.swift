import ArgumentParser
import Explanations
import Geometry

struct CalculateOKS: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "oks",
        abstract: "Object keypoint similarity, keypoint by keypoint.",
        discussion: """
            Give each labelled keypoint with how far off it was found, in pixels.

            Example:  maskrcnn calculate oks --area 10000 nose:3 left_shoulder:8 left_hip:20
            Names:    \(PersonKeypoint.allCases.map(\.name).joined(separator: ", "))
            """)

    @Argument(help: ArgumentHelp("Keypoints with their distances.", valueName: "name:pixels"))
    var keypoints: [DistantKeypoint]

    @Option(help: ArgumentHelp("The area of the object's mask, in pixels.", valueName: "pixels"))
    var area: Double

    func validate() throws {
        guard area > 0 && area <= 1e8 else {
            throw ValidationError("--area \(area): must be above 0 and at most 1e8")
        }
        guard Set(keypoints.map(\.keypoint)).count == keypoints.count else {
            throw ValidationError("a keypoint is given twice")
        }
    }

    func run() {
        KeypointSimilarityCalculation(keypoints: keypoints, area: area, print: { print($0) }).run()
    }
}

/// Parses a keypoint and its error in pixels: `nose:3`.
extension DistantKeypoint: ExpressibleByArgument {
    package init?(argument: String) {
        let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let keypoint = PersonKeypoint.allCases.first(where: { $0.name == parts[0] }),
            let distance = Double(parts[1]), distance >= 0, distance <= 1e5
        else { return nil }
        self.init(keypoint: keypoint, distance: distance)
    }
}

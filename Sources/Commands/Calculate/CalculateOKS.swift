import ArgumentParser
import COCO
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
        let sigmas = EvaluationParameters.standard(for: .keypoints).keypointSigmas
        let similarity = KeypointSimilarity(sigmas: sigmas)
        print("s = √\(area.digits(0)) = \(area.squareRoot().digits(2)) pixels")
        var table = NumberTable("keypoint", "k = 2σ", "s·k", "d", "exp(−d²/2s²k²)")
        var sum = 0.0
        for given in keypoints {
            let index = given.keypoint.rawValue
            let term = similarity.term(given.distance, 0, keypoint: index, area: area)
            sum += term
            table.add(
                given.keypoint.name, (2 * sigmas[index]).digits(3),
                (2 * sigmas[index] * area.squareRoot()).digits(2), given.distance.digits(2), term.digits(4))
        }
        print(table.text)
        print("OKS: the mean of \(keypoints.count), \((sum / Double(keypoints.count)).digits(4))")
    }
}

/// `nose:3`: a keypoint found three pixels from where it is.
struct DistantKeypoint: ExpressibleByArgument {
    let keypoint: PersonKeypoint
    let distance: Double

    init?(argument: String) {
        let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let keypoint = PersonKeypoint.allCases.first(where: { $0.name == parts[0] }),
            let distance = Double(parts[1]), distance >= 0, distance <= 1e5
        else { return nil }
        (self.keypoint, self.distance) = (keypoint, distance)
    }
}

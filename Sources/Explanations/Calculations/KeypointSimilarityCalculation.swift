import COCO
import Geometry

/// A predicted keypoint, given by its distance from the true position.
package struct DistantKeypoint: Sendable {
    /// The keypoint's name.
    package let keypoint: PersonKeypoint
    /// The distance in pixels.
    package let distance: Double

    /// A keypoint at a distance.
    package init(keypoint: PersonKeypoint, distance: Double) {
        self.keypoint = keypoint
        self.distance = distance
    }
}

/// COCO's object keypoint similarity (OKS), term by term.
package struct KeypointSimilarityCalculation {
    private let keypoints: [DistantKeypoint]
    private let area: Double
    private let print: (String) -> Void

    /// A calculation for the given values; `print` receives its text line by line.
    package init(keypoints: [DistantKeypoint], area: Double, print: @escaping (String) -> Void) {
        self.keypoints = keypoints
        self.area = area
        self.print = print
    }

    package func run() {
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

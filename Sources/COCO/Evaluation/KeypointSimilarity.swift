import Foundation

/// Object keypoint similarity (OKS), COCO's counterpart of IoU for keypoints: the mean over the labelled
/// keypoints of an object of exp(−d² / (2 s² k²)), where d is the distance between the detected and the
/// annotated keypoint, s² the object's area, and k twice the keypoint's sigma.
///
/// For an object without labelled keypoints, d is the distance of a detected keypoint to the object's box
/// enlarged by its own size on every side; 0 inside it.
public struct KeypointSimilarity: Sendable {
    /// k² for each keypoint.
    private let variances: [Double]

    /// - Parameter sigmas: the standard deviation of human annotations of each keypoint, relative to the
    ///   object's scale.
    public init(sigmas: [Double]) { variances = sigmas.map { ($0 * 2) * ($0 * 2) } }

    /// The similarity of detected keypoints, as many as there are sigmas, to those of an object: from 0 to 1.
    func callAsFunction(_ detected: [AnnotationKeypoint], _ truth: Annotation) -> Double {
        let labelled = truth.hasLabelledKeypoints ? truth.keypoints : nil
        var terms: [Double] = []
        terms.reserveCapacity(variances.count)
        for (index, keypoint) in detected.enumerated() {
            let dx: Double, dy: Double
            if let labelled {
                guard labelled[index].isLabelled else { continue }
                dx = keypoint.x - labelled[index].x
                dy = keypoint.y - labelled[index].y
            } else {
                let box = truth.box
                dx = distance(of: keypoint.x, to: box.x - box.width, box.x + box.width * 2)
                dy = distance(of: keypoint.y, to: box.y - box.height, box.y + box.height * 2)
            }
            terms.append(term(dx, dy, keypoint: index, area: truth.area))
        }
        return sum(terms) / Double(terms.count)
    }

    /// The similarity of one keypoint: exp(−d² / (2 s² k²)), which is 1 at distance 0.
    ///
    /// - Parameters:
    ///   - dx: the horizontal distance from the annotated to the detected keypoint, in pixels.
    ///   - dy: the vertical distance, in pixels.
    ///   - keypoint: an index into the sigmas.
    ///   - area: the object's s², in pixels.
    public func term(_ dx: Double, _ dy: Double, keypoint: Int, area: Double) -> Double {
        exp(-((dx * dx + dy * dy) / variances[keypoint] / (area + Double.ulpOfOne) / 2))
    }

    /// The distance from a coordinate to an interval; 0 inside it.
    private func distance(of value: Double, to lower: Double, _ upper: Double) -> Double {
        max(0, lower - value) + max(0, value - upper)
    }

    /// The sum in NumPy's order of additions, with eight partial sums for eight numbers or more: rounding may
    /// decide whether a similarity reaches a threshold.
    private func sum(_ terms: [Double]) -> Double {
        guard terms.count >= 8 else { return terms.reduce(0, +) }
        var partial = Array(terms[..<8])
        let whole = terms.count / 8 * 8
        for index in 8..<max(whole, 8) { partial[index % 8] += terms[index] }
        let first = (partial[0] + partial[1]) + (partial[2] + partial[3])
        let second = (partial[4] + partial[5]) + (partial[6] + partial[7])
        return terms[whole...].reduce(first + second, +)
    }
}

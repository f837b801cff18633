import Foundation

/// Object keypoint similarity (OKS): what intersection over union is for boxes. Each labelled keypoint of an
/// object counts exp(−d² / (2 s² k²)), where d is how far off the detection's is, s² the object's area, and k
/// twice how far off people usually mark it; the similarity is their mean.
///
/// Of an object without labelled keypoints only its box is known. There, d is how far a keypoint lies outside of
/// the box after it grew by its own size on every side.
public struct KeypointSimilarity: Sendable {
    /// k² for each keypoint.
    private let variances: [Double]

    /// - Parameter sigmas: how far off people usually mark each keypoint.
    public init(sigmas: [Double]) { variances = sigmas.map { ($0 * 2) * ($0 * 2) } }

    /// The similarity of keypoints, as many as there are sigmas, to those of an object.
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

    /// What one keypoint counts: exp(−d² / (2 s² k²)), 1 for one in place.
    ///
    /// - Parameters:
    ///   - dx: how far the detection's keypoint is off, in pixels.
    ///   - dy: the same, downward.
    ///   - keypoint: an index into the sigmas.
    ///   - area: the object's s², in pixels.
    public func term(_ dx: Double, _ dy: Double, keypoint: Int, area: Double) -> Double {
        exp(-((dx * dx + dy * dy) / variances[keypoint] / (area + Double.ulpOfOne) / 2))
    }

    /// How far a coordinate lies outside of an interval.
    private func distance(of value: Double, to lower: Double, _ upper: Double) -> Double {
        max(0, lower - value) + max(0, value - upper)
    }

    /// The sum in NumPy's order, eight partial sums for eight numbers or more: rounding may decide whether a
    /// similarity reaches a threshold.
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

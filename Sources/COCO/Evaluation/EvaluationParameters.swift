/// What detections are compared by.
public enum EvaluationKind: String, CaseIterable, Sendable {
    /// Boxes, by intersection over union. COCO calls it `bbox`.
    case boxes = "bbox"
    /// Masks, by intersection over union. COCO calls it `segm`.
    case masks = "segm"
    /// Keypoints, by object keypoint similarity.
    case keypoints = "keypoints"
}

/// The fixed numbers of COCO's evaluation.
public struct EvaluationParameters: Hashable, Sendable {
    /// A range of sizes of objects. Objects and unmatched detections outside of it are ignored.
    public struct AreaRange: Hashable, Sendable {
        /// Its name in COCO's tables: `all`, `small`, `medium` or `large`.
        public let name: String
        /// The smallest and the largest area, both included, in pixels.
        public let limits: ClosedRange<Double>
    }

    /// How much a detection must overlap an object to count as right: T = 10, from 0.5 to 0.95.
    public let overlapThresholds: [Double]
    /// The recalls at which precision is read off: R = 101, from 0 to 1.
    public let recallThresholds: [Double]
    /// The ranges of sizes: A = 4 for boxes and masks; A = 3 for keypoints, which small objects do not have.
    public let areaRanges: [AreaRange]
    /// How many detections a picture and category may have, best first, ascending: M = 3, up to 100, for boxes
    /// and masks; M = 1, 20, for keypoints.
    public let detectionLimits: [Int]
    /// How far off a keypoint is usually marked, as a part of the object's scale: one number each, 17 for
    /// a person. Empty for boxes and masks.
    public let keypointSigmas: [Double]

    /// The parameters that COCO's numbers are computed with.
    /// - Parameter sigmas: for objects that are no persons, how far off each of their keypoints usually is.
    public static func standard(for kind: EvaluationKind, sigmas: [Double]? = nil) -> EvaluationParameters {
        let all = AreaRange(name: "all", limits: 0...1e10)
        let small = AreaRange(name: "small", limits: 0...1024)
        let medium = AreaRange(name: "medium", limits: 1024...9216)
        let large = AreaRange(name: "large", limits: 9216...1e10)
        let hasKeypoints = kind == .keypoints
        return EvaluationParameters(
            overlapThresholds: linearSpace(from: 0.5, through: 0.95, count: 10),
            recallThresholds: linearSpace(from: 0, through: 1, count: 101),
            areaRanges: hasKeypoints ? [all, medium, large] : [all, small, medium, large],
            detectionLimits: hasKeypoints ? [20] : [1, 10, 100],
            keypointSigmas: hasKeypoints ? sigmas ?? personSigmas : [])
    }

    /// In the order of `PersonKeypoint`. COCO's own script divides tenths by ten; the last bit depends on it.
    private static let personSigmas = [
        0.26, 0.25, 0.25, 0.35, 0.35, 0.79, 0.79, 0.72, 0.72, 0.62, 0.62, 1.07, 1.07, 0.87, 0.87, 0.89, 0.89,
    ].map { $0 / 10 }
}

/// `count` numbers at equal distance, computed as NumPy's `linspace` does: a comparison with one of them falls
/// the same way.
private func linearSpace(from first: Double, through last: Double, count: Int) -> [Double] {
    let step = (last - first) / Double(count - 1)
    return (0..<count).map { $0 == count - 1 ? last : Double($0) * step + first }
}

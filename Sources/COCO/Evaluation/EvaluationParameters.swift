/// What an evaluation compares.
public enum EvaluationKind: String, CaseIterable, Sendable {
    /// Boxes, by intersection over union. COCO calls it `bbox`.
    case boxes = "bbox"
    /// Masks, by intersection over union. COCO calls it `segm`.
    case masks = "segm"
    /// Keypoints, by object keypoint similarity.
    case keypoints = "keypoints"
}

/// The parameters of COCO's evaluation.
public struct EvaluationParameters: Hashable, Sendable {
    /// A range of object areas. Objects and unmatched detections outside it are ignored.
    public struct AreaRange: Hashable, Sendable {
        /// Its name in COCO's tables: `all`, `small`, `medium` or `large`.
        public let name: String
        /// The smallest and the largest area in pixels, both included.
        public let limits: ClosedRange<Double>
    }

    /// The IoU (or OKS) thresholds for a true positive: T = 10, from 0.5 to 0.95 in steps of 0.05.
    public let overlapThresholds: [Double]
    /// The recalls at which precision is sampled: R = 101, from 0 to 1.
    public let recallThresholds: [Double]
    /// The area ranges: A = 4 for boxes and masks; A = 3 for keypoints, since small objects have none.
    public let areaRanges: [AreaRange]
    /// The largest numbers of detections per image and category, best first, ascending: M = 3 (1, 10, 100)
    /// for boxes and masks; M = 1 (20) for keypoints.
    public let detectionLimits: [Int]
    /// The standard deviation of human annotations of each keypoint, relative to the object's scale: 17
    /// numbers for a person. Empty for boxes and masks.
    public let keypointSigmas: [Double]

    /// COCO's parameters for a kind of evaluation.
    /// - Parameter sigmas: the ``keypointSigmas`` of objects other than persons; nil for COCO's 17 of a
    ///   person.
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

    /// In the order of `PersonKeypoint`. Divided by ten as in pycocotools: the last bit depends on it.
    private static let personSigmas = [
        0.26, 0.25, 0.25, 0.35, 0.35, 0.79, 0.79, 0.72, 0.72, 0.62, 0.62, 1.07, 1.07, 0.87, 0.87, 0.89, 0.89,
    ].map { $0 / 10 }
}

/// `count` evenly spaced numbers, computed as NumPy's `linspace` does, so that comparisons with them have the
/// same outcome.
private func linearSpace(from first: Double, through last: Double, count: Int) -> [Double] {
    let step = (last - first) / Double(count - 1)
    return (0..<count).map { $0 == count - 1 ? last : Double($0) * step + first }
}

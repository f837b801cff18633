import Execution

// COCO's evaluation of a detector:
//
//     1. Sort objects and detections into groups of one image and category (Groups).
//     2. Measure how much each detection of a group overlaps each object (Measurement, Overlaps,
//        KeypointSimilarity).
//     3. Decide which detections are true positives, at ten IoU thresholds (Matching).
//     4. Accumulate precision and recall over the detections of all images, best first (PrecisionRecall).
//     5. Average over thresholds and categories (Summary).

/// An evaluation of detections against annotations. Every number equals that of COCO's own tools
/// (pycocotools).
public struct Evaluation: Sendable {
    /// Whether boxes, masks or keypoints were compared.
    public let kind: EvaluationKind
    /// The thresholds, area ranges and detection limits.
    public let parameters: EvaluationParameters
    /// The categories by ascending id, which is their order in ``curves``.
    public let categories: [Category]
    /// Precision and recall for every setting.
    public let curves: PrecisionRecall
    /// The number of objects per category, in the order of ``categories``, without crowds.
    public let truthCounts: [Int]
    /// The number of objects and detections that were left out because they have no box, mask or keypoints to
    /// compare.
    public let incomplete: (objects: Int, detections: Int)

    /// Evaluates `results` against `dataset`. Works in parallel, as ``ExecutionContext`` says; the numbers do
    /// not depend on the number of threads.
    /// - Parameters:
    ///   - sigmas: COCO's per-keypoint constants: the standard deviation of human annotations relative to the
    ///     object's scale. Nil for COCO's 17 of a person. Used for keypoints only.
    ///   - leavesOutIncomplete: whether objects and detections that lack the box, mask or keypoints to
    ///     compare are left out rather than refused.
    /// - Throws: ``COCOError`` for a detection of an image or category that the dataset does not have, and
    ///   for a detection or an object that lacks the box, mask or keypoints to compare.
    public init(
        dataset: Dataset, results: Results, kind: EvaluationKind, sigmas: [Double]? = nil,
        leavesOutIncomplete: Bool = false
    ) throws {
        guard dataset.categories.count <= Self.largestCategoryCount else {
            throw COCOError(fault: "\(dataset.categories.count) categories are too many to evaluate")
        }
        let parameters = EvaluationParameters.standard(for: kind, sigmas: sigmas)
        let comparable = try ComparableEntries(
            dataset, results, kind: kind, keypointCount: parameters.keypointSigmas.count,
            leavesOutIncomplete: leavesOutIncomplete)
        let (dataset, results) = (comparable.dataset, comparable.results)
        incomplete = comparable.leftOut
        let sorted = try Groups(
            dataset: dataset, results: results, largestLimit: parameters.detectionLimits.max() ?? 0)
        let measurement = Measurement(
            dataset: dataset, results: results, kind: kind, sigmas: parameters.keypointSigmas)
        let matched = parallelMap(sorted.groups.count, inBlocksOf: 64) { index in
            Result {
                try MatchedGroup(
                    sorted.groups[index], dataset: dataset, results: results, kind: kind,
                    parameters: parameters, measurement: measurement)
            }
        }
        let groups = try matched.map { try $0.get() }
        self.kind = kind
        self.parameters = parameters
        categories = sorted.categories
        curves = PrecisionRecall(groups: groups, categoryCount: categories.count, parameters: parameters)
        var truthCounts = [Int](repeating: 0, count: categories.count)
        for group in groups { truthCounts[group.category] += group.truthCounts[0] }
        self.truthCounts = truthCounts
    }

    /// Each category takes 100 kB of ``curves``, and a single line of a file adds a category.
    private static let largestCategoryCount = 1 << 14

    /// COCO's metrics: the mean over all categories that have objects.
    public var summary: Summary {
        Summary(curves, categories: categories.indices, kind: kind, parameters: parameters)
    }

    /// The same metrics for each category alone, in the order of ``categories``.
    public var summaryPerCategory: [Summary] {
        categories.indices.map {
            Summary(curves, categories: $0..<$0 + 1, kind: kind, parameters: parameters)
        }
    }
}

extension Results {
    /// The kinds of evaluation that are possible: those for which at least one detection and one annotation
    /// have data. Without detections, all kinds for which the annotations have data.
    public func kinds(comparableWith dataset: Dataset) -> [EvaluationKind] {
        EvaluationKind.allCases.filter { kind in
            switch kind {
            case .boxes: detections.isEmpty || detections.contains { $0.box != nil }
            case .masks:
                (detections.isEmpty || detections.contains { $0.segmentation != nil })
                    && dataset.annotations.contains { $0.segmentation != nil }
            case .keypoints:
                (detections.isEmpty || detections.contains { $0.keypoints != nil })
                    && dataset.annotations.contains { $0.keypoints != nil }
            }
        }
    }
}

import Execution

// How good a detector is, in COCO's own numbers:
//
//     1. Sort objects and detections into groups of one picture and category (Groups).
//     2. Measure how much each detection of a group overlaps each object (Measurement, Overlaps,
//        KeypointSimilarity).
//     3. Decide which detections are right, at ten thresholds of overlap (Matching).
//     4. Follow precision and recall over the detections of all pictures, best first (PrecisionRecall).
//     5. Average (Summary).

/// An evaluation of detections against annotations, equal in every number to COCO's own tools (pycocotools).
public struct Evaluation: Sendable {
    /// What was compared.
    public let kind: EvaluationKind
    /// The thresholds, sizes and limits.
    public let parameters: EvaluationParameters
    /// The categories by ascending id, which is their order in ``curves``.
    public let categories: [Category]
    /// Precision and recall in full, for figures.
    public let curves: PrecisionRecall
    /// How many objects of each category count: crowds do not.
    public let truthCounts: [Int]
    /// How many objects and detections were left out because they lack what was compared.
    public let incomplete: (objects: Int, detections: Int)

    /// Evaluates `results`, from a file or from memory, against `dataset`. Works in parallel, as ``ExecutionContext`` says; the
    /// numbers do not depend on the number of threads.
    /// - Parameters:
    ///   - sigmas: how far off people usually mark each keypoint, as a part of the object's scale; COCO's 17 of a person
    ///     if nil. Boxes and masks do not need them.
    ///   - leavesOutIncomplete: whether objects and detections without that which is to be compared are left out rather
    ///     than refused.
    /// - Throws: ``COCOError`` for a detection of a picture or category that the dataset does not have, and for
    ///   a detection or an object without that which is to be compared.
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

    /// Each category takes 100 kB of ``curves``, and a line of a file makes one.
    private static let largestCategoryCount = 1 << 14

    /// COCO's numbers: the mean over all categories that have objects.
    public var summary: Summary {
        Summary(curves, categories: categories.indices, kind: kind, parameters: parameters)
    }

    /// The same numbers for each category alone, in the order of ``categories``.
    public var summaryPerCategory: [Summary] {
        categories.indices.map {
            Summary(curves, categories: $0..<$0 + 1, kind: kind, parameters: parameters)
        }
    }
}

extension Results {
    /// What the results can be evaluated by: that which both some detection and some annotation has. Where
    /// nothing was detected, all that the annotations have.
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

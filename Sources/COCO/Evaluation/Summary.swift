/// COCO's metrics: twelve for boxes and masks, ten for keypoints, in the order in which COCO prints them.
public struct Summary: Hashable, Sendable {
    /// One of the metrics.
    public struct Metric: Hashable, Sendable {
        /// The quantities that are averaged.
        public enum Measure: String, Sendable {
            /// Average precision: the area under the precision-recall curve.
            case averagePrecision = "AP"
            /// Average recall: the mean of the largest recalls.
            case averageRecall = "AR"
        }

        /// The quantity that is averaged.
        public let measure: Measure
        /// The IoU (or OKS) threshold; nil for the mean over all ten.
        public let threshold: Double?
        /// The name of the area range.
        public let area: String
        /// The largest number of detections per image and category.
        public let limit: Int
        /// From 0 to 1; −1 when there are no objects to find.
        public let value: Double
    }

    /// The metrics in COCO's order.
    public let metrics: [Metric]

    /// The values in COCO's order.
    public var values: [Double] { metrics.map(\.value) }

    /// The mean over the categories at the given indices.
    init(
        _ curves: PrecisionRecall, categories: Range<Int>, kind: EvaluationKind,
        parameters: EvaluationParameters
    ) {
        metrics = Self.lines(kind).map { line in
            let value = curves.mean(
                of: line.measure, categories: categories,
                thresholds: parameters.overlapThresholds.indices.filter {
                    line.threshold == nil || parameters.overlapThresholds[$0] == line.threshold
                },
                areas: parameters.areaRanges.indices.filter { parameters.areaRanges[$0].name == line.area },
                limits: parameters.detectionLimits.indices.filter {
                    parameters.detectionLimits[$0] == line.limit
                })
            return Metric(
                measure: line.measure, threshold: line.threshold, area: line.area, limit: line.limit,
                value: value)
        }
    }

    private struct Line {
        let measure: Metric.Measure
        var threshold: Double?
        var area = "all"
        let limit: Int
    }

    /// The measure, threshold, area range and limit of each metric.
    private static func lines(_ kind: EvaluationKind) -> [Line] {
        if kind == .keypoints {
            return [Metric.Measure.averagePrecision, .averageRecall].flatMap { measure in
                [
                    Line(measure: measure, limit: 20), Line(measure: measure, threshold: 0.5, limit: 20),
                    Line(measure: measure, threshold: 0.75, limit: 20),
                    Line(measure: measure, area: "medium", limit: 20),
                    Line(measure: measure, area: "large", limit: 20),
                ]
            }
        }
        let sizes = ["small", "medium", "large"]
        return [
            Line(measure: .averagePrecision, limit: 100),
            Line(measure: .averagePrecision, threshold: 0.5, limit: 100),
            Line(measure: .averagePrecision, threshold: 0.75, limit: 100),
        ] + sizes.map { Line(measure: .averagePrecision, area: $0, limit: 100) }
            + [1, 10, 100].map { Line(measure: .averageRecall, limit: $0) }
            + sizes.map { Line(measure: .averageRecall, area: $0, limit: 100) }
    }
}

extension PrecisionRecall {
    /// The mean over the given settings of all values that are not −1; −1 if there are none.
    fileprivate func mean(
        of measure: Summary.Metric.Measure, categories: Range<Int>, thresholds: [Int], areas: [Int],
        limits: [Int]
    ) -> Double {
        var sum = 0.0, count = 0
        for threshold in thresholds {
            for category in categories {
                for area in areas {
                    for limit in limits {
                        let found = recall(threshold: threshold, category: category, area: area, limit: limit)
                        // Without objects, all values are −1.
                        if found < 0 { continue }
                        switch measure {
                        case .averageRecall:
                            sum += found
                            count += 1
                        case .averagePrecision:
                            for recall in 0..<counts[1] {
                                sum += precision(
                                    threshold: threshold, recall: recall, category: category, area: area,
                                    limit: limit)
                            }
                            count += counts[1]
                        }
                    }
                }
            }
        }
        return count == 0 ? -1 : sum / Double(count)
    }
}

/// COCO's numbers: twelve for boxes and masks, ten for keypoints, in the order in which COCO prints them.
public struct Summary: Hashable, Sendable {
    /// One of the numbers.
    public struct Metric: Hashable, Sendable {
        /// What is averaged.
        public enum Measure: String, Sendable {
            /// The area under the curve of precision over recall.
            case averagePrecision = "AP"
            /// The largest recall.
            case averageRecall = "AR"
        }

        /// What is averaged.
        public let measure: Measure
        /// The threshold of overlap; nil for the mean over all ten.
        public let threshold: Double?
        /// The name of the range of sizes.
        public let area: String
        /// How many detections a picture and category may have.
        public let limit: Int
        /// From 0 to 1; −1 when there are no objects to find.
        public let value: Double
    }

    /// The numbers in COCO's order.
    public let metrics: [Metric]

    /// The bare numbers in COCO's order.
    public var values: [Double] { metrics.map(\.value) }

    /// The mean over the categories at the given positions.
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

    /// What is averaged for each of the numbers.
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
    /// The mean of all numbers of the settings that are not −1; −1 if there are none.
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
                        // Where there are no objects, all numbers are −1.
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

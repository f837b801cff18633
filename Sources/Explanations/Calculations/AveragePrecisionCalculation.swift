import COCO

/// A detection that has been judged right or wrong.
package struct JudgedDetection: Sendable {
    /// The score, from 0 to 1.
    package let score: Double
    /// Whether it matches an object that no earlier detection matches.
    package let isRight: Bool

    /// A detection with a judgement.
    package init(score: Double, isRight: Bool) {
        self.score = score
        self.isRight = isRight
    }
}

/// Average precision of judged detections: the precision-recall curve, point by point.
package struct AveragePrecisionCalculation {
    private let detections: [JudgedDetection]
    private let objects: Int
    private let print: (String) -> Void

    /// A calculation for the given values; `print` receives its text line by line.
    package init(detections: [JudgedDetection], objects: Int, print: @escaping (String) -> Void) {
        self.detections = detections
        self.objects = objects
        self.print = print
    }

    package func run() {
        let sorted = detections.enumerated().sorted {
            ($1.element.score, $0.offset) < ($0.element.score, $1.offset)
        }.map(\.element)
        let curve = PrecisionCurve(areRight: sorted.map(\.isRight), truthCount: objects)
        let envelope = curve.envelope
        var table = NumberTable("score", "outcome", "right", "so far", "precision", "recall", "envelope")
        var right = 0
        for (index, detection) in sorted.enumerated() {
            right += detection.isRight ? 1 : 0
            table.add(
                detection.score.digits(2), detection.isRight ? "right" : "wrong", "\(right)", "\(index + 1)",
                curve.precisions[index].digits(4), curve.recalls[index].digits(4),
                envelope[index].digits(4))
        }
        print(table.text)
        let thresholds = EvaluationParameters.standard(for: .boxes).recallThresholds
        let precisions = curve.precisions(at: thresholds)
        print("Read off at \(thresholds.count) recalls:")
        var start = 0
        while start < precisions.count {
            let end = precisions[start...].firstIndex { $0 != precisions[start] } ?? precisions.count
            print(
                "  \(thresholds[start].digits(2)) … \(thresholds[end - 1].digits(2)): "
                    + "\(end - start) × \(precisions[start].digits(4))")
            start = end
        }
        let sum = precisions.reduce(0, +)
        print("AP: \(sum.digits(4)) / \(thresholds.count) = \((sum / Double(thresholds.count)).digits(4))")
    }
}

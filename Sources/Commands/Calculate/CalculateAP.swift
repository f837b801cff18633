import ArgumentParser
import COCO

struct CalculateAP: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ap",
        abstract: "Average precision of a few detections: the curve, its envelope, the 101 recalls.",
        discussion: """
            Give each detection with its score and whether it is right. An object found twice is right once.

            Example:  maskrcnn calculate ap --objects 4 0.9:right 0.8:wrong 0.7:right 0.6:wrong 0.5:right
            """)

    @Argument(help: ArgumentHelp("Detections: score and outcome.", valueName: "score:right|wrong"))
    var detections: [JudgedDetection]

    @Option(help: ArgumentHelp("How many objects there are to find.", valueName: "number"))
    var objects: Int

    func validate() throws {
        guard 1...1_000_000 ~= objects else {
            throw ValidationError("--objects \(objects): must be from 1 to 1000000")
        }
        let right = detections.count { $0.isRight }
        guard right <= objects else {
            throw ValidationError("--objects \(objects): are fewer than the \(right) right detections")
        }
    }

    func run() {
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

/// `0.9:right`.
struct JudgedDetection: ExpressibleByArgument {
    let score: Double
    let isRight: Bool

    init?(argument: String) {
        let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let score = Double(parts[0]), 0...1 ~= score,
            ["right", "wrong"].contains(parts[1])
        else { return nil }
        self.score = score
        isRight = parts[1] == "right"
    }
}

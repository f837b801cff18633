import ArgumentParser
import Explanations

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
        AveragePrecisionCalculation(detections: detections, objects: objects, print: { print($0) }).run()
    }
}

/// Parses a score and a judgement: `0.9:right`.
extension JudgedDetection: ExpressibleByArgument {
    package init?(argument: String) {
        let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let score = Double(parts[0]), 0...1 ~= score,
            ["right", "wrong"].contains(parts[1])
        else { return nil }
        self.init(score: score, isRight: parts[1] == "right")
    }
}

import Explanations
import ArgumentParser
import Geometry

/// Non-maximum suppression of a handful of boxes, or of a picture's candidates: who suppressed whom.
struct CalculateSuppress: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "suppress",
        abstract: "Non-maximum suppression: who is kept, and who suppressed whom.",
        discussion: """
            Boxes on the command line, or the best candidates of one level of the picture's pyramid. Boxes of \
            different classes do not suppress each other.

            Example:  maskrcnn calculate suppress 0,0,10,10,0.9 1,0,11,10,0.8 20,0,30,10,0.7
            Picture:  maskrcnn calculate suppress --level p4 --count 12
            """)

    @Argument(
        help: ArgumentHelp(
            "Boxes with scores, and perhaps a number for the class.", valueName: "x1,y1,x2,y2,score[,class]"))
    var boxes: [ScoredBoxArgument] = []

    @Option(help: ArgumentHelp("The largest overlap that two kept boxes may have.", valueName: "number"))
    var threshold: Double?

    @Option(
        help: ArgumentHelp("Candidates of this level of the picture instead: p2 … p6.", valueName: "level"))
    var level: LevelArgument?

    @Option(help: ArgumentHelp("How many of a level's candidates to list.", valueName: "number"))
    var count = 12

    @OptionGroup var pipeline: PipelineOptions

    func validate() throws {
        guard boxes.isEmpty != (level == nil) else {
            throw ValidationError("give boxes, or --level for those of the picture")
        }
        guard boxes.count <= 1000 else { throw ValidationError("\(boxes.count) boxes are too many to list") }
        if let threshold, !(0...1 ~= threshold) {
            throw ValidationError("--threshold \(threshold): must be from 0 to 1")
        }
        guard 1...1000 ~= count else { throw ValidationError("--count \(count): must be from 1 to 1000") }
    }

    func run() throws {
        guard let level else {
            let suppression = NonMaximumSuppression(threshold: threshold ?? 0.5)
            let outcome = suppression.outcome(
                boxes: boxes.map(\.box), scores: boxes.map(\.score), classes: boxes.map(\.label))
            print(
                Listing(boxes: boxes.map(\.box), scores: boxes.map(\.score), outcome: outcome).text(
                    count: nil))
            print("\(outcome.kept.count) of \(boxes.count) are kept (threshold \(suppression.threshold))")
            return
        }
        try pipeline.withRun { run in
            let trace = try SelectionTrace(run)
            guard let found = trace.levels.first(where: { $0.name == level.name }) else {
                throw ValidationError("--level \(level.name): the model has no such level")
            }
            let accepted = found.candidates
            let suppression = run.model.conventions.proposals.suppression.at(
                threshold: threshold ?? run.model.settings.proposals.nmsThreshold)
            let outcome = suppression.outcome(boxes: accepted.boxes, scores: accepted.ranks)
            print(
                Listing(boxes: accepted.boxes, scores: accepted.scores, outcome: outcome)
                    .text(count: count))
            print(
                "\(outcome.kept.count) of \(accepted.boxes.count) candidates of \(level.name) are kept "
                    + "(threshold \(suppression.threshold))")
        }
    }
}

/// A table of boxes and what became of them, best first.
private struct Listing {
    let boxes: [Box]
    let scores: [Float]
    let outcome: NonMaximumSuppression.Outcome

    func text(count: Int?) -> String {
        let order = boxes.indices.sorted { (scores[$1], $0) < (scores[$0], $1) }
        let rows = order.prefix(count ?? order.count).map { index in
            let verdict: String
            if let better = outcome.suppressor[index] {
                let overlap = boxes[better].overlap(with: boxes[index])
                verdict =
                    "suppressed by \(column("\(better)", width: 3)), overlap \(column(overlap, 3, width: 5))"
            } else {
                verdict = "kept"
            }
            let place = [boxes[index].x1, boxes[index].y1, boxes[index].x2, boxes[index].y2]
                .map { column($0, 1, width: 7) }.joined()
            return column("\(index)", width: 5) + column(scores[index], 4, width: 9) + place + "  " + verdict
        }
        return (["  box    score     x1     y1     x2     y2"] + rows).joined(separator: "\n")
    }
}

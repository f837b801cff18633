import Geometry
import Inference

/// Non-maximum suppression: which box suppressed which.
package struct SuppressCalculation {
    private let threshold: Double?
    private let print: (String) -> Void

    /// A calculation; `print` receives its text line by line.
    /// - Parameter threshold: the NMS threshold on the IoU; nil for 0.5, or the model's.
    package init(threshold: Double?, print: @escaping (String) -> Void) {
        self.threshold = threshold
        self.print = print
    }

    /// Prints the suppression of boxes with scores. Boxes of different classes do not suppress each other.
    package func show(_ boxes: [Box], scores: [Float], classes: [Int]) {
        let suppression = NonMaximumSuppression(threshold: threshold ?? 0.5)
        let outcome = suppression.outcome(boxes: boxes, scores: scores, classes: classes)
        print(Listing(boxes: boxes, scores: scores, outcome: outcome).text(count: nil))
        print("\(outcome.kept.count) of \(boxes.count) are kept (threshold \(suppression.threshold))")
    }

    /// Prints the suppression of the candidates of one level of a run, listing the best `count`.
    package func show(level: Int, count: Int, of run: PictureRun) throws {
        let trace = try SelectionTrace(run)
        guard let found = trace.levels.first(where: { $0.name == "p\(level)" }) else {
            throw CalculationError("--level p\(level): the model has no such level")
        }
        let accepted = found.candidates
        let suppression = run.model.conventions.proposals.suppression.at(
            threshold: threshold ?? run.model.settings.proposals.nmsThreshold)
        let outcome = suppression.outcome(boxes: accepted.boxes, scores: accepted.ranks)
        print(Listing(boxes: accepted.boxes, scores: accepted.scores, outcome: outcome).text(count: count))
        print(
            "\(outcome.kept.count) of \(accepted.boxes.count) candidates of p\(level) are kept "
                + "(threshold \(suppression.threshold))")
    }
}

/// A table of boxes, best first: kept, or suppressed by which.
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

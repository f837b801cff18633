import Geometry
import Inference
import Tensors

/// From anchors to detections: the number of boxes after each step of the two selections.
package struct SelectionCalculation {
    private let listsDetections: Bool
    private let print: (String) -> Void

    /// A calculation for the given values; `print` receives its text line by line.
    package init(listsDetections: Bool, print: @escaping (String) -> Void) {
        self.listsDetections = listsDetections
        self.print = print
    }

    package func run(on run: PictureRun) throws {
        let trace = try SelectionTrace(run)
        print(listsDetections ? listing(trace, run.model) : counts(trace, run.model))
    }

    private func counts(_ trace: SelectionTrace, _ model: Model) -> String {
        var sheet = Worksheet()
        let members = trace.suppression.members, kept = trace.suppression.outcome.kept
        let proposalCount = model.settings.proposals.postNMSTopN
        sheet.heading("proposals")
        sheet.step("level", " anchors  candidates  after suppression  proposals")
        for (index, level) in trace.levels.enumerated() {
            let left = kept.filter { members[$0].level == index }.count
            let chosen = kept.prefix(proposalCount).filter { members[$0].level == index }.count
            sheet.step(level.name, row(level.anchors.count, level.candidates.boxes.count, left, chosen))
        }
        sheet.step(
            "all",
            row(
                trace.levels.map(\.anchors.count).reduce(0, +), members.count, kept.count,
                trace.proposals.boxes.count))
        sheet.heading("detections")
        let boxes = model.settings.boxes, classes = model.architecture.classes
        sheet.step(
            "proposals × classes",
            "\(trace.proposals.boxes.count) × \(classes) = \(trace.proposals.boxes.count * classes)")
        sheet.step("probability above \(boxes.scoreThreshold)", "\(trace.classBoxes.boxes.count)")
        sheet.step("after suppression within classes", "\(trace.classSuppression.kept.count)")
        sheet.step("the best \(boxes.detectionsPerImage)", "\(trace.detections.boxes.count)")
        return sheet.text
    }

    private func row(_ anchors: Int, _ candidates: Int, _ left: Int, _ chosen: Int) -> String {
        column("\(anchors)", width: 8) + column("\(candidates)", width: 12) + column("\(left)", width: 19)
            + column("\(chosen)", width: 11)
    }

    private func listing(_ trace: SelectionTrace, _ model: Model) -> String {
        let found = trace.classBoxes, suppressor = trace.classSuppression.suppressor
        let place = Dictionary(
            uniqueKeysWithValues: trace.classSuppression.kept.enumerated().map { ($1, $0) })
        var lines: [String] = []
        for (detection, kept) in trace.classSuppression.kept.prefix(model.settings.boxes.detectionsPerImage)
            .enumerated()
        {
            let others = suppressor.indices.filter { suppressor[$0] == kept }
                .sorted { (found.scores[$1], $0) < (found.scores[$0], $1) }
            lines.append(
                "detection \(place[kept] ?? detection): \(model.classes.name(of: found.classes[kept])) "
                    + "\(short(found.scores[kept])) at \(corners(found.boxes[kept], 1)), suppressed \(others.count)"
            )
            for other in others.prefix(4) {
                lines.append(
                    "  \(short(found.scores[other])) at \(corners(found.boxes[other], 1)), overlap "
                        + short(found.boxes[kept].overlap(with: found.boxes[other]), 3))
            }
            if others.count > 4 { lines.append("  … and \(others.count - 4) more") }
        }
        return lines.isEmpty ? "nothing was detected" : lines.joined(separator: "\n")
    }
}

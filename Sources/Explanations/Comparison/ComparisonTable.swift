import Drawing
import Foundation
import Verification

/// A comparison as text of at most 80 columns.
package struct ComparisonTable {
    private let report: ComparisonReport
    private let isColoured: Bool

    /// The table of a report.
    /// - Parameter isColoured: whether verdicts may be coloured.
    package init(_ report: ComparisonReport, isColoured: Bool = false) {
        self.report = report
        self.isColoured = isColoured
    }

    /// The table, the conclusion, and the remarks.
    package var text: String {
        var lines = [heading, row(Self.header)]
        for stage in report.stages {
            lines.append(line(stage))
            let remarks = stage.verdict == .extra || stage.verdict == .missing ? [] : stage.remarks
            lines += remarks.map { "    " + wrapped($0, width: 76, indent: 2).indented(by: 4) }
        }
        lines.append("")
        lines += report.remarks.map { wrapped($0.capitalizedFirst + ".", width: 80, indent: 2) }
        lines.append(report.conclusion)
        for cause in report.causes {
            lines.append(
                wrapped(
                    "Possible cause: \(cause.name)\(cause.detail.map { ", \($0)" } ?? "") (\(cause.stage)), explains "
                        + String(format: "%.0f", 100 * cause.explains) + " %", width: 80, indent: 2))
        }
        return lines.joined(separator: "\n")
    }

    private var heading: String {
        let noise =
            report.hasMeasuredNoise
            ? "Tolerances: \(wording(error: Tolerances.noiseFactor)) × the reference's own noise." : ""
        return wrapped(
            "Compared \(report.mode.rawValue). max, mean, p99: |candidate − reference|; "
                + "relative: ‖candidate − reference‖ / ‖reference‖; 1−cos: of the angle between the two; "
                + "pass: the tolerance for relative that would pass. \(noise)", width: 80) + "\n"
    }

    private struct Cells {
        var stage: String
        var shape: String
        var numbers: [String]
        var verdict: String
    }

    private static let header = Cells(
        stage: "stage", shape: "shape", numbers: ["max", "mean", "rel.", "p99", "1−cos", "pass"],
        verdict: "verdict")

    private func line(_ stage: StageComparison) -> String {
        var numbers = [String](repeating: "", count: 6)
        if let masks = stage.masks {
            numbers[2] = wording(error: 1 - masks.meanOverlap)
            numbers[5] = stage.passesAt.map { wording(tolerance: $0) } ?? "–"
        } else if let measures = stage.measures {
            numbers = [
                wording(error: measures.maximumError), wording(error: measures.meanError, digits: 1),
                wording(error: measures.relativeError), wording(error: measures.percentile99, digits: 1),
                wording(error: measures.cosineDistance, digits: 1),
                stage.passesAt.map { wording(tolerance: $0) } ?? "–",
            ]
        }
        return row(
            Cells(
                stage: stage.stage.name, shape: stage.shownShape, numbers: numbers,
                verdict: stage.verdict.rawValue), verdict: stage.verdict)
    }

    private func row(_ cells: Cells, verdict: Verdict? = nil) -> String {
        let gap = 33 - cells.stage.count - cells.shape.count
        var text = cells.stage + String(repeating: " ", count: max(gap, 1)) + cells.shape
        // The excess length of a long first cell is taken from the padding of the following cells.
        var debt = max(text.count - 33, 0)
        for (number, width) in zip(cells.numbers, [7, 6, 7, 6, 6, 6]) {
            let blanks = max(width - number.count, 1)
            let saved = min(debt, blanks - 1)
            debt -= saved
            text += String(repeating: " ", count: blanks - saved) + number
        }
        return text + " " + coloured(cells.verdict, verdict)
    }

    private func coloured(_ text: String, _ verdict: Verdict?) -> String {
        guard isColoured, let verdict else { return text }
        let code =
            switch verdict {
            case .equal: "32"
            case .inherited, .extra, .notRun: "33"
            default: "1;31"
            }
        return "\u{1B}[\(code)m\(text)\u{1B}[0m"
    }
}

extension String {
    /// The text with every line after the first indented.
    fileprivate func indented(by count: Int) -> String {
        replacingOccurrences(of: "\n", with: "\n" + String(repeating: " ", count: count))
    }

    fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}

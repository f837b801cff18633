import COCO
import Foundation

/// COCO's numbers as text of at most 80 columns.
struct EvaluationTable {
    let dataset: Dataset
    let results: Results
    let evaluations: [Evaluation]

    /// One table for each kind, and one of the categories if asked for.
    func text(perCategory: Bool) -> String {
        var lines = [
            "\(results.detections.count) detections, \(dataset.annotations.count) objects, "
                + "\(dataset.images.count) pictures"
        ]
        for evaluation in evaluations {
            lines += ["", name(evaluation.kind), row(["metric", "IoU", "area", "maxDets", "value"])]
            lines += evaluation.summary.metrics.map { metric in
                row([
                    metric.measure.rawValue,
                    metric.threshold.map { String(format: "%.2f", $0) } ?? "0.50:0.95",
                    metric.area, String(metric.limit), value(metric.value),
                ])
            }
            if perCategory { lines += [""] + categories(evaluation) }
        }
        return lines.joined(separator: "\n")
    }

    private func name(_ kind: EvaluationKind) -> String {
        switch kind {
        case .boxes: "Boxes (bbox)"
        case .masks: "Masks (segm)"
        case .keypoints: "Keypoints (IoU stands for OKS)"
        }
    }

    private func row(_ cells: [String]) -> String {
        "  " + left(cells[0], 8) + left(cells[1], 11) + left(cells[2], 8) + right(cells[3], 7)
            + right(cells[4], 8)
    }

    /// A line for each category: the precisions of the table above, and how many objects there are.
    private func categories(_ evaluation: Evaluation) -> [String] {
        let precisions = evaluation.summary.metrics.filter { $0.measure == .averagePrecision }
        let titles = precisions.map { metric in
            metric.threshold.map { "AP\(Int($0 * 100))" } ?? (metric.area == "all" ? "AP" : metric.area)
        }
        let header = "  " + left("category", 22) + right("objects", 8) + titles.map { right($0, 8) }.joined()
        let summaries = evaluation.summaryPerCategory
        return [header]
            + evaluation.categories.indices.map { index in
                let values = summaries[index].values.prefix(precisions.count)
                return "  " + left(evaluation.categories[index].name, 22)
                    + right(String(evaluation.truthCounts[index]), 8)
                    + values.map { right(value($0), 8) }.joined()
            }
    }

    /// −1 is COCO's sign that there were no objects to find.
    private func value(_ value: Double) -> String { String(format: "%.3f", value) }

    private func left(_ text: String, _ width: Int) -> String {
        // A category's name comes out of a file and must not move the cursor.
        let plain = String(text.map { $0.unicodeScalars.allSatisfy(\.isPrintable) ? $0 : "\u{FFFD}" })
        let shown = plain.count < width ? plain : plain.prefix(width - 2) + "…"
        return shown + String(repeating: " ", count: width - shown.count)
    }

    private func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(width - text.count, 1)) + text
    }
}

extension Unicode.Scalar {
    fileprivate var isPrintable: Bool {
        switch properties.generalCategory {
        case .control, .format, .surrogate, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
}

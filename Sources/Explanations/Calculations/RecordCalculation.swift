import Loading
import Training

/// The losses of a training run at a few of its steps.
package struct RecordCalculation {
    private let reports: [TrainingRecord.Report]
    private let rows: Int
    private let print: (String) -> Void

    /// A calculation for the given values; `print` receives its text line by line.
    package init(reports: [TrainingRecord.Report], rows: Int, print: @escaping (String) -> Void) {
        self.reports = reports
        self.rows = rows
        self.print = print
    }

    package func run() {
        let count = min(rows, reports.count)
        // The first and the last step, and others at equal distances.
        let places =
            count < 2 ? Array(reports.indices) : (0..<count).map { $0 * (reports.count - 1) / (count - 1) }
        var table = NumberTable("step", "rate", "object", "deltas", "class", "box", "mask", "points")
        for report in places.map({ reports[$0] }) {
            table.add(
                ["\(report.step + 1)", report.rate.digits(6)]
                    + LossKind.allCases.map { report.losses[$0.rawValue]?.digits(4) ?? "–" })
        }
        print(table.text)
    }
}

/// The mean of several steps' reports, which varies less than a single step's losses.
package struct ReportAverage: Sendable {
    private var reports: [Trainer.Report] = []

    /// A mean over no steps.
    package init() {}

    /// The number of steps.
    package var count: Int { reports.count }

    /// Adds a step's report.
    package mutating func add(_ report: Trainer.Report) { reports.append(report) }

    /// The mean, with the number of the last step; nil for no steps. Each term of the loss is averaged over the steps
    /// that have it.
    package var report: Trainer.Report? {
        guard let last = reports.last else { return nil }
        func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
        var losses: [LossKind: Double] = [:]
        for kind in LossKind.allCases {
            let values = reports.compactMap { $0.losses[kind] }
            if !values.isEmpty { losses[kind] = mean(values) }
        }
        return Trainer.Report(
            step: last.step, losses: losses, total: mean(reports.map(\.total)), rate: last.rate,
            gradientNorm: mean(reports.map(\.gradientNorm)))
    }
}

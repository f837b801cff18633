/// The mean of several steps' reports, since a single step's losses jump.
package struct ReportAverage: Sendable {
    private var reports: [Trainer.Report] = []

    /// Of no steps yet.
    package init() {}

    /// How many steps it is of.
    package var count: Int { reports.count }

    /// Takes a step in.
    package mutating func add(_ report: Trainer.Report) { reports.append(report) }

    /// The mean, under the number of the last step; nil for no steps. A part of the loss is averaged over the
    /// steps that had it.
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

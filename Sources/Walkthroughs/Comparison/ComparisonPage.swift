import Formats
import Verification

/// A comparison as a web page.
public struct ComparisonPage {
    private let report: ComparisonReport
    private let comparison: BundleComparison

    /// The page of a report.
    public init(_ report: ComparisonReport, of comparison: BundleComparison) {
        self.report = report
        self.comparison = comparison
    }

    /// Writes `index.html`.
    public func write(to folder: String) throws {}
}

import Foundation
import Inference
import Verification

// The wording of a comparison, shared by the table and the page.

/// One or two significant digits in at most seven columns: `1.2e-5`, `0.034`, `12`.
package func wording(error: Double, digits: Int = 2) -> String {
    guard error.isFinite else { return error.isNaN ? "NaN" : "inf" }
    if error == 0 { return "0" }
    let size = abs(error)
    if size >= 0.01 && size < 1000 {
        let places = max(0, digits - 1 - Int(floor(log10(size))))
        return String(format: "%.\(places)f", error)
    }
    // Foundation writes at least two digits of the exponent.
    let parts = String(format: "%.\(digits - 1)e", error).split(separator: "e")
    return parts.count == 2 ? "\(parts[0])e\(Int(parts[1]) ?? 0)" : String(parts[0])
}

/// A number rounded up to one digit, so that it can be used as a tolerance.
package func wording(tolerance: Double) -> String {
    guard tolerance > 0, tolerance.isFinite else { return tolerance == 0 ? "0" : "–" }
    let unit = pow(10, floor(log10(tolerance)))
    // The subtraction ignores an excess over a digit that is only a rounding error.
    let digit = ceil(tolerance / unit - 1e-9)
    return wording(error: digit * unit, digits: 1)
}

extension StageComparison {
    /// The reference's shape, or the candidate's if the reference lacks the stage.
    var shownShape: String { (referenceShape ?? candidateShape).map { wording(shape: $0) } ?? "–" }

    /// Remarks that the numbers do not show, one sentence each, most important first.
    package var remarks: [String] {
        var remarks = notes
        if let rows { remarks += rows.remarks }
        if verdict.isFailure && unpairedRows > 0 {
            remarks.append("\(unpairedRows) rows without a partner are not compared")
        }
        if let masks, masks.differingPixels > 0 {
            remarks.append(
                "mask IoU \(String(format: "%.4f", masks.meanOverlap)) on average, "
                    + "\(String(format: "%.4f", masks.smallestOverlap)) at worst; "
                    + "\(masks.differingPixels) pixel\(masks.differingPixels == 1 ? " differs" : "s differ")")
            remarks.append(
                "boundaries \(wording(error: masks.meanBoundaryDistance)) pixels apart on average, "
                    + (masks.largestBoundaryDistance >= Double(MaskComparison.farthest) ? "at least " : "")
                    + "\(wording(error: masks.largestBoundaryDistance)) at worst")
        }
        if let keypoints, verdict.isFailure || keypoints.nearCount < keypoints.count {
            remarks.append(
                "keypoints \(wording(error: keypoints.meanDistance)) pixels apart on average, "
                    + "\(wording(error: keypoints.largestDistance)) at worst; "
                    + "\(keypoints.nearCount) of \(keypoints.count) within \(KeypointComparison.near)")
        }
        if verdict == .inherited, let endToEndError {
            remarks.append("\(wording(error: endToEndError)) against the reference, end to end")
        }
        if verdict.isFailure, let worst {
            remarks.append(
                "worst: \(worst.name): \(wording(number: worst.candidate)), expected "
                    + wording(number: worst.reference))
        }
        return remarks
    }
}

extension RowCounts {
    /// Remarks on how the rows were matched.
    fileprivate var remarks: [String] {
        var remarks: [String] = []
        if unmatched > 0 {
            remarks.append(
                "\(paired) rows paired; \(unmatchedReference) of the reference and "
                    + "\(unmatchedCandidate) of the candidate have no partner")
            let flips = [
                (flipsAtScore, "the score threshold"), (flipsAtOverlap, "the overlap threshold"),
                (flipsAtCut, "the cut"),
            ].filter { $0.0 > 0 }.map { "\($0.0) at \($0.1)" }
            if !flips.isEmpty { remarks.append("of these flipped " + flips.joined(separator: ", ")) }
        }
        if reordered > 0 {
            let kind =
                ties == reordered
                ? (ties == 1 ? "a tie" : "all ties") : ties == 0 ? "no tie" : "\(ties) of them ties"
            remarks.append("\(reordered) row\(reordered == 1 ? "" : "s") in another order, \(kind)")
        }
        return remarks
    }
}

extension ComparisonReport {
    /// A one-sentence summary.
    package var conclusion: String {
        let compared = stages.filter { $0.verdict != .missing && $0.verdict != .extra }
        if agrees {
            return "All \(compared.count) stages are equal within tolerance."
        }
        guard let first = firstDivergence, let comparison = stages.first(where: { $0.stage == first }) else {
            return "What is there is equal within tolerance, but \(missing.count) stages are missing."
        }
        let failed = compared.filter { $0.verdict.isFailure }.count
        let inherited = compared.filter { $0.verdict == .inherited }.count
        let made = mode == .isolated && inherited > 0 ? ", \(inherited) of them by inheritance" : ""
        return "First divergence: \(first) (\(comparison.verdict.rawValue)). "
            + "\(failed) of \(compared.count) stages differ\(made)."
    }

    /// Remarks on missing stages and unknown names, one line each.
    package var remarks: [String] {
        var lines: [String] = []
        func say(_ names: [String], _ text: (String) -> String) {
            guard !names.isEmpty else { return }
            let shown = names.prefix(4).map { $0.count > 60 ? $0.prefix(60) + "…" : $0 }
            lines.append(
                text("\(names.count) stage\(names.count == 1 ? "" : "s")") + ": "
                    + shown.joined(separator: ", ") + (names.count > 4 ? ", …" : ""))
        }
        say(missing.map(\.name)) { "the candidate lacks \($0) of the reference" }
        say(stages.filter { $0.verdict == .extra }.map(\.stage.name)) {
            "the reference lacks \($0) of the candidate"
        }
        say(unknownNames.map(printable)) { "not compared, no names of the contract: \($0) of the candidate" }
        let types = stages.compactMap { stage -> String? in
            guard let found = stage.candidateType, let expected = stage.referenceType, found != expected,
                stage.verdict != .elementType
            else { return nil }
            return "\(found.rawValue) for \(expected.rawValue)"
        }
        if !types.isEmpty {
            let counts = Dictionary(grouping: types) { $0 }.sorted { $0.key < $1.key }
            lines.append(
                "elements of other types than the reference's are compared by value: "
                    + counts.map { "\($0) in \($1.count) stage\($1.count == 1 ? "" : "s")" }
                    .joined(separator: ", "))
        }
        return lines
    }
}

/// A name from a file, with control characters replaced so that it cannot affect the terminal.
private func printable(_ name: String) -> String {
    String(
        String.UnicodeScalarView(
            name.unicodeScalars.map { scalar in
                switch scalar.properties.generalCategory {
                case .control, .format, .surrogate, .lineSeparator, .paragraphSeparator: "\u{FFFD}"
                default: scalar
                }
            }))
}

import Drawing
import Formats
import Foundation
import Inference
import Tensors
import Verification

/// A comparison as a web page: a single self-contained file, light or dark as the reader's system is set.
package struct ComparisonPage {
    private let report: ComparisonReport
    private let comparison: BundleComparison
    /// Limits the size of the page; stages after the first divergences mostly inherit their errors.
    private static let mostMaps = 24

    /// The page of a report.
    package init(_ report: ComparisonReport, of comparison: BundleComparison) {
        self.report = report
        self.comparison = comparison
    }

    /// Writes `index.html` to a folder, which is created if necessary.
    /// - Throws: `FileError` if the file cannot be written.
    package func write(to folder: String) throws {
        let html = try html()
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw FileError(path: folder, fault: "cannot be made a folder")
        }
        try OutputFile.write(Array(html.utf8), to: folder + "/index.html")
    }

    /// The page's HTML.
    /// - Throws: `FileError` if a bundle cannot be read.
    package func html() throws -> String {
        let failed = report.stages.filter { $0.verdict.isFailure }
        var body = heading
        body += table
        if !failed.isEmpty {
            body += "<h2>Where the errors are</h2>\n<p>Errors are against the reference, end to end. "
            body += "Dark violet is no error, yellow the largest of the map. Values are blue below zero and "
            body += "red above.</p>\n"
            var shown = 0
            for stage in failed {
                guard shown < Self.mostMaps else {
                    body += "<p>No maps of the stages after these.</p>\n"
                    break
                }
                if let section = try section(stage) {
                    body += section
                    shown += 1
                }
            }
        }
        return Self.frame(body)
    }

    // MARK: Parts

    private var heading: String {
        let verdict = report.agrees ? "good" : "bad"
        var html = "<h1>Comparison of two bundles</h1>\n"
        html += "<p>Candidate <code>\(escaped(comparison.candidate.path))</code>, reference "
        html += "<code>\(escaped(comparison.reference.path))</code>. Compared \(report.mode.rawValue).</p>\n"
        html += "<p class=\"conclusion \(verdict)\">\(escaped(report.conclusion))</p>\n"
        let lines =
            report.remarks
            + report.causes.map {
                "Possible cause: \($0.name) (\($0.stage)), explains "
                    + String(format: "%.0f", 100 * $0.explains) + " %"
            }
        if !lines.isEmpty {
            html += "<ul>\n" + lines.map { "<li>\(escaped($0))</li>\n" }.joined() + "</ul>\n"
        }
        return html
    }

    private var table: String {
        var html = "<h2>Stages in data-flow order</h2>\n"
        html += "<p>Largest, mean and 99th percentile are of |candidate − reference|; relative is "
        html += "‖candidate − reference‖ / ‖reference‖, and is what the tolerance is for.</p>\n"
        html += "<div class=\"scroll\"><table>\n<thead><tr>"
        for (index, title) in [
            "stage", "shape", "largest", "mean", "relative", "99 %", "1 − cosine", "tolerance", "would pass",
            "verdict",
        ].enumerated() {
            html += "<th\(2...8 ~= index ? " class=\"number\"" : "")>\(title)</th>"
        }
        html += "</tr></thead>\n<tbody>\n"
        for stage in report.stages { html += row(stage) }
        return html + "</tbody></table></div>\n"
    }

    private func row(_ stage: StageComparison) -> String {
        let measures = stage.masks == nil ? stage.measures : nil
        let relative = stage.masks.map { 1 - $0.meanOverlap } ?? measures?.relativeError
        let numbers: [String] = [
            measures.map { wording(error: $0.maximumError) }, measures.map { wording(error: $0.meanError) },
            relative.map { wording(error: $0) }, measures.map { wording(error: $0.percentile99) },
            measures.map { wording(error: $0.cosineDistance) },
            stage.tolerance.map { wording(error: $0, digits: 1) },
            stage.passesAt.map { wording(tolerance: $0) },
        ].map { $0 ?? "" }
        let style = stage.verdict.isFailure ? (stage.verdict == .inherited ? "inherited" : "bad") : "good"
        var html = "<tr class=\"\(style)\"><td><code>\(escaped(stage.stage.name))</code></td>"
        html += "<td>\(stage.shownShape)</td>"
        html += numbers.map { "<td class=\"number\">\($0)</td>" }.joined()
        html += "<td class=\"verdict\">\(stage.verdict.rawValue)</td></tr>\n"
        let remarks = stage.verdict == .extra || stage.verdict == .missing ? [] : stage.remarks
        if !remarks.isEmpty {
            html += "<tr class=\"remark\"><td colspan=\"10\">"
            html += remarks.map(escaped).joined(separator: "<br>") + "</td></tr>\n"
        }
        return html
    }

    /// The section with the maps of a stage; nil if it has none.
    private func section(_ stage: StageComparison) throws -> String? {
        guard let map = try comparison.errorMap(of: stage) else { return nil }
        let finite = map.error.filter(\.isFinite)
        let largest = finite.max() ?? 0
        // A stage that differs only in the number of its rows has no error to draw.
        guard largest > 0 || finite.count < map.error.count else { return nil }
        // NaN and infinities are drawn grey.
        let errors = map.error.map { $0.isFinite ? $0 : .nan }
        var html = "<section>\n<h3><code>\(escaped(stage.stage.name))</code></h3>\n"
        html +=
            "<p>\(escaped(stage.stage.sentence)) Map of \(escaped(map.caption)).</p>\n<div class=\"maps\">\n"
        let gaps = finite.count < map.error.count ? "; grey is not finite" : ""
        html += try picture(
            errors, map, .sequential, scale: largest,
            caption: "error, 0 to \(wording(error: Double(largest)))\(gaps)", of: stage)
        if let reference = map.reference, let candidate = map.candidate {
            let sizes = (reference + candidate).filter(\.isFinite).map(abs)
            let scale = sizes.max() ?? 0
            for (name, values) in [("reference", reference), ("candidate", candidate)] {
                html += try picture(
                    values, map, .diverging(.light), scale: scale,
                    caption: "\(name), ±\(wording(error: Double(scale)))", of: stage)
            }
        }
        return html + "</div>\n</section>\n"
    }

    private func picture(
        _ values: [Float], _ map: ErrorMap, _ colors: ColorMap, scale: Float, caption: String,
        of stage: StageComparison
    ) throws -> String {
        let image = colors.image(
            of: values, width: map.width, height: map.height, scale: scale > 0 ? scale : 1)
        let data = Data(try image.encodedPNG(name: stage.stage.name)).base64EncodedString()
        // Small maps are enlarged by integer factors, so that single positions are visible.
        let zoom = max(1, 256 / max(map.width, map.height))
        return "<figure><img alt=\"\(escaped(stage.stage.name)): \(escaped(caption))\" "
            + "width=\"\(map.width * zoom)\" height=\"\(map.height * zoom)\" "
            + "src=\"data:image/png;base64,\(data)\"><figcaption>\(escaped(caption))</figcaption></figure>\n"
    }

    // MARK: Frame

    private func escaped(_ text: String) -> String {
        text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
            .replacingOccurrences(of: ">", with: "&gt;").replacingOccurrences(of: "\"", with: "&quot;")
    }

    private static func frame(_ body: String) -> String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>maskrcnn verify</title>
        <style>
        \(style)
        </style>
        </head>
        <body>
        \(body)</body>
        </html>

        """
    }

    private static let style = """
        :root { color-scheme: light dark; --paper: #fff; --ink: #1b1f24; --muted: #5c6670; --rule: #d5dae0;
          --good: #1a7f37; --bad: #b3261e; --inherited: #8a5a00; }
        @media (prefers-color-scheme: dark) { :root { --paper: #16181d; --ink: #e8eaed; --muted: #9aa4af;
          --rule: #3a4048; --good: #57c26f; --bad: #ff8a80; --inherited: #e0b050; } }
        body { background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif;
          max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
        h1 { font-size: 1.6rem; } h2 { font-size: 1.25rem; margin-top: 2.5rem; } h3 { margin-bottom: 0; }
        code { font: 0.9em ui-monospace, monospace; overflow-wrap: anywhere; }
        .conclusion { font-weight: 600; border-left: 0.3rem solid; padding-left: 0.8rem; }
        .conclusion.good { border-color: var(--good); } .conclusion.bad { border-color: var(--bad); }
        .scroll { overflow-x: auto; }
        table { border-collapse: collapse; font-size: 0.85rem; white-space: nowrap; }
        th, td { text-align: left; padding: 0.15rem 0.6rem; border-bottom: 1px solid var(--rule); }
        .number { text-align: right; font-variant-numeric: tabular-nums; }
        .good .verdict { color: var(--good); } .inherited .verdict { color: var(--inherited); }
        .bad .verdict { color: var(--bad); font-weight: 600; }
        .remark td { color: var(--muted); white-space: normal; padding-left: 2rem; }
        .maps { display: flex; flex-wrap: wrap; gap: 1rem; }
        figure { margin: 0; } figcaption { color: var(--muted); font-size: 0.85rem; }
        img { image-rendering: pixelated; max-width: 100%; height: auto; border: 1px solid var(--rule); }
        """
}

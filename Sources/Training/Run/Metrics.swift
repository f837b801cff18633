import Formats
import Foundation

/// The log of a run's losses: one line of JSON per reported step.
public struct Metrics {
    private let path: String

    /// Opens the log at `path`. Lines from `step` on are deleted: they were written after the last checkpoint, from
    /// which the run now resumes.
    /// - Throws: `FileError` if the file cannot be read or written.
    public init(path: String, step: Int) throws {
        self.path = path
        guard FileManager.default.fileExists(atPath: path) else {
            try OutputFile.write([], to: path)
            return
        }
        let text = String(decoding: try readFile(path, limit: 1 << 30), as: UTF8.self)
        let kept = text.split(separator: "\n").filter { line in
            struct Line: Decodable { var step: Int }
            // The last line may be truncated.
            guard let line = try? JSONDecoder().decode(Line.self, from: Data(line.utf8)) else { return false }
            return line.step < step
        }
        try OutputFile.write(Array(kept.map { $0 + "\n" }.joined().utf8), to: path)
    }

    /// Appends a line for a report.
    /// - Throws: `FileError` if the file cannot be written.
    public func append(_ report: Trainer.Report, imagesPerSecond: Double) throws {
        var line = [
            "\"step\": \(report.step)", "\"total\": \(number(report.total))",
            "\"rate\": \(number(report.rate))", "\"gradientNorm\": \(number(report.gradientNorm))",
            "\"imagesPerSecond\": \(String(format: "%.2f", imagesPerSecond))",
        ]
        for kind in LossKind.allCases {
            if let loss = report.losses[kind] { line.append("\"\(kind.rawValue)\": \(number(loss))") }
        }
        let text = "{\(line.joined(separator: ", "))}\n"
        guard let file = FileHandle(forWritingAtPath: path) else {
            throw FileError(path: path, fault: "cannot be written")
        }
        defer { try? file.close() }
        do {
            try file.seekToEnd()
            try file.write(contentsOf: Data(text.utf8))
        } catch {
            throw FileError(path: path, fault: "cannot be written: the disk may be full")
        }
    }

    private func number(_ value: Double) -> String { String(format: "%.6g", value) }
}

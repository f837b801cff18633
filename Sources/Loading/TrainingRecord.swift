import Formats
import Foundation

/// The metrics of a training run: one report every few steps.
public struct TrainingRecord: Sendable {
    /// The metrics at one step.
    public struct Report: Sendable, Equatable {
        /// The step, counted from 0.
        public let step: Int
        /// The learning rate.
        public let rate: Double
        /// The parts of the loss, by the name of the stage to which they apply: `rpn.objectness`.
        public let losses: [String: Double]

        /// A report with the given values.
        package init(step: Int, rate: Double, losses: [String: Double]) {
            self.step = step
            self.rate = rate
            self.losses = losses
        }
    }

    /// The reports, in the order of their steps.
    public let reports: [Report]

    /// Reads `metrics.jsonl`: one JSON object per line. Numbers whose key is a stage's name, which contains a
    /// dot, are parts of the loss. A truncated last line is ignored.
    /// - Throws: `FileError` when the file cannot be read, or has no report.
    public init(contentsOf path: String) throws {
        let text = String(decoding: try readFile(path, limit: 1 << 28), as: UTF8.self)
        reports = text.split(separator: "\n").compactMap { line in
            guard let fields = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],
                let step = fields["step"] as? Int, let rate = fields["rate"] as? Double
            else { return nil }
            let losses = fields.filter { $0.key.contains(".") }.compactMapValues { $0 as? Double }
            return Report(step: step, rate: rate, losses: losses)
        }.sorted { $0.step < $1.step }
        if reports.isEmpty { throw FileError(path: path, fault: "holds no report of a training run") }
    }
}

extension LoadedModel {
    /// The record of the run that trained this model: for the shipped model the one that ships with it, for
    /// others `metrics.jsonl` in the folder of the weights, where `train` writes it.
    /// - Returns: nil when there is none.
    /// - Throws: `FileError` when a record exists but cannot be read.
    public func trainingRecord() throws -> TrainingRecord? {
        guard let path = file?.path else { return nil }
        let record = URL(fileURLWithPath: path).deletingLastPathComponent()
            .appendingPathComponent("metrics.jsonl").path
        return FileManager.default.fileExists(atPath: record) ? try TrainingRecord(contentsOf: record) : nil
    }
}

import Formats
import Foundation

/// What a training run wrote down as it went: one report every few steps.
public struct TrainingRecord: Sendable {
    /// One report.
    public struct Report: Sendable, Equatable {
        /// The step, counted from 0.
        public let step: Int
        /// The learning rate.
        public let rate: Double
        /// Each part of the loss, by the name of the stage that it is taken at: `rpn.objectness`.
        public let losses: [String: Double]

        /// One report.
        package init(step: Int, rate: Double, losses: [String: Double]) {
            self.step = step
            self.rate = rate
            self.losses = losses
        }
    }

    /// The reports, in the order of their steps.
    public let reports: [Report]

    /// Reads `metrics.jsonl`: a JSON object a line. Numbers under a stage's name, which has a dot in it, are parts
    /// of the loss. A last line that was cut off is left out.
    /// - Throws: `FileError` when the file cannot be read, or holds no report.
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
    /// The record of the run that made this model: of the shipped one, the one that ships with it; of others, the
    /// `metrics.jsonl` in the folder of the weights, where `train` leaves it.
    /// - Returns: nil when there is none.
    /// - Throws: `FileError` when there is one that cannot be read.
    public func trainingRecord() throws -> TrainingRecord? {
        guard let path = file?.path else { return nil }
        let record = URL(fileURLWithPath: path).deletingLastPathComponent()
            .appendingPathComponent("metrics.jsonl").path
        return FileManager.default.fileExists(atPath: record) ? try TrainingRecord(contentsOf: record) : nil
    }
}

import Formats
import Foundation
import Loading

/// What ``Metrics`` wrote of a run, read again: for figures of it and pages on it.
public struct TrainingRecord: Hashable, Sendable {
    /// One report: means over the steps since the one before.
    public struct Entry: Hashable, Sendable {
        /// The last of its steps, from 0.
        public let step: Int
        /// The weighted sum of the losses.
        public let total: Double
        /// Each loss, before it is weighted.
        public let losses: [LossKind: Double]
        /// The learning rate.
        public let rate: Double
        /// The length of all gradients taken as one vector, before any shortening.
        public let gradientNorm: Double
    }

    /// The reports, in order.
    public let entries: [Entry]

    /// Reads a file of metrics.
    /// - Throws: `FileError`, naming the line, when the file cannot be read or is none.
    public init(contentsOf path: String) throws {
        let text = String(decoding: try readFile(path, limit: 1 << 28), as: UTF8.self)
        entries = try text.split(separator: "\n").enumerated().map { index, line in
            guard let values = try? JSONDecoder().decode([String: Double].self, from: Data(line.utf8)),
                let step = values["step"], 0...1e9 ~= step, let total = values["total"],
                let rate = values["rate"], let norm = values["gradientNorm"]
            else { throw FileError(path: path, fault: "line \(index + 1) is no report of a training run") }
            let losses = LossKind.allCases.compactMap { kind in values[kind.rawValue].map { (kind, $0) } }
            return Entry(
                step: Int(step), total: total, losses: Dictionary(uniqueKeysWithValues: losses), rate: rate,
                gradientNorm: norm)
        }
    }

    /// The record of the model that ships with the project.
    /// - Throws: `FileError` when the installation lacks it.
    public static var shipped: TrainingRecord {
        get throws { try TrainingRecord(contentsOf: LoadedModel.shippedMetricsPath) }
    }
}

import Inference

/// What comparing two bundles came to.
public struct ComparisonReport: Sendable {
    /// How the two were compared.
    public enum Mode: String, Sendable {
        /// Both ran from the picture on.
        case endToEnd = "end to end"
        /// Each stage of the model ran on the candidate's own inputs.
        case isolated = "each stage on the candidate's own inputs"
    }

    /// How.
    public let mode: Mode
    /// In data-flow order.
    public let stages: [StageComparison]
    /// Names in the candidate that the contract does not have, in the order of the file.
    public let unknownNames: [String]
    /// Whether the reference says how large its noise is.
    public let hasMeasuredNoise: Bool
    /// What may be the cause of the first divergence, likeliest first.
    public var causes: [Cause] = []

    /// The first stage, in data-flow order, that is not what the reference has; in isolation, the first whose
    /// error is its own. A stage that the candidate lacks is a gap, no divergence.
    public var firstDivergence: Stage? {
        let diverging = stages.filter { $0.verdict.isFailure && $0.verdict != .missing }
        return (diverging.first { $0.verdict != .inherited } ?? diverging.first)?.stage
    }

    /// The stages that the candidate lacks.
    public var missing: [Stage] { stages.filter { $0.verdict == .missing }.map(\.stage) }

    /// Whether no stage differs and none is missing.
    public var agrees: Bool { !stages.contains { $0.verdict.isFailure } }
}

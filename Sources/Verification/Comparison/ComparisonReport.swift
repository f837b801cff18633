import Inference

/// What comparing two bundles came to.
package struct ComparisonReport: Sendable {
    /// How the two were compared.
    package enum Mode: String, Sendable {
        /// Both ran from the picture on.
        case endToEnd = "end to end"
        /// Each stage of the model ran on the candidate's own inputs.
        case isolated = "each stage on the candidate's own inputs"
    }

    /// How.
    package let mode: Mode
    /// In data-flow order.
    package let stages: [StageComparison]
    /// Names in the candidate that the contract does not have, in the order of the file.
    package let unknownNames: [String]
    /// Whether the reference says how large its noise is.
    package let hasMeasuredNoise: Bool
    /// What may be the cause of the first divergence, likeliest first.
    package var causes: [Cause] = []

    /// The first stage, in data-flow order, that is not what the reference has; in isolation, the first whose
    /// error is its own. A stage that the candidate lacks is a gap, no divergence.
    package var firstDivergence: Stage? {
        let diverging = stages.filter { $0.verdict.isFailure && $0.verdict != .missing }
        return (diverging.first { $0.verdict != .inherited } ?? diverging.first)?.stage
    }

    /// The stages that the candidate lacks.
    package var missing: [Stage] { stages.filter { $0.verdict == .missing }.map(\.stage) }

    /// Whether no stage differs and none is missing.
    package var agrees: Bool { !stages.contains { $0.verdict.isFailure } }
}

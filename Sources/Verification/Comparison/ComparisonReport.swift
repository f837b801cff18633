import Inference

/// The result of comparing two bundles.
package struct ComparisonReport: Sendable {
    /// How the two were compared.
    package enum Mode: String, Sendable {
        /// Both sides ran the whole pipeline, starting from the image.
        case endToEnd = "end to end"
        /// Each stage of the model ran on the candidate's own inputs.
        case isolated = "each stage on the candidate's own inputs"
    }

    /// How they were compared.
    package let mode: Mode
    /// The compared stages, in data-flow order.
    package let stages: [StageComparison]
    /// Names in the candidate that are not stages of the contract, in the order of the file.
    package let unknownNames: [String]
    /// Whether the reference contains measured noise.
    package let hasMeasuredNoise: Bool
    /// Possible causes of the first divergence, most likely first.
    package var causes: [Cause] = []

    /// The first stage, in data-flow order, that differs from the reference; in isolation, the first that
    /// makes an error of its own. A stage that the candidate lacks is a gap, not a divergence.
    package var firstDivergence: Stage? {
        let diverging = stages.filter { $0.verdict.isFailure && $0.verdict != .missing }
        return (diverging.first { $0.verdict != .inherited } ?? diverging.first)?.stage
    }

    /// The stages that the candidate lacks.
    package var missing: [Stage] { stages.filter { $0.verdict == .missing }.map(\.stage) }

    /// Whether no stage differs and none is missing.
    package var agrees: Bool { !stages.contains { $0.verdict.isFailure } }
}

import Formats
import Inference
import Tensors

// How the cause of a divergence is found:
//
// 1. The expected result is the model's own stage, run on the candidate's inputs, so that errors inherited
//    from earlier stages do not count. If it cannot run alone, it is the reference's tensor.
// 2. Each suspect, a common fault, predicts what the candidate would have recorded with it: by changing the
//    expected tensor (swap, transpose, shift), or by running the stage again with another convention.
// 3. The share of the error that a suspect explains is how much nearer its prediction is to the candidate:
//    1 − ‖candidate − predicted‖² / ‖candidate − expected‖². Lists, such as proposals, count rows that have no
//    partner instead of squares.

/// A possible cause of a stage's error, and how much of the error it explains.
package struct Cause: Hashable, Sendable {
    /// The fault, one of ``Diagnosis/names``.
    package let name: String
    /// The variant of the fault: `0.7` for a threshold; nil if there is only one.
    package let detail: String?
    /// The stage with the error.
    package let stage: Stage
    /// The share of the error that this cause explains: 0 … 1.
    package let explains: Double

    /// A cause that explains the given share of a stage's error.
    package init(name: String, detail: String? = nil, stage: Stage, explains: Double) {
        self.name = name
        self.detail = detail
        self.stage = stage
        self.explains = explains
    }
}

/// Finds out why a candidate's stages differ from a reference's, by trying a list of common faults, the
/// suspects.
package struct Diagnosis: Sendable {
    /// The model, with the reference's conventions.
    package let model: Model
    /// The bundle recorded by a correct run.
    package let reference: TensorBundle
    /// The bundle to diagnose.
    package let candidate: TensorBundle
    /// The model's checkpoint read in other ways, such as with another epsilon in its batch norms.
    package let otherReadings: @Sendable () -> [OtherReading]

    /// A diagnosis of one bundle.
    /// - Parameters:
    ///   - model: with the weights that both were recorded with, and the reference's conventions.
    ///   - otherReadings: of the model's checkpoint; asked for only when a stage of layers differs.
    package init(
        model: Model, reference: TensorBundle, candidate: TensorBundle,
        otherReadings: @escaping @Sendable () -> [OtherReading] = { [] }
    ) {
        self.model = model
        self.reference = reference
        self.candidate = candidate
        self.otherReadings = otherReadings
    }

    /// The names of all suspects, in the order in which they are tried.
    package static let names: [String] = {
        var seen: Set<String> = []
        return allSuspects.map(\.name).filter { seen.insert($0).inserted }
    }()

    /// The share of the error that a cause must explain to be reported.
    package static let leastShare = 0.1

    /// The largest relative error that is attributed to float32 rounding and not diagnosed.
    package static let roundingError = 1e-4

    /// The possible causes of a stage's error, best explanation first; empty when the stage is correct for
    /// the candidate's own inputs, no suspect explains the error, or the bundle lacks the stage.
    package func causes(of stage: Stage) -> [Cause] {
        guard
            let trial = Trial(
                model: model, reference: reference, candidate: candidate, stage: stage,
                otherReadings: otherReadings),
            let error = trial.error(of: trial.expected), error > 0
        else { return [] }
        var best: [String: Cause] = [:]
        for suspect in Self.allSuspects where suspect.isSuspected(of: trial.lead) {
            // A stage that cannot be run with this fault does not have it.
            for prediction in (try? suspect.predictions(trial)) ?? [] {
                guard let left = trial.error(of: prediction.outcome) else { continue }
                let share = max(0, 1 - left / error)
                guard share >= max(Self.leastShare, best[suspect.name]?.explains ?? 0) else { continue }
                best[suspect.name] = Cause(
                    name: suspect.name, detail: prediction.detail, stage: stage, explains: share)
            }
        }
        // Suspects that explain the error equally well, up to rounding, keep the order of the list.
        func rank(_ cause: Cause) -> Int { Int((cause.explains * 1e6).rounded()) }
        return Self.names.compactMap { best[$0] }.sorted { rank($0) > rank($1) }
    }

    private static var allSuspects: [Suspect] {
        inputSuspects + mapSuspects + readingSuspects + anchorSuspects + boxSuspects + headSuspects
            + poolingSuspects
            + selectionSuspects + maskSuspects
    }
}

/// A common fault.
struct Suspect {
    /// Its name, a short phrase for tables.
    let name: String
    /// Patterns of the stages in which it can occur.
    let stages: [String]
    /// Predicts the candidate's outcome with this fault, for each variant of it.
    let predictions: (Trial) throws -> [Prediction]

    init(
        _ name: String, in stages: [String], predictions: @escaping (Trial) throws -> [Prediction]
    ) {
        self.name = name
        self.stages = stages
        self.predictions = predictions
    }

    func isSuspected(of stage: Stage) -> Bool { stages.contains { stage.matches($0) } }
}

/// The outcome that the candidate would have recorded with a fault.
struct Prediction {
    /// The variant of the fault; nil if there is only one.
    let detail: String?
    let outcome: Outcome

    init(_ outcome: Outcome, _ detail: String? = nil) {
        self.detail = detail
        self.outcome = outcome
    }
}

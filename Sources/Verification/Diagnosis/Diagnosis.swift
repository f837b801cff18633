import Formats
import Inference
import Tensors

// Why a stage diverges:
//
// 1. What the stage should be: the model's own stage, run on the candidate's inputs, so that an error inherited
//    from earlier stages does not count. Where it cannot run alone, the reference's tensor.
// 2. Each usual suspect is a hypothesis that predicts what the candidate would then have recorded: by changing
//    that tensor (swap, transpose, shift), or by running the stage again with another convention.
// 3. A suspect explains as much of the error as its prediction is nearer to the candidate:
//    1 − ‖candidate − predicted‖² / ‖candidate − expected‖². Lists, such as proposals, count rows that have no
//    partner instead of squares.

/// One usual suspect, and how much of a stage's error it explains.
package struct Cause: Hashable, Sendable {
    /// What went wrong, as in ``Diagnosis/names``.
    package let name: String
    /// Which of several forms of it, if it has several: `0.7` for a threshold.
    package let detail: String?
    /// Where.
    package let stage: Stage
    /// The share of the error that is gone if this is what went wrong: 0 … 1.
    package let explains: Double

    /// A cause; `detail` is nil if there is but one form of it.
    package init(name: String, detail: String? = nil, stage: Stage, explains: Double) {
        self.name = name
        self.detail = detail
        self.stage = stage
        self.explains = explains
    }
}

/// Finds out why a candidate's stages differ from a reference's, by trying the usual suspects.
package struct Diagnosis: Sendable {
    /// The model, run by the reference's conventions.
    package let model: Model
    /// What a good run recorded.
    package let reference: TensorBundle
    /// What is under suspicion.
    package let candidate: TensorBundle

    /// A diagnosis of one bundle.
    /// - Parameter model: with the weights that both were recorded with, and the reference's conventions.
    package init(model: Model, reference: TensorBundle, candidate: TensorBundle) {
        self.model = model
        self.reference = reference
        self.candidate = candidate
    }

    /// The names of all suspects, in the order in which they are tried.
    package static let names: [String] = {
        var seen: Set<String> = []
        return allSuspects.map(\.name).filter { seen.insert($0).inserted }
    }()

    /// A cause must explain at least this much to be worth naming.
    package static let leastShare = 0.1

    /// Float32 arithmetic in another order gives errors of up to this size, relative to the tensor; they have
    /// no cause.
    package static let roundingError = 1e-4

    /// What may have gone wrong in a stage, best explanation first; empty when the stage is as it should be from
    /// the candidate's own inputs, or none of the suspects fits, or the bundle lacks the stage.
    package func causes(of stage: Stage) -> [Cause] {
        guard let trial = Trial(model: model, reference: reference, candidate: candidate, stage: stage),
            let error = trial.error(of: trial.expected), error > 0
        else { return [] }
        var best: [String: Cause] = [:]
        for suspect in Self.allSuspects where suspect.isSuspected(of: trial.lead) {
            // A stage that cannot be run in some way has not gone wrong in that way.
            for prediction in (try? suspect.predictions(trial)) ?? [] {
                guard let left = trial.error(of: prediction.outcome) else { continue }
                let share = max(0, 1 - left / error)
                guard share >= max(Self.leastShare, best[suspect.name]?.explains ?? 0) else { continue }
                best[suspect.name] = Cause(
                    name: suspect.name, detail: prediction.detail, stage: stage, explains: share)
            }
        }
        // Suspects that explain the same, but for rounding, come in the order of the list.
        func rank(_ cause: Cause) -> Int { Int((cause.explains * 1e6).rounded()) }
        return Self.names.compactMap { best[$0] }.sorted { rank($0) > rank($1) }
    }

    private static var allSuspects: [Suspect] {
        inputSuspects + mapSuspects + anchorSuspects + boxSuspects + headSuspects + poolingSuspects
            + selectionSuspects + maskSuspects
    }
}

/// Something that goes wrong often.
struct Suspect {
    /// A short phrase for tables.
    let name: String
    /// Patterns of the stages that it can go wrong in.
    let stages: [String]
    /// What the candidate would then be, in each form of it.
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

/// What a hypothesis says that the candidate recorded.
struct Prediction {
    /// Which form of the suspect; nil if there is only one.
    let detail: String?
    let outcome: Outcome

    init(_ outcome: Outcome, _ detail: String? = nil) {
        self.detail = detail
        self.outcome = outcome
    }
}

import Formats
import Inference
import Synchronization

/// The stages that a model computes from a bundle's own tensors, one at a time.
final class IsolatedStages: StageSource {
    let runner: StageRunner
    /// Selected rows, which are small and needed more than once. Other stages are not kept.
    private let rows = Mutex<[Stage: StageTensor]>([:])

    init(runner: StageRunner) { self.runner = runner }

    func stageTensor(_ stage: Stage) throws -> StageTensor? {
        if let known = rows.withLock({ $0[stage] }) { return known }
        let tensor = StageTensor(try runner.run(stage))
        if case .selected = stage.correspondence { rows.withLock { $0[stage] = tensor } }
        return tensor
    }

    /// The pairings of the rows that the model selects from the candidate's inputs with the candidate's own.
    /// A group whose stages cannot run is left out; comparing its stages reports why.
    func pairings(with candidate: TensorBundle, limits: SelectionLimits) -> [RowGroup: GroupPairing] {
        var pairings: [RowGroup: GroupPairing] = [:]
        for group in candidate.stages.rowGroups {
            pairings[group] =
                (try? GroupPairing(group, reference: self, candidate: candidate, limits: limits)) ?? nil
        }
        return pairings
    }

    /// The result for a stage whose inputs are missing.
    func notRun(_ stage: Stage, _ shape: [Int]?, _ fault: FileError) -> StageComparison {
        var result = StageComparison(stage: stage, referenceShape: nil, candidateShape: shape)
        result.verdict = .notRun
        result.notes = ["cannot run alone: the candidate \(fault.fault)"]
        return result
    }
}

extension StageComparison {
    /// Combines an end-to-end comparison with that of the isolated stage: an error that the isolated stage
    /// does not make was inherited.
    func combined(with alone: StageComparison?) -> StageComparison {
        guard var result = alone else { return self }
        result.endToEndError = measures?.relativeError
        switch (result.verdict, verdict) {
        case (.notRun, _):
            result.referenceShape = referenceShape
            result.measures = measures
            result.worst = worst
            result.tolerance = tolerance
            (result.rows, result.masks, result.keypoints) = (rows, masks, keypoints)
            if verdict.isFailure {
                result.verdict = verdict
                result.notes = notes + result.notes
            }
        case (.equal, .equal), (.equal, .extra): break
        case (.equal, _):
            result.verdict = .inherited
            result.notes += notes.filter { !result.notes.contains($0) }
        case (_, .equal):
            result.verdict = .madeHere
            result.notes.append("equal to the reference, but not what its own inputs give")
        default: result.verdict = .madeHere
        }
        return result
    }
}

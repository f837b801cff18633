import Execution
import Formats
import Kernels
import Inference

/// Compares the stages of two bundles.
///
///     let comparison = try BundleComparison(candidate: mine, reference: recorded)
///     let report = try comparison.endToEnd()
///     report.firstDivergence  // nil, or the stage to look at
package struct BundleComparison: Sendable {
    /// The bundle to check.
    package let candidate: TensorBundle
    /// The bundle to check against.
    package let reference: TensorBundle
    /// The tolerances of errors.
    package let tolerances: Tolerances
    /// The thresholds at which rounding can make rows come and go.
    package let limits: SelectionLimits
    /// The stages to compare, in data-flow order: those of either bundle that match a pattern.
    package let stages: [Stage]

    /// Prepares a comparison of the stages that match one of the patterns, in which `*` matches any text.
    ///
    /// Without patterns, all stages are compared; if the candidate's metadata say that it contains a single
    /// stage run in isolation, only that one.
    /// - Throws: ``FileError`` when a bundle has no stage of the contract, or the two have none in common, so
    ///   that there is nothing to compare.
    package init(
        candidate: TensorBundle, reference: TensorBundle, tolerances: Tolerances? = nil,
        limits: SelectionLimits = SelectionLimits(), patterns: [String]? = nil
    ) throws {
        for bundle in [reference, candidate] where !bundle.stages.contains(where: \.isInContract) {
            throw FileError(path: bundle.path, fault: "is no bundle: it holds no stage of the contract")
        }
        let patterns = patterns ?? candidate.metadata["isolated"].map { [$0] } ?? ["*"]
        let all = Set(candidate.stages).union(reference.stages)
        let stages = Stage.inDataFlowOrder(all).filter { stage in patterns.contains { stage.matches($0) } }
        guard stages.contains(where: { candidate.contains($0) && reference.contains($0) }) else {
            let matching = patterns == ["*"] ? "" : " that matches \(patterns.joined(separator: ", "))"
            throw FileError(
                path: candidate.path, fault: "has no stage\(matching) in common with \(reference.path)")
        }
        self.candidate = candidate
        self.reference = reference
        self.tolerances = try tolerances ?? Tolerances(reference: reference)
        self.limits = limits
        self.stages = stages
    }

    /// Compares the stages as both sides computed them, starting from the image. Works in parallel.
    /// - Throws: ``FileError`` when a bundle cannot be read.
    package func endToEnd() throws -> ComparisonReport {
        let comparer = StageComparer(
            reference: reference, candidate: candidate, tolerance: tolerances.endToEnd,
            exactTolerance: tolerances.exact,
            pairings: try Self.pairings(reference: reference, candidate: candidate, limits: limits),
            sharesRows: false, inputSize: inputSize,
            mapShape: { [reference, candidate] in (reference[$0] ?? candidate[$0])?.shape })
        return report(.endToEnd, try comparer.compareAll(stages))
    }

    /// Runs each stage of a model on the candidate's own inputs, to distinguish an error made in a stage from
    /// one inherited through its inputs.
    /// - Throws: ``FileError`` when a bundle cannot be read, or no stage can run.
    package func isolated(_ model: Model) throws -> ComparisonReport {
        let source = IsolatedStages(runner: StageRunner(model: model, bundle: candidate))
        let known = Set(source.runner.stages)
        let compared = stages.filter { candidate.contains($0) && known.contains($0) }
        let comparer = StageComparer(
            reference: source, candidate: candidate, tolerance: tolerances.isolated,
            exactTolerance: tolerances.exact, pairings: source.pairings(with: candidate, limits: limits),
            sharesRows: true, inputSize: inputSize,
            mapShape: { [reference, candidate] in (reference[$0] ?? candidate[$0])?.shape })
        var faults: [FileError] = []
        var alone: [Stage: StageComparison] = [:]
        for stage in compared {
            do { alone[stage] = try comparer.compare(stage) } catch let fault as FileError {
                alone[stage] = source.notRun(stage, candidate[stage]?.shape, fault)
                faults.append(fault)
            }
        }
        if let first = faults.first, faults.count == compared.count {
            throw FileError(
                path: candidate.path, fault: "has no stage that this model can run: \(first.fault)")
        }
        let endToEnd = try endToEnd().stages
        return report(.isolated, endToEnd.map { $0.combined(with: alone[$0.stage]) })
    }

    private func report(_ mode: ComparisonReport.Mode, _ stages: [StageComparison]) -> ComparisonReport {
        ComparisonReport(
            mode: mode, stages: stages,
            unknownNames: candidate.stages.filter { !$0.isInContract }.map(\.name),
            hasMeasuredNoise: tolerances.areMeasured)
    }

    /// The size of the network's input, in pixels; nil if it is not known.
    private var inputSize: (height: Int, width: Int)? {
        guard let shape = reference[.inputTensor]?.shape ?? candidate[.inputTensor]?.shape, shape.count == 3
        else { return nil }
        return (shape[1], shape[2])
    }

    /// The pairings of all row groups that both bundles have.
    private static func pairings(
        reference: TensorBundle, candidate: TensorBundle, limits: SelectionLimits
    ) throws -> [RowGroup: GroupPairing] {
        let groups = reference.stages.rowGroups
        let pairings = parallelMap(groups.count) { index in
            Result {
                try GroupPairing(groups[index], reference: reference, candidate: candidate, limits: limits)
            }
        }
        var result: [RowGroup: GroupPairing] = [:]
        for (group, pairing) in zip(groups, pairings) { result[group] = try pairing.get() }
        return result
    }
}

extension [Stage] {
    /// The row groups to which the stages belong.
    var rowGroups: [RowGroup] {
        var groups: [RowGroup] = []
        for stage in self {
            if case .selected(let group) = stage.correspondence, group.boxes == stage {
                groups.append(group)
            }
        }
        return groups
    }
}

extension StageComparer where Reference: Sendable, Candidate: Sendable {
    /// Compares stages in parallel; only the results are kept in memory.
    func compareAll(_ stages: [Stage]) throws -> [StageComparison] {
        try parallelMap(stages.count) { index in Result { try compare(stages[index]) } }.map { try $0.get() }
    }
}

import Formats
import Inference
import Tensors

/// Tensors that take the place of stages while a model runs, each from a bundle that has it under its name.
///
/// ```swift
/// let mine = try TensorBundle(contentsOf: "mine.npz")
/// let instances = try model.detect(picture, replacing: [.pyramid(2): mine])
/// ```
struct StageReplacements: StageProvider {
    let bundles: [Stage: TensorBundle]

    func provision(of stage: Stage, as form: StageForm) throws -> StageProvision {
        guard let bundle = bundles[stage] else { return .computed }
        return .replaced(
            try bundle.value(stage, as: form), mayHaveOtherRows: missing(beside: stage)?.isEmpty ?? false)
    }

    /// The stages that have to be replaced with this one for its rows to be more or fewer than the model's own; nil if
    /// they cannot be.
    func missing(beside stage: Stage) -> [Stage]? {
        switch stage.row?.rows {
        case .selected(.candidates), .selected(.proposals), .selected(.detections):
            stage.selectedTogether.filter { bundles[$0] == nil }
        default: nil
        }
    }

    /// An error of a run with these replacements, as one of the file that is at fault.
    func error(_ failure: any Error) -> any Error {
        guard let fault = failure as? StageFault, let bundle = bundles[fault.stage] else { return failure }
        let others = missing(beside: fault.stage) ?? []
        let hint =
            others.isEmpty || !fault.fault.hasPrefix("has shape")
            ? "" : "; for other rows replace \(others.map(\.name).joined(separator: ", ")) as well"
        return bundle.fault(fault.stage, fault.fault + hint)
    }
}

extension Model {
    /// Finds the objects in a picture, with some stages taken from elsewhere, and the rest computed from them.
    ///
    /// - Parameters:
    ///   - image: as decoded.
    ///   - bundles: for each stage to be replaced, a bundle that has it, in the shape that the model makes it in.
    ///     Candidates, proposals and detections may be more or fewer if all of their stages are replaced together.
    ///   - observer: is handed every stage that it wants, replaced ones included.
    /// - Returns: boxes, classes, scores, masks and keypoints in the frame of `image`.
    /// - Throws: ``FileError`` when the model has no such stage, or a bundle lacks it or has it in another shape.
    package func detect(
        _ image: Image, replacing bundles: [Stage: TensorBundle], observer: (any Observer)? = nil
    ) throws -> [Instance] {
        guard !bundles.isEmpty else { return detect(image, observer: observer) }
        let known = Set(stages)
        for (stage, bundle) in bundles.sorted(by: { $0.key.name < $1.key.name }) {
            guard known.contains(stage) else {
                throw FileError(path: stage.name, fault: "is no stage of this model")
            }
            guard bundle.contains(stage) else {
                throw FileError(path: bundle.path, fault: "has no '\(stage)'")
            }
        }
        let replacements = StageReplacements(bundles: bundles)
        let run = PipelineRun(observer: observer, taking: replacements)
        let instances = detect(image, in: run)
        if let failure = run.failure { throw replacements.error(failure) }
        return instances
    }
}

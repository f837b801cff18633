import Formats
import Inference
import Tensors

/// Tensors that replace stages while a model runs, each from a bundle that has it under the stage's name.
///
/// ```swift let mine = try TensorBundle(contentsOf: "mine.npz") let instances = try model.detect(image,
/// replacing: [.pyramid(2): mine]) ```
struct StageReplacements: StageProvider {
    let bundles: [Stage: TensorBundle]

    func provision(of stage: Stage, as form: StageForm) throws -> StageProvision {
        guard let bundle = bundles[stage] else { return .computed }
        return .replaced(
            try bundle.value(stage, as: form), mayHaveOtherRows: missing(beside: stage)?.isEmpty ?? false)
    }

    /// The stages that have to be replaced together with this one so that its number of rows may differ from
    /// the model's; nil if it may not.
    func missing(beside stage: Stage) -> [Stage]? {
        switch stage.row?.rows {
        case .selected(.candidates), .selected(.proposals), .selected(.detections):
            stage.selectedTogether.filter { bundles[$0] == nil }
        default: nil
        }
    }

    /// Converts an error of a run with these replacements to an error of the file at fault.
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
    /// Detects the objects in an image, with some stages replaced and the rest computed from them.
    ///
    /// - Parameters:
    ///   - image: the decoded image.
    ///   - bundles: for each stage to replace, a bundle that has it, in the shape in which the model computes
    ///     it. The number of candidates, proposals and detections may differ if all of their stages are
    ///     replaced together.
    ///   - observer: receives every stage that it wants, including replaced ones.
    /// - Returns: boxes, classes, scores, masks and keypoints in the coordinates of `image`.
    /// - Throws: ``FileError`` when the model does not have a stage, or a bundle lacks it or has it in
    ///   another shape.
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

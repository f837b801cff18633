import Formats
import Inference
import Tensors

// Runs one stage in isolation, with inputs from a bundle, to distinguish an error made in the stage from an
// inherited one. The usual pipeline runs, with the stage's inputs taken from the bundle and all other stages
// left out.

/// Runs single stages of a model on the tensors of a bundle.
package struct StageRunner: Sendable {
    /// The model whose stages run.
    package let model: Model
    /// The bundle from which inputs are taken.
    package let bundle: TensorBundle
    /// All stages of the model except the image, in data-flow order.
    package let stages: [Stage]
    private let known: Set<Stage>

    /// A runner of the model's stages on the bundle's tensors.
    package init(model: Model, bundle: TensorBundle) {
        self.model = model
        self.bundle = bundle
        let all = model.stages
        known = Set(all)
        stages = all.filter { $0 != .image }
    }

    /// Computes one stage from the bundle's tensors.
    /// - Parameter steps: replacements for steps of the model, to test alternatives.
    /// - Throws: ``FileError`` when the model does not have the stage, or the bundle lacks one of its inputs
    ///   or has it in the wrong shape.
    package func run(_ stage: Stage, steps: PipelineSteps<Tensor> = PipelineSteps()) throws -> ContractTensor
    {
        guard known.contains(stage), stage != .image else {
            throw FileError(path: stage.name, fault: "is no stage of this model that can run alone")
        }
        let recorder = Recorder(patterns: [stage.name])
        let replay = Replay(wanted: stage, inputs: try inputs(of: stage), bundle: bundle)
        let run = PipelineRun(observer: recorder, taking: replay, steps: steps)
        // The image is replaced like any other stage, so this one does not matter.
        _ = model.detect(Image(width: 1, height: 1, pixels: [0, 0, 0]), in: run)
        if let failure = run.failure { throw bundle.fault(of: failure) }
        guard let tensor = recorder.stages.first?.tensor else {
            throw FileError(path: stage.name, fault: "was not reached")
        }
        return tensor
    }

    /// The inputs of a stage that the bundle has.
    /// - Throws: ``FileError`` when the bundle lacks a required input.
    private func inputs(of stage: Stage) throws -> Set<Stage> {
        let inputs = model.inputs(of: stage, among: known)
        if let missing = inputs.first(where: { $0.isRequired && !bundle.contains($0.stage) }) {
            throw FileError(path: bundle.path, fault: "has no '\(missing.stage)'")
        }
        // Optional inputs are used only if they are complete: the logits of all levels or of none.
        let isComplete = inputs.allSatisfy { bundle.contains($0.stage) }
        return Set(inputs.filter { $0.isRequired || isComplete }.map(\.stage))
    }
}

/// Computes one stage of a run, takes its inputs from a bundle, and leaves out all other stages.
private struct Replay: StageProvider {
    let wanted: Stage
    let inputs: Set<Stage>
    let bundle: TensorBundle

    func provision(of stage: Stage, as form: StageForm) throws -> StageProvision {
        if stage == wanted { return .computedLast }
        return inputs.contains(stage) ? .given(try bundle.value(stage, as: form)) : .omitted
    }
}

extension TensorBundle {
    /// A stage in the form that the pipeline uses.
    /// - Throws: ``FileError`` when the bundle lacks it, or it has the wrong number of axes.
    package func value(_ stage: Stage, as form: StageForm) throws -> StageValue {
        switch form {
        case .image: .image(try image())
        case .map: .map(try map(stage))
        case .anchorMap(let perAnchor, _, _):
            .anchorMap(try anchorMap(stage, perAnchor: perAnchor), perAnchor: perAnchor)
        case .regionMaps: .regionMaps(try regionMaps(stage))
        case .table: .table(try table(stage, rank: 2))
        case .groupedTable, .squares: .table(try table(stage, rank: 3))
        case .boxes: .boxes(try boxes(stage))
        case .numbers: .numbers(try numbers(stage))
        case .indices: .indices(try indices(stage))
        case .masks(_, let size): .masks(try masks(stage), size)
        }
    }

    /// Converts an error of a run on this bundle's tensors to an error of the bundle's file.
    func fault(of failure: any Error) -> any Error {
        guard let fault = failure as? StageFault else { return failure }
        return self.fault(fault.stage, fault.fault)
    }
}

import Geometry
import Tensors

/// One pass of an image through the pipeline: its observer, the values that are supplied from outside instead of
/// computed, and its steps.
///
/// Every stage is computed in exactly one place, as `run.stage(.stem, …) { … }`. A plain run just computes the value;
/// an observer also receives it; a source may supply it instead.
///
/// ```swift
/// let run = PipelineRun(observer: Recorder())
/// let instances = model.detect(image, in: run)
/// ```
public final class PipelineRun<A: Activation> {
    /// The steps without parameters, each of which can be replaced.
    package let steps: PipelineSteps<A>
    /// The first error in a value supplied from outside. After it nothing is computed, and the pipeline's result is
    /// meaningless.
    package private(set) var failure: (any Error)?

    private let observer: (any Observer)?
    private let source: (any StageProvider)?
    /// Wraps a tensor from outside as an activation.
    private let constant: (Tensor) -> A
    /// Whether all following stages are omitted.
    private var isOver = false
    /// The stages that have been omitted so far.
    private var omitted: Set<Stage> = []
    /// The stages whose computed value has been replaced.
    private var replaced: Set<Stage> = []

    /// A run that computes all values.
    public init(observer: (any Observer)? = nil, steps: PipelineSteps<A> = PipelineSteps()) {
        self.observer = observer
        self.steps = steps
        source = nil
        constant = { _ in preconditionFailure("a run without a source takes no value from elsewhere") }
    }

    /// A run that takes some values from `source`.
    package init(
        observer: (any Observer)? = nil, taking source: some StageProvider,
        steps: PipelineSteps<A> = PipelineSteps()
    ) where A == Tensor {
        self.observer = observer
        self.source = source
        self.steps = steps
        constant = { $0 }
    }

    // MARK: Values with a name

    /// Computes a stage of the network, or takes it from the source, and reports it to the observer.
    /// - Parameters:
    ///   - form: the form that a value from outside must have.
    ///   - compute: computes the value; not called if the value is given or omitted.
    func stage(_ stage: Stage, _ form: @autoclosure () -> StageForm, _ compute: () -> A) -> A {
        guard observer != nil || source != nil else { return compute() }
        let form = form()
        return resolve(
            stage, form, compute, value: { form.value($0.value) },
            activation: { [constant] in $0.tensor.map(constant) }
        ).value ?? constant(.nothing)
    }

    /// The same for a stage that is not an activation: boxes, scores, a table of probabilities.
    func value<Value: StagedValue>(
        _ stage: Stage, _ form: @autoclosure () -> StageForm, _ compute: () -> Value
    ) -> Value {
        guard observer != nil || source != nil else { return compute() }
        let form = form()
        return resolve(
            stage, form, compute, value: { $0.value(as: form) }, activation: Value.init
        ).value ?? .nothing
    }

    /// A stage that the pipeline itself does not need, such as one term of a fused sum: it is computed only for an
    /// observer.
    /// - Returns: the value from outside that replaces it; nil if there is none.
    func aside<Value: StagedValue>(
        _ stage: Stage, _ form: @autoclosure () -> StageForm, _ compute: () -> Value
    ) -> Value? {
        guard isWatched(stage) else { return nil }
        let form = form()
        let (value, isForeign) = resolve(
            stage, form, compute, value: { $0.value(as: form) }, activation: Value.init)
        return isForeign ? value : nil
    }

    /// The same for a feature map.
    func mapAside(_ stage: Stage, _ form: @autoclosure () -> StageForm, _ compute: () -> Tensor) -> A? {
        aside(stage, form(), compute).map(constant)
    }

    /// A value that is computed from `stages` and is not a stage itself; nil if any of them was omitted.
    func derived<Value>(from stages: [Stage], _ compute: () -> Value) -> Value? {
        guard !isOver, omitted.isDisjoint(with: stages) else { return nil }
        return compute()
    }

    /// Whether the stage was computed and then replaced by a value from outside.
    func isReplaced(_ stage: Stage) -> Bool { replaced.contains(stage) }

    /// Reports to the observer that a step of the pipeline has finished.
    func finished(_ step: PipelineStep) { if !isOver { observer?.finished(step) } }

    /// Ends the run because a value from outside does not fit.
    func fail(_ stage: Stage, _ fault: String) { fail(StageFault(stage: stage, fault: fault)) }

    /// Whether values may come from outside, in which case they have to be checked.
    var hasForeignValues: Bool { source != nil }

    private func fail(_ error: any Error) {
        if failure == nil { failure = error }
        isOver = true
    }

    private func isWatched(_ stage: Stage) -> Bool { source != nil || observer?.wants(stage) ?? false }

    private func resolve<Value>(
        _ stage: Stage, _ form: StageForm, _ compute: () -> Value, value: (Value) -> StageValue,
        activation: (StageValue) -> Value?
    ) -> (value: Value?, isForeign: Bool) {
        func computed() -> Value? {
            let result = compute()
            return isOver ? nil : result
        }
        func taken(_ foreign: StageValue) -> (value: Value?, isForeign: Bool) {
            guard let result = activation(foreign) else {
                fail(stage, "is of another kind than the model makes")
                return (nil, true)
            }
            return (watched(result), true)
        }
        func watched(_ result: Value) -> Value {
            if let observer, observer.wants(stage) { observer.record(stage, value(result)) }
            return result
        }
        do {
            switch isOver ? .omitted : try source?.provision(of: stage, as: form) ?? .computed {
            case .computed: return (computed().map(watched), false)
            case .computedLast:
                let result = computed().map(watched)
                isOver = true
                return (result, false)
            case .given(let given):
                if let fault = form.fault(of: given) {
                    fail(stage, fault)
                    return (nil, true)
                }
                return taken(given)
            case .replaced(let replacement, let mayHaveOtherRows):
                guard let result = computed() else { return (nil, true) }
                if let fault = form.fault(of: replacement) {
                    fail(stage, fault)
                    return (nil, true)
                }
                let (own, other) = (value(result).shape, replacement.shape)
                guard own == other || (mayHaveOtherRows && own.dropFirst() == other.dropFirst()) else {
                    fail(stage, "has shape \(other), expected \(own)")
                    return (nil, true)
                }
                replaced.insert(stage)
                return taken(replacement)
            case .omitted:
                omitted.insert(stage)
                return (nil, false)
            }
        } catch {
            fail(error)
            return (nil, true)
        }
    }
}

/// A source of values for a run.
package protocol StageProvider {
    /// Whether a stage is computed, given, replaced or omitted.
    /// - Parameter form: the form that a value from outside must have.
    /// - Throws: an error if the value cannot be read; the run then ends with that error as its `failure`.
    func provision(of stage: Stage, as form: StageForm) throws -> StageProvision
}

/// Whether a stage is computed, given, replaced or omitted.
package enum StageProvision: Sendable {
    /// The stage is computed.
    case computed
    /// The stage is computed, and all following stages are omitted.
    case computedLast
    /// The stage is not computed; this value is used.
    case given(StageValue)
    /// The stage is computed, then replaced by this value of the same shape. Only the number of rows may differ, if
    /// `mayHaveOtherRows`: then all stages that are selected together have to be replaced.
    case replaced(StageValue, mayHaveOtherRows: Bool)
    /// The stage is not computed: nothing that is needed depends on it.
    case omitted
}

/// A value from outside that does not fit the model.
package struct StageFault: Error, CustomStringConvertible, Sendable {
    /// The stage.
    package let stage: Stage
    /// What is wrong with its value.
    package let fault: String

    /// The stage and the fault, in one line.
    package var description: String { "'\(stage)' \(fault)" }
}

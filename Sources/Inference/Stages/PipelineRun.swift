import Geometry
import Tensors

/// One pass of a picture through the pipeline: who watches, which values come from elsewhere, and which steps are
/// taken.
///
/// Every named value is made at one place, as `run.stage(.stem, …) { … }`. A plain run computes it and nothing
/// else; with an observer, the observer is handed it; with a source, it may come from there.
///
/// ```swift
/// let run = PipelineRun(observer: Recorder())
/// let instances = model.detect(picture, in: run)
/// ```
public final class PipelineRun<A: Activation> {
    /// The steps without parameters, each of which can be exchanged.
    package let steps: PipelineSteps<A>
    /// What went wrong with a value from elsewhere; nothing is computed after it, and what the pipeline returns
    /// means nothing.
    package private(set) var failure: (any Error)?

    private let observer: (any Observer)?
    private let source: (any StageProvider)?
    /// Makes an activation of a value from elsewhere.
    private let constant: (Tensor) -> A
    /// Whether all that follows is left out.
    private var isOver = false
    /// The stages that were left out so far.
    private var omitted: Set<Stage> = []
    /// The stages whose computed value gave way to another.
    private var replaced: Set<Stage> = []

    /// A run in which all values are computed.
    public init(observer: (any Observer)? = nil, steps: PipelineSteps<A> = PipelineSteps()) {
        self.observer = observer
        self.steps = steps
        source = nil
        constant = { _ in preconditionFailure("a run without a source takes no value from elsewhere") }
    }

    /// A run in which some values come from elsewhere.
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

    /// A stage of the network.
    /// - Parameters:
    ///   - form: what a value from elsewhere has to look like.
    ///   - compute: makes the value, if it is to be computed.
    func stage(_ stage: Stage, _ form: @autoclosure () -> StageForm, _ compute: () -> A) -> A {
        guard observer != nil || source != nil else { return compute() }
        let form = form()
        return resolve(
            stage, form, compute, value: { form.value($0.value) },
            activation: { [constant] in $0.tensor.map(constant) }
        ).value ?? constant(.nothing)
    }

    /// A stage that is no activation: boxes, scores, a table of probabilities.
    func value<Value: StagedValue>(
        _ stage: Stage, _ form: @autoclosure () -> StageForm, _ compute: () -> Value
    ) -> Value {
        guard observer != nil || source != nil else { return compute() }
        let form = form()
        return resolve(
            stage, form, compute, value: { $0.value(as: form) }, activation: Value.init
        ).value ?? .nothing
    }

    /// A stage that the pipeline does without, such as a sum's part where the sum is made in one go: it is
    /// computed only for whoever watches.
    /// - Returns: the value that stands in for it; nil if none does.
    func aside<Value: StagedValue>(
        _ stage: Stage, _ form: @autoclosure () -> StageForm, _ compute: () -> Value
    ) -> Value? {
        guard isWatched(stage) else { return nil }
        let form = form()
        let (value, isForeign) = resolve(
            stage, form, compute, value: { $0.value(as: form) }, activation: Value.init)
        return isForeign ? value : nil
    }

    /// The same for a map of the network.
    func mapAside(_ stage: Stage, _ form: @autoclosure () -> StageForm, _ compute: () -> Tensor) -> A? {
        aside(stage, form(), compute).map(constant)
    }

    /// What is computed from stages and has no name itself; nil if one of them was left out.
    func derived<Value>(from stages: [Stage], _ compute: () -> Value) -> Value? {
        guard !isOver, omitted.isDisjoint(with: stages) else { return nil }
        return compute()
    }

    /// Whether a value of the same shape stands in for the computed one.
    func isReplaced(_ stage: Stage) -> Bool { replaced.contains(stage) }

    /// One of the pipeline's steps is done.
    func finished(_ step: PipelineStep) { if !isOver { observer?.finished(step) } }

    /// Gives up: a value from elsewhere does not fit.
    func fail(_ stage: Stage, _ fault: String) { fail(StageFault(stage: stage, fault: fault)) }

    /// Whether a value may have come from elsewhere, and so may be anything.
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

/// Where a run takes values from.
package protocol StageProvider {
    /// What becomes of a stage.
    /// - Parameter form: what a value from elsewhere has to look like.
    /// - Throws: when the value cannot be read; the run then ends with that error as its failure.
    func provision(of stage: Stage, as form: StageForm) throws -> StageProvision
}

/// What becomes of a stage.
package enum StageProvision: Sendable {
    /// It is computed.
    case computed
    /// It is computed, and all that follows is left out.
    case computedLast
    /// It is not computed; this value takes its place.
    case given(StageValue)
    /// It is computed, and this value of the same shape takes its place. Selected rows may be more or fewer, if
    /// all stages that are selected together are replaced.
    case replaced(StageValue, mayHaveOtherRows: Bool)
    /// It is left out: nothing that is wanted depends on it.
    case omitted
}

/// A value from elsewhere does not fit.
package struct StageFault: Error, CustomStringConvertible, Sendable {
    /// Which.
    package let stage: Stage
    /// What is wrong with it.
    package let fault: String

    /// The stage and the fault, in one line.
    package var description: String { "'\(stage)' \(fault)" }
}

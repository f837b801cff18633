import Geometry
import Tensors

extension Model {
    /// All stages of the model, in data-flow order, found by a run of its pipeline that computes nothing.
    public var stages: [Stage] {
        let walker = Walker()
        _ = detect(.nothing, in: PipelineRun(taking: walker))
        return Stage.inDataFlowOrder(walker.stages)
    }

    /// The stages that a stage of the model is computed from, each with whether it is required: one that is not may be
    /// absent from a bundle.
    public func inputs(of stage: Stage) -> [(stage: Stage, isRequired: Bool)] {
        inputs(of: stage, among: Set(stages))
    }

    /// The same, with the model's `stages` given by the caller, so that they are not determined again.
    public func inputs(of stage: Stage, among stages: Set<Stage>) -> [(stage: Stage, isRequired: Bool)] {
        let resolver = InputResolver(
            stage: stage, stages: stages, levels: levelNames, conventions: conventions)
        var seen: Set<Stage> = []
        return (stage.row?.inputs ?? []).flatMap { input in
            resolver.stages(input).map { ($0, resolver.isRequired(input)) }
        }.filter { seen.insert($0.0).inserted }
    }
}

/// Omits every stage of a run, and collects their names.
private final class Walker: StageProvider {
    private(set) var stages: [Stage] = []

    func provision(of stage: Stage, as form: StageForm) -> StageProvision {
        stages.append(stage)
        return .omitted
    }
}

/// Resolves a stage's inputs in the table to the stages of a model.
private struct InputResolver {
    let stage: Stage
    let stages: Set<Stage>
    let levels: [String]
    let conventions: Conventions

    func isRequired(_ input: StageInput) -> Bool { if case .ifRecorded = input { false } else { true } }

    func stages(_ input: StageInput) -> [Stage] { stages(input, of: stage.level, number: stage.number) }

    private func stages(_ input: StageInput, of level: String?, number: Int) -> [Stage] {
        func existing(_ family: StageFamily, _ member: String) -> [Stage] {
            [Stage(family.name(of: member))].filter(stages.contains)
        }
        switch input {
        case .same(let family):
            return existing(family, family.rawValue.contains("@") ? level ?? "" : "\(number)")
        case .numbered(let family, let number): return existing(family, "\(number)")
        case .before(let family): return existing(family, "\(number - 1)")
        case .after(let family): return existing(family, "\(number + 1)")
        case .last(let family):
            return stages.filter { $0.family == family }.max { $0.number < $1.number }.map { [$0] } ?? []
        case .either(let inputs):
            return inputs.lazy.map { stages($0, of: level, number: number) }.first { !$0.isEmpty } ?? []
        case .everyLevel(let input): return each(levels, input)
        case .pooledLevels(let input): return each(levels.count > 1 ? levels.dropLast() : levels, input)
        case .under(let condition, let input):
            return condition.holds(in: conventions) ? stages(input, of: level, number: number) : []
        case .ifRecorded(let input): return stages(input, of: level, number: number)
        }
    }

    private func each(_ levels: [String], _ input: StageInput) -> [Stage] {
        levels.flatMap { stages(input, of: $0, number: Int($0.dropFirst()) ?? 0) }
    }
}

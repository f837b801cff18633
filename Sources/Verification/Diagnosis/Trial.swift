import Formats
import Geometry
import Inference
import Tensors

/// A stage under test: what the candidate recorded, what is expected, and methods to run the stage again in
/// another way.
struct Trial {
    let model: Model
    /// The source of inputs: the candidate, completed by the reference's stages where it lacks them.
    let bundle: TensorBundle
    let stage: Stage
    /// The stages that are judged together with this one, represented by the first: a detection is a box with
    /// a score and a class.
    let group: [Stage]
    /// What the candidate recorded.
    let recorded: Outcome
    /// The result of the stage on the candidate's inputs; if it cannot run, the reference's.
    let expected: Outcome
    /// The model's checkpoint read in other ways.
    let otherReadings: () -> [OtherReading]

    /// The stage by which suspects are selected.
    var lead: Stage { group[0] }

    init?(
        model: Model, reference: TensorBundle, candidate: TensorBundle, stage: Stage,
        otherReadings: @escaping () -> [OtherReading] = { [] }
    ) {
        let bundle = candidate.completed(by: reference)
        // Only what the candidate has can be compared.
        let whole = stage.selectedTogether
        let group = whole.filter { candidate.contains($0) }
        guard candidate.contains(stage),
            let recorded = try? Self.outcome(group, { try candidate.anyNumbers($0) })
        else { return nil }
        let runner = StageRunner(model: model, bundle: bundle)
        let isolated = try? Self.outcome(group) { try runner.run($0).floats }
        guard let expected = isolated ?? (try? Self.outcome(group, { try reference.anyNumbers($0) }))
        else { return nil }
        self.model = model
        self.bundle = bundle
        self.stage = stage
        self.group = [whole[0]] + group.filter { $0 != whole[0] }
        self.recorded = recorded
        self.expected = expected
        self.otherReadings = otherReadings
    }

    /// The distance from an outcome to what the candidate recorded.
    func error(of outcome: Outcome) -> Double? { recorded.error(of: outcome) }

    // MARK: Running the stage in another way

    /// The stage with other conventions or settings, or with other inputs.
    func run(
        bundle changed: TensorBundle? = nil,
        _ change: (inout Configuration) -> Void = { _ in }
    ) throws -> Outcome {
        var configuration = model.configuration
        change(&configuration)
        let runner = StageRunner(
            model: model.with(
                conventions: configuration.conventions, settings: configuration.settings,
                maskOutput: configuration.architecture.masks?.output),
            bundle: changed ?? bundle)
        return try Self.outcome(members) { try runner.run($0).floats }
    }

    /// The stages of the group that the candidate has.
    private var members: [Stage] {
        guard let rows = recorded.rows else { return [stage] }
        return group.filter { member in
            switch member.name.split(separator: ".").last {
            case "boxes": rows.boxes != nil
            case "scores": rows.scores != nil
            case "classes": rows.classes != nil
            default: rows.proposals != nil
            }
        }
    }

    // MARK: Groups

    static func outcome(_ group: [Stage], _ tensor: (Stage) throws -> Tensor) throws -> Outcome {
        guard let first = group.first else { throw FileError(path: "", fault: "has no such stage") }
        guard first.selectedTogether.count > 1 else { return .tensor(try tensor(first)) }
        var rows = Rows()
        for stage in group {
            let numbers = try tensor(stage)
            guard let count = numbers.shape.first, count == rows.count || stage == first else {
                throw FileError(path: stage.name, fault: "has another length than '\(first)'")
            }
            let values = numbers.array
            switch stage.name.split(separator: ".").last {
            case "boxes":
                guard numbers.shape == [count, 4] else {
                    throw FileError(path: stage.name, fault: "is no list of boxes")
                }
                rows.boxes = boxes(of: numbers)
            case "scores": rows.scores = values
            // A value that is not an integer becomes −1, which equals no class.
            case "classes": rows.classes = values.map { Int(exactly: $0) ?? -1 }
            default: rows.proposals = values.map { Int(exactly: $0) ?? -1 }
            }
        }
        return .rows(rows)
    }
}

/// The rows of `[N, 4]` as boxes.
func boxes(of numbers: Tensor) -> [Box] {
    numbers.withUnsafeElements { values in
        (0..<values.count / 4).map {
            Box(x1: values[4 * $0], y1: values[4 * $0 + 1], x2: values[4 * $0 + 2], y2: values[4 * $0 + 3])
        }
    }
}

/// Boxes as `[N, 4]`.
func tensor(_ boxes: [Box]) -> Tensor {
    Tensor(shape: [boxes.count, 4], elements: boxes.flatMap { [$0.x1, $0.y1, $0.x2, $0.y2] })
}

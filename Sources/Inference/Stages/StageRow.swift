/// What kind of value a stage is, and so how a bundle holds it.
public enum StageKind: String, Sendable, CaseIterable {
    /// The picture as decoded.
    case image
    /// A feature map.
    case map
    /// Numbers of each anchor at each position.
    case anchorMap = "anchor map"
    /// Boxes.
    case boxes
    /// One number a row.
    case numbers
    /// One index a row.
    case indices
    /// A map a region, or a vector a region in heads that have fully connected layers there.
    case regionMaps = "region maps"
    /// Some numbers a row.
    case table
    /// Pixels of the whole picture, for each row.
    case masks

    /// The element type and the axes in a bundle.
    package var layout: String {
        switch self {
        case .image: "U8 [3, height, width]"
        case .map: "F32 [channels, height, width]"
        case .anchorMap: "F32 [anchors, (numbers,) height, width]"
        case .boxes: "F32 [rows, 4]"
        case .numbers: "F32 [rows]"
        case .indices: "I64 [rows]"
        case .regionMaps: "F32 [rows, channels, height, width]"
        case .table: "F32 [rows, numbers…]"
        case .masks: "U8 [rows, height, width]"
        }
    }
}

/// Rows that belong together: boxes with their scores and classes, in one order.
public enum RowSelection: String, Sendable, CaseIterable {
    /// The best anchors of one level.
    case candidates
    /// What suppression leaves of all levels.
    case proposals
    /// In the frame of the resized picture.
    case detections
    /// In the frame of the picture as decoded.
    case output
}

/// Whether a stage has rows, and whose.
public enum StageRows: Hashable, Sendable {
    /// None: positions of a map, or anchors.
    case none
    /// Rows that are selected and ranked here, so that two runs may have another number of them.
    case selected(RowSelection)
    /// One row for each that was selected.
    case following(RowSelection)
}

/// How often the stages of some consecutive rows of the table come to be.
public enum StageRepetition: String, Sendable {
    /// Once, or once a number.
    case once
    /// Together for each level, the coarsest level first.
    case coarsestFirst = "coarsest level first"
    /// Together for each level, the finest level first.
    case finestFirst = "finest level first"
}

/// One row of the table of stages: all there is to say about the stages of a family.
public struct StageRow: Sendable {
    /// The stages that the row is about.
    public let family: StageFamily
    /// What kind of value they are.
    public let kind: StageKind
    /// What they are computed from.
    let inputs: [StageInput]
    /// Whether they have rows, and whose.
    public let rows: StageRows
    /// Whether they come once, or level by level with the rows beside this one.
    public let repetition: StageRepetition
    /// The step of the pipeline that makes them.
    public let step: PipelineStep
    /// The page of the walkthroughs that is about them, without `.md`.
    public let page: String
    /// One sentence on what they are, in which `#` stands for the number and `2^#` for that power of two.
    public let sentence: String

    init(
        _ family: StageFamily, _ kind: StageKind, from inputs: [StageInput], rows: StageRows = .none,
        repeats repetition: StageRepetition = .once, _ step: PipelineStep, page: String, _ sentence: String
    ) {
        self.family = family
        self.kind = kind
        self.inputs = inputs
        self.rows = rows
        self.repetition = repetition
        self.step = step
        self.page = page
        self.sentence = sentence
    }

    /// What the stages are computed from, as the table prints it: names, with conditions where there are any.
    public var inputTexts: [String] { inputs.map(\.text) }
}

/// What a stage is computed from, by the place that its own name gives: `backbone.c3` from the one before it.
indirect enum StageInput: Sendable {
    /// The stage of the family that has the same level or number, or the family's only one.
    case same(StageFamily)
    /// The one with this number.
    case numbered(StageFamily, Int)
    /// The one with the number before.
    case before(StageFamily)
    /// The one with the number behind.
    case after(StageFamily)
    /// The one with the highest number that the model has.
    case last(StageFamily)
    /// The first of several that the model has.
    case either([StageInput])
    /// That of every level.
    case everyLevel(StageInput)
    /// That of every level that regions are pooled from.
    case pooledLevels(StageInput)
    /// Only in models that follow a convention.
    case under(StageCondition, StageInput)
    /// Used where a bundle has it, not missed where it has not.
    case ifRecorded(StageInput)

    /// The map that the heads read, of a level.
    static let feature = either([.same(.pyramid), .same(.coarsest), .same(.backbone)])

    fileprivate var text: String {
        func name(_ family: StageFamily, _ step: String) -> String {
            family.rawValue.replacing("#", with: "(#\(step))")
        }
        return switch self {
        case .same(let family): family.rawValue
        case .numbered(let family, let number): family.name(of: "\(number)")
        case .before(let family): name(family, "−1")
        case .after(let family): name(family, "+1")
        case .last(let family): family.rawValue.replacing("#", with: "(last)")
        case .either(let inputs): inputs.map(\.text).joined(separator: " or ")
        case .everyLevel(let input): "\(input.text) of all levels"
        case .pooledLevels(let input): "\(input.text) of all levels that are pooled from"
        case .under(let condition, let input): "\(input.text) if \(condition.rawValue)"
        case .ifRecorded(let input): "\(input.text) if recorded"
        }
    }
}

/// A convention that decides whether a stage is an input of another.
enum StageCondition: String, Sendable {
    case paddingIsAround = "the picture is padded on all sides"
    case levelsCompete = "candidates of all levels compete"

    func holds(in conventions: Conventions) -> Bool {
        switch self {
        case .paddingIsAround: conventions.input.padding != .rightAndBelow
        case .levelsCompete: !conventions.proposals.preNMSTopNIsPerLevel
        }
    }
}

extension Stage {
    /// The row of the table of stages that is about this one; nil if the contract has no such name.
    public var row: StageRow? { family.flatMap { StageTable.byFamily[$0]?.row } }

    /// One sentence on what the stage is, for whoever steps through the pipeline.
    public var sentence: String {
        (row?.sentence ?? "").replacing("2^#", with: "\(1 << number)").replacing("#", with: "\(number)")
    }

    /// Compared element by element: what comes first is made first. Nil for a name that the contract lacks.
    fileprivate var position: [Int]? {
        guard let family, let (index, section, row) = StageTable.byFamily[family] else { return nil }
        return switch row.repetition {
        case .once: [section, 0, index, number]
        case .coarsestFirst: [section, -number, index, 0]
        case .finestFirst: [section, number, index, 0]
        }
    }

    /// The stages of the contract among some, in the order in which data flows.
    public static func inDataFlowOrder(_ stages: some Sequence<Stage>) -> [Stage] {
        stages.compactMap { stage in stage.position.map { (stage, $0) } }
            .sorted { $0.1.lexicographicallyPrecedes($1.1) }
            .map(\.0)
    }

    /// The stages whose rows are selected together with this one's, itself among them, in the order of the table:
    /// boxes, scores, classes. Itself alone where no rows are selected.
    public var selectedTogether: [Stage] {
        guard let row, case .selected = row.rows else { return [self] }
        return StageTable.rows.filter { $0.rows == row.rows }.map { Stage($0.family.name(of: level ?? "")) }
    }
}

/// The kind of a stage's value, which determines its element type and axes in a bundle.
public enum StageKind: String, Sendable, CaseIterable {
    /// The decoded image.
    case image
    /// A feature map.
    case map
    /// One or more numbers for each anchor at each position.
    case anchorMap = "anchor map"
    /// Boxes.
    case boxes
    /// One number per row.
    case numbers
    /// One index per row.
    case indices
    /// One map per region, or one vector per region after fully connected layers.
    case regionMaps = "region maps"
    /// Several numbers per row.
    case table
    /// One binary mask of the whole image per row.
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

/// A selection whose stages have corresponding rows: boxes with their scores and classes, in one order.
public enum RowSelection: String, Sendable, CaseIterable {
    /// The best anchors of one level.
    case candidates
    /// The proposals, after suppression over all levels.
    case proposals
    /// The detections, in coordinates of the resized image.
    case detections
    /// The results, in coordinates of the original image.
    case output
}

/// Whether a stage has rows, and of which selection.
public enum StageRows: Hashable, Sendable {
    /// No rows: a map, anchors or the input.
    case none
    /// Rows that are selected and ranked here, so that their number may differ between two runs.
    case selected(RowSelection)
    /// One row for each row of the selection.
    case following(RowSelection)
}

/// How often the stages of consecutive rows of the table are computed.
public enum StageRepetition: String, Sendable {
    /// Once, or once for each number.
    case once
    /// Together for each level, the coarsest level first.
    case coarsestFirst = "coarsest level first"
    /// Together for each level, the finest level first.
    case finestFirst = "finest level first"
}

/// One row of the table of stages: everything about the stages of one family.
public struct StageRow: Sendable {
    /// The stages that the row describes.
    public let family: StageFamily
    /// The kind of their values.
    public let kind: StageKind
    /// The stages that they are computed from.
    let inputs: [StageInput]
    /// Whether they have rows, and of which selection.
    public let rows: StageRows
    /// Whether they are computed once, or level by level together with the adjacent rows of the table.
    public let repetition: StageRepetition
    /// The step of the pipeline that computes them.
    public let step: PipelineStep
    /// The walkthrough page that explains them, without `.md`.
    public let page: String
    /// A one-sentence description, in which `#` stands for the number and `2^#` for that power of two.
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

    /// The inputs as text for the printed table: names, with conditions where there are any.
    public var inputTexts: [String] { inputs.map(\.text) }
}

/// An input of a stage, relative to the stage's own level or number: `backbone.c3` has the backbone stage before it.
indirect enum StageInput: Sendable {
    /// The stage of the family with the same level or number, or the family's only stage.
    case same(StageFamily)
    /// The stage with this number.
    case numbered(StageFamily, Int)
    /// The stage with the previous number.
    case before(StageFamily)
    /// The stage with the next number.
    case after(StageFamily)
    /// The stage with the highest number in the model.
    case last(StageFamily)
    /// The first of these inputs that the model has.
    case either([StageInput])
    /// The input at every level.
    case everyLevel(StageInput)
    /// The input at every level that regions are pooled from.
    case pooledLevels(StageInput)
    /// The input, only in models with a certain convention.
    case under(StageCondition, StageInput)
    /// The input, used if a bundle has it and not required.
    case ifRecorded(StageInput)

    /// The feature map of a level, as the heads read it.
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

/// A convention that determines whether a stage is an input of another.
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
    /// The stage's row in the table of stages; nil if the contract has no such name.
    public var row: StageRow? { family.flatMap { StageTable.byFamily[$0]?.row } }

    /// A one-sentence description of the stage, shown when stepping through the pipeline.
    public var sentence: String {
        (row?.sentence ?? "").replacing("2^#", with: "\(1 << number)").replacing("#", with: "\(number)")
    }

    /// The stage's sort key in data-flow order, compared lexicographically; nil for a name that is not in the contract.
    fileprivate var position: [Int]? {
        guard let family, let (index, section, row) = StageTable.byFamily[family] else { return nil }
        return switch row.repetition {
        case .once: [section, 0, index, number]
        case .coarsestFirst: [section, -number, index, 0]
        case .finestFirst: [section, number, index, 0]
        }
    }

    /// The given stages in data-flow order, without those that are not in the contract.
    public static func inDataFlowOrder(_ stages: some Sequence<Stage>) -> [Stage] {
        stages.compactMap { stage in stage.position.map { (stage, $0) } }
            .sorted { $0.1.lexicographicallyPrecedes($1.1) }
            .map(\.0)
    }

    /// The stages whose rows are selected together with this one's, including itself, in table order: boxes, scores,
    /// classes. Only itself if its rows are not selected.
    public var selectedTogether: [Stage] {
        guard let row, case .selected = row.rows else { return [self] }
        return StageTable.rows.filter { $0.rows == row.rows }.map { Stage($0.family.name(of: level ?? "")) }
    }
}

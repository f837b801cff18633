import Explanations
import Inference

/// What figures are to be about, where there is a choice; nil leaves it to the figure, which takes what shows most.
public struct FigureSelection: Sendable, Equatable {
    /// A detection, an index into `detections.*`: 0 is the best.
    public var detection: Int?
    /// A proposal, an index into `rpn.proposals`: 0 is the best.
    public var box: Int?
    /// A pyramid level: 3 for p3 or c3.
    public var level: Int?
    /// A channel of a feature map, from 0.
    public var channel: Int?
    /// A class's name.
    public var className: String?
    /// How many boxes a drawing shows at most; at least 1.
    public var maximumBoxes: Int?

    /// Nothing is chosen.
    public init() {}

    /// What is chosen.
    public var options: Set<FigureOption> {
        let chosen: [(FigureOption, Bool)] = [
            (.detection, detection != nil), (.box, box != nil), (.level, level != nil),
            (.channel, channel != nil), (.className, className != nil), (.maximumBoxes, maximumBoxes != nil),
        ]
        return Set(chosen.filter(\.1).map(\.0))
    }

    /// - Throws: ``FigureSelectionError`` when the run has nothing of that name or number, whatever the figure.
    func check(_ run: PictureRun) throws {
        try Self.check(detection, .detection, ("detection", "detections"), run.boxes(.detectionBoxes).count)
        try Self.check(box, .box, ("proposal", "proposals"), run.boxes(.proposalBoxes).count)
        if let className { _ = try Self.label(of: className, in: run) }
        if let maximumBoxes, maximumBoxes < 1 {
            throw FigureSelectionError(.maximumBoxes, "\(maximumBoxes): at least one box is drawn")
        }
    }

    /// - Throws: ``FigureSelectionError`` when there are fewer things than the number says.
    static func check(
        _ index: Int?, _ option: FigureOption, _ names: (one: String, several: String), _ count: Int
    )
        throws
    {
        guard let index, !(0..<count).contains(index) else { return }
        let range =
            switch count {
            case 0: "there is no \(names.one)"
            case 1: "there is 1 \(names.one), number 0"
            default: "there are \(count) \(names.several), 0 to \(count - 1)"
            }
        throw FigureSelectionError(option, "\(index): \(range)")
    }

    /// The index of a class, from 1.
    static func label(of name: String, in run: PictureRun) throws -> Int {
        let names = (1...max(run.model.architecture.classes, 1)).map(run.model.classes.name(of:))
        if let index = names.firstIndex(where: { $0.lowercased() == name.lowercased() }) { return index + 1 }
        let known =
            names.count <= 20
            ? "the model’s classes are \(names.joined(separator: ", "))"
            : "the model has \(names.count) others, \(names[0]) to \(names[names.count - 1])"
        throw FigureSelectionError(.className, "\(name): there is no such class; \(known)")
    }
}

/// An option that some figures follow, by its name on the command line.
public enum FigureOption: String, CaseIterable, Sendable {
    case detection, box, level, channel
    case className = "class"
    case maximumBoxes = "max-boxes"
}

/// Something was chosen that is not there.
public struct FigureSelectionError: Error, CustomStringConvertible, Equatable {
    /// What was chosen.
    public let option: FigureOption
    /// What of it is not there, and what there is.
    public let fault: String

    init(_ option: FigureOption, _ fault: String) {
        self.option = option
        self.fault = fault
    }

    /// One line, which names the option.
    public var description: String { "--\(option.rawValue) \(fault)" }
}

extension FigureName {
    /// The options that change what the figure shows.
    public var follows: Set<FigureOption> {
        switch self {
        case .overview, .pyramids, .input, .roiPool, .heads, .losses, .precisionRecall, .weights, .cost: []
        case .backbone, .fusion, .convolution: [.level, .channel]
        case .anchors, .objectness: [.level]
        case .matching: [.level, .maximumBoxes]
        case .decoding: [.detection, .box, .maximumBoxes]
        case .suppression: [.box, .level, .maximumBoxes]
        case .levels: [.level, .maximumBoxes]
        case .roiAlign, .roiLayers: [.detection, .box, .channel]
        case .classes: [.detection, .box]
        case .detections: [.className, .maximumBoxes]
        case .maskChannels, .sigmoidSoftmax, .pasting, .keypoints, .comparison: [.detection]
        case .result: [.detection, .className, .maximumBoxes]
        case .targets: [.maximumBoxes]
        case .provenance: [.detection, .maximumBoxes]
        }
    }
}

// What the figures ask.
extension Gallery {
    /// The index of the chosen class; nil if none is chosen.
    func chosenLabel() throws -> Int? {
        try selection.className.map { try FigureSelection.label(of: $0, in: run) }
    }

    /// The detection that figures of a single one show: the chosen one, or else the run's example.
    /// - Throws: ``NothingToDraw`` when nothing of the chosen one lies in the picture.
    func example() throws -> Instance? {
        guard let detection = selection.detection else { return run.example }
        guard let instance = run.instances.first(where: { $0.detection == detection }) else {
            throw NothingToDraw("nothing of detection \(detection) lies within the picture")
        }
        return instance
    }

    /// The proposal that figures of a single one show: the chosen one, or that which the chosen or example detection
    /// came from; with a few words on which it is.
    func exampleProposal() throws -> (index: Int, words: String)? {
        let proposals = run.boxes(.proposalBoxes)
        guard !proposals.isEmpty else { return nil }
        if let box = selection.box { return (box, "Proposal \(box)") }
        let origins = run.indices(.detectionProposals)
        guard let example = try example(), origins.indices.contains(example.detection) else {
            return (0, "Proposal 0")
        }
        return (origins[example.detection], "The proposal behind " + run.wording(example))
    }

    /// Those of a model's levels that are chosen: all, or one.
    /// - Throws: ``FigureSelectionError`` when there is no such level.
    func chosen<Level>(_ levels: [Level], _ index: (Level) -> Int, _ name: (Level) -> String) throws
        -> [Level]
    {
        guard let level = selection.level else { return levels }
        let chosen = levels.filter { index($0) == level }
        guard chosen.isEmpty else { return chosen }
        let names = levels.map(name).joined(separator: ", ")
        throw FigureSelectionError(.level, "\(level): the figure’s levels are \(names)")
    }

    /// The chosen channel of a map that has so many, if one is chosen.
    /// - Throws: ``FigureSelectionError`` when it has fewer.
    func chosenChannel(of name: String, count: Int) throws -> Int? {
        guard let channel = selection.channel else { return nil }
        guard (0..<count).contains(channel) else {
            throw FigureSelectionError(
                .channel, "\(channel): \(name) has \(count) channels, 0 to \(count - 1)")
        }
        return channel
    }
}

import Inference

/// Rows that belong together: boxes with their scores and classes, in one order.
package enum RowGroup: Hashable, Sendable {
    /// The candidates of one level of the pyramid.
    case candidates(String)
    /// What suppression leaves of all levels.
    case proposals
    /// In the frame of the resized picture.
    case detections
    /// In the frame of the picture as decoded.
    case output

    /// The stage that holds the boxes.
    package var boxes: Stage {
        switch self {
        case .candidates(let level): .candidateBoxes(level)
        case .proposals: .proposalBoxes
        case .detections: .detectionBoxes
        case .output: .outputBoxes
        }
    }

    /// The stage that holds the scores.
    package var scores: Stage {
        switch self {
        case .candidates(let level): .candidateScores(level)
        case .proposals: .proposalScores
        case .detections: .detectionScores
        case .output: .outputScores
        }
    }

    /// The stage that holds the classes, where rows have any.
    package var classes: Stage? {
        switch self {
        case .candidates, .proposals: nil
        case .detections: .detectionClasses
        case .output: .outputClasses
        }
    }
}

/// Where a stage stands in the flow of data and how two versions of it are compared, read off its name.
struct StagePlace: Sendable {
    /// How two versions of a stage correspond.
    enum Kind: Hashable, Sendable {
        /// Element by element.
        case tensor
        /// Rows that are selected and ranked, so that one may be missing or stand elsewhere.
        case selected(RowGroup)
        /// A row for each row of a group.
        case following(RowGroup)
        /// A mask for each row of the output.
        case masks
        /// Keypoints for each row of the output.
        case keypoints
    }

    /// How two versions correspond.
    let kind: Kind
    /// Compared element by element: what comes first is made first.
    let order: [Int]

    /// The place of a stage of the contract; nil for any other name.
    init?(_ stage: Stage) {
        let parts = stage.name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 2 else { return nil }
        let rest = Array(parts.dropFirst())
        let place: (kind: Kind, order: [Int])?
        switch parts[0] {
        case "input": place = Self.fixed(rest, ["image", "size", "tensor"], .tensor)
        case "backbone": place = Self.fixed(rest, ["stem", "c2", "c3", "c4", "c5"], .tensor)
        case "fpn": place = Self.pyramid(rest)
        case "anchors": place = rest.count == 1 ? Self.level(rest[0]).map { (.tensor, [$0, 0]) } : nil
        case "rpn": place = Self.proposals(rest)
        case "box":
            place = Self.fixed(
                rest,
                ["level", "pooled", "convolution.#", "c5", "hidden.#", "logits", "probabilities", "deltas"],
                .following(.proposals))
        case "detections":
            place = Self.fixed(rest, ["boxes", "scores", "classes", "proposal"], .selected(.detections))
        case "mask":
            place = Self.fixed(
                rest, ["level", "pooled", "c5", "hidden.#", "upsampled", "logits", "probabilities"],
                .following(.detections))
        case "keypoint":
            place = Self.fixed(rest, ["pooled", "hidden.#", "heatmaps"], .following(.detections))
        case "output": place = Self.output(rest)
        default: place = nil
        }
        guard let place else { return nil }
        let groups = [
            "input": 0, "backbone": 1, "fpn": 2, "anchors": 3, "rpn": 3, "box": 5, "detections": 6, "mask": 7,
            "keypoint": 8, "output": 9,
        ]
        let group = rest[0] == "proposals" ? 4 : groups[parts[0]] ?? 0
        kind = place.kind
        order = [group] + place.order
    }

    /// One of some names, of which one may end in a number.
    private static func fixed(_ parts: [String], _ names: [String], _ kind: Kind) -> (Kind, [Int])? {
        if parts.count == 1, let index = names.firstIndex(of: parts[0]) { return (kind, [index, 0]) }
        guard parts.count == 2, let index = names.firstIndex(of: parts[0] + ".#"),
            let number = Int(parts[1]), 1...99 ~= number, String(number) == parts[1]
        else { return nil }
        return (kind, [index, number])
    }

    /// The index of a level: `p2` … `p9`, `c4`, `c5`.
    private static func level(_ name: String) -> Int? {
        guard name.utf8.count == 2, let index = Int(String(name.dropFirst())) else { return nil }
        if name.hasPrefix("p") && 2...9 ~= index { return index }
        return name == "c4" || name == "c5" ? index : nil
    }

    /// The pyramid is made from the coarsest map down; what subsamples the coarsest comes last.
    private static func pyramid(_ parts: [String]) -> (Kind, [Int])? {
        guard let name = parts.last, name.hasPrefix("p"), let level = level(name) else { return nil }
        if parts.count == 1 { return (.tensor, level > 5 ? [level, 0] : [-level, 3]) }
        guard parts.count == 2, let index = ["lateral", "topdown", "merged"].firstIndex(of: parts[0]) else {
            return nil
        }
        return (.tensor, [-level, index])
    }

    private static func proposals(_ parts: [String]) -> (Kind, [Int])? {
        if parts == ["proposals", "boxes"] { return (.selected(.proposals), [0]) }
        if parts == ["proposals", "scores"] { return (.selected(.proposals), [1]) }
        guard parts.count >= 2, let level = level(parts[1]) else { return nil }
        if parts.count == 2, let index = ["hidden", "objectness", "deltas"].firstIndex(of: parts[0]) {
            return (.tensor, [level, 1 + index])
        }
        guard parts.count == 3, parts[0] == "candidates",
            let index = ["boxes", "scores"].firstIndex(of: parts[2])
        else { return nil }
        return (.selected(.candidates(parts[1])), [level, 4 + index])
    }

    private static func output(_ parts: [String]) -> (Kind, [Int])? {
        guard parts.count == 1 else { return nil }
        switch parts[0] {
        case "masks": return (.masks, [3])
        case "keypoints": return (.keypoints, [4])
        default: return fixed(parts, ["boxes", "scores", "classes"], .selected(.output))
        }
    }
}

extension Stage {
    /// Whether the contract has a stage of this name.
    public var isInContract: Bool { StagePlace(self) != nil }

    /// The stages of the contract among some, in the order in which the pipeline makes them.
    public static func inDataFlowOrder(_ stages: some Sequence<Stage>) -> [Stage] {
        stages.compactMap { stage in StagePlace(stage).map { (stage, $0.order) } }
            .sorted { $0.1.lexicographicallyPrecedes($1.1) }
            .map(\.0)
    }
}

/// A family of stages whose names differ only in a level or a number. The raw value is the name, with `@` in place of
/// the level (`p2` … `p6`, `c4` or `c5`) and `#` in place of the number.
public enum StageFamily: String, CaseIterable, Sendable {
    case image = "input.image"
    case inputSize = "input.size"
    case inputTensor = "input.tensor"
    case stem = "backbone.stem"
    case backbone = "backbone.c#"
    case lateral = "fpn.lateral.p#"
    case topDown = "fpn.topdown.p#"
    case merged = "fpn.merged.p#"
    case pyramid = "fpn.p#"
    /// The coarsest pyramid level, which is subsampled from the one before it.
    case coarsest = "fpn.p6"
    case anchors = "anchors.@"
    case rpnHidden = "rpn.hidden.@"
    case objectness = "rpn.objectness.@"
    case rpnDeltas = "rpn.deltas.@"
    case candidateBoxes = "rpn.candidates.@.boxes"
    case candidateScores = "rpn.candidates.@.scores"
    case proposalBoxes = "rpn.proposals.boxes"
    case proposalScores = "rpn.proposals.scores"
    case boxLevel = "box.level"
    case boxPooled = "box.pooled"
    case boxConvolution = "box.convolution.#"
    case boxC5 = "box.c5"
    case boxHidden = "box.hidden.#"
    case boxLogits = "box.logits"
    case boxProbabilities = "box.probabilities"
    case boxDeltas = "box.deltas"
    case detectionBoxes = "detections.boxes"
    case detectionScores = "detections.scores"
    case detectionClasses = "detections.classes"
    case detectionProposals = "detections.proposal"
    case maskLevel = "mask.level"
    case maskPooled = "mask.pooled"
    case maskC5 = "mask.c5"
    case maskHidden = "mask.hidden.#"
    case maskUpsampled = "mask.upsampled"
    case maskLogits = "mask.logits"
    case maskProbabilities = "mask.probabilities"
    case keypointPooled = "keypoint.pooled"
    case keypointHidden = "keypoint.hidden.#"
    case keypointHeatmaps = "keypoint.heatmaps"
    case outputBoxes = "output.boxes"
    case outputScores = "output.scores"
    case outputClasses = "output.classes"
    case outputMasks = "output.masks"
    case outputKeypoints = "output.keypoints"

    /// The name of the stage with this level or number.
    func name(of member: String) -> String {
        String(rawValue.flatMap { $0 == "@" || $0 == "#" ? member : String($0) })
    }

    /// A regular expression that matches the names of the family; its group captures the level or number.
    package var pattern: String {
        let group = members.count > 9 && members[0] == "1" ? "[1-9][0-9]?" : members.joined(separator: "|")
        return rawValue.replacing(".", with: "\\.").replacing("@", with: "(\(group))")
            .replacing("#", with: "(\(group))")
    }

    /// The levels or numbers that the contract allows; empty for a family of one stage.
    var members: [String] {
        switch self {
        case .backbone, .lateral, .merged, .pyramid: (2...5).map(String.init)
        case .topDown: (2...4).map(String.init)
        case _ where rawValue.contains("@"): (2...9).map { "p\($0)" } + ["c4", "c5"]
        case _ where rawValue.contains("#"): (1...99).map(String.init)
        default: []
        }
    }
}

extension Stage {
    /// The family that the stage belongs to; nil if the contract has no such name.
    public var family: StageFamily? { StageFamily.found[name]?.family }

    /// The level in the stage's name, such as `p3`; nil if the name has none.
    public var level: String? {
        guard let found = StageFamily.found[name], found.family.rawValue.contains("@") else { return nil }
        return found.member
    }

    /// The number in the stage's name or level: 3 for `backbone.c3` and `anchors.p3`; 0 if there is none.
    public var number: Int {
        guard let member = StageFamily.found[name]?.member else { return 0 }
        return Int(member.drop { $0.isLetter }) ?? 0
    }

    /// Whether the contract has a stage of this name.
    public var isInContract: Bool { family != nil }
}

extension StageFamily {
    /// The family of every name in the contract, with its level or number.
    fileprivate static let found: [String: (family: StageFamily, member: String)] = {
        var found: [String: (family: StageFamily, member: String)] = [:]
        for family in allCases {
            if family.members.isEmpty { found[family.rawValue] = (family, "") }
            for member in family.members { found[family.name(of: member)] = (family, member) }
        }
        return found
    }()
}

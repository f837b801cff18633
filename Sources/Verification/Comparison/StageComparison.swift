import Formats
import Inference

/// What comparing a stage came to. The raw values are for people and for JSON.
package enum Verdict: String, Sendable, CaseIterable {
    /// Within tolerance.
    case equal
    /// Beyond tolerance, or rows come and go without a threshold near.
    case differs
    /// The two have other shapes.
    case shape
    /// Elements of a type that cannot be read.
    case elementType = "dtype"
    /// A NaN or an infinity where the other side has something else.
    case notFinite = "not finite"
    /// The candidate lacks it.
    case missing
    /// The reference lacks it: nothing to compare with.
    case extra
    /// In isolation: beyond tolerance on the candidate's own inputs, so the error is made in this stage.
    case madeHere = "made here"
    /// In isolation: right for its inputs, but these differ from the reference's.
    case inherited
    /// In isolation: the candidate lacks an input of it, or has it in a shape that the model cannot take.
    case notRun = "not run"

    /// Whether the candidate is wrong there.
    package var isFailure: Bool {
        switch self {
        case .equal, .extra, .notRun: false
        case .differs, .shape, .elementType, .notFinite, .missing, .madeHere, .inherited: true
        }
    }
}

/// The element of a stage with the largest error.
package struct WorstElement: Sendable, Equatable {
    /// Where it is: image position, channel, anchor, class.
    package let name: String
    /// Row-major index into the reference's tensor.
    package let index: Int
    /// The same for the candidate's: another one where rows are paired.
    package let candidateIndex: Int
    /// What the reference has.
    package let reference: Double
    /// What the candidate has.
    package let candidate: Double
}

/// One stage of two bundles, compared.
package struct StageComparison: Sendable {
    /// Which stage.
    package let stage: Stage
    /// What it came to.
    package internal(set) var verdict: Verdict
    /// Of the reference; nil when it lacks the stage.
    package internal(set) var referenceShape: [Int]?
    /// Of the candidate; nil when it lacks the stage.
    package internal(set) var candidateShape: [Int]?
    /// What the reference's elements are.
    package internal(set) var referenceType: ElementType?
    /// What the candidate's elements are.
    package internal(set) var candidateType: ElementType?
    /// The numbers; nil when shapes forbid comparing them.
    package internal(set) var measures: TensorComparison?
    /// Where the error is largest.
    package internal(set) var worst: WorstElement?
    /// The largest relative error that passes.
    package internal(set) var tolerance: Double?
    /// For selected rows.
    package internal(set) var rows: RowCounts?
    /// Rows without a partner, for a stage with a row for each proposal, detection or instance.
    package internal(set) var unpairedRows = 0
    /// For masks.
    package internal(set) var masks: MaskComparison?
    /// For keypoints.
    package internal(set) var keypoints: KeypointComparison?
    /// In isolation: the relative error against the reference bundle, end to end.
    package internal(set) var endToEndError: Double?
    /// What else there is to say, one line each.
    package internal(set) var notes: [String] = []

    /// The smallest tolerance with which the numbers would pass; nil when no tolerance would do.
    package var passesAt: Double? {
        guard verdict != .elementType, measures?.notFiniteMismatches ?? 0 == 0 else { return nil }
        if let masks { return 1 - masks.meanOverlap }
        guard let error = measures?.relativeError, error.isFinite else { return nil }
        return error
    }

    init(stage: Stage, verdict: Verdict = .equal, reference: StageTensor?, candidate: StageTensor?) {
        self.stage = stage
        self.verdict = verdict
        referenceShape = reference?.shape
        candidateShape = candidate?.shape
        referenceType = reference?.type
        candidateType = candidate?.type
    }

    /// A stage that one side lacks.
    init(stage: Stage, referenceShape: [Int]?, candidateShape: [Int]?) {
        self.stage = stage
        verdict = candidateShape == nil ? .missing : .extra
        self.referenceShape = referenceShape
        self.candidateShape = candidateShape
    }
}

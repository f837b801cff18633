import Formats
import Inference

/// The result of comparing a stage. The raw values are used in reports and JSON.
package enum Verdict: String, Sendable, CaseIterable {
    /// Within tolerance.
    case equal
    /// Beyond tolerance, or rows come and go that are not near a threshold.
    case differs
    /// The shapes differ.
    case shape
    /// The element type cannot be read.
    case elementType = "dtype"
    /// A NaN or an infinity where the other side has another value.
    case notFinite = "not finite"
    /// The candidate lacks the stage.
    case missing
    /// The reference lacks the stage, so that there is nothing to compare with.
    case extra
    /// In isolation: beyond tolerance on the candidate's own inputs, so the error is made in this stage.
    case madeHere = "made here"
    /// In isolation: correct for its inputs, which differ from the reference's.
    case inherited
    /// In isolation: the candidate lacks an input of the stage, or the input has a shape that does not fit
    /// the model.
    case notRun = "not run"

    /// Whether the candidate's stage is wrong or missing.
    package var isFailure: Bool {
        switch self {
        case .equal, .extra, .notRun: false
        case .differs, .shape, .elementType, .notFinite, .missing, .madeHere, .inherited: true
        }
    }
}

/// The element of a stage with the largest error.
package struct WorstElement: Sendable, Equatable {
    /// Its meaning: image position, channel, anchor, class.
    package let name: String
    /// The row-major index in the reference's tensor.
    package let index: Int
    /// The row-major index in the candidate's tensor, which differs where rows are paired.
    package let candidateIndex: Int
    /// The reference's value.
    package let reference: Double
    /// The candidate's value.
    package let candidate: Double
}

/// The comparison of one stage of two bundles.
package struct StageComparison: Sendable {
    /// The stage.
    package let stage: Stage
    /// The result.
    package internal(set) var verdict: Verdict
    /// The shape in the reference; nil when it lacks the stage.
    package internal(set) var referenceShape: [Int]?
    /// The shape in the candidate; nil when it lacks the stage.
    package internal(set) var candidateShape: [Int]?
    /// The element type of the reference.
    package internal(set) var referenceType: ElementType?
    /// The element type of the candidate.
    package internal(set) var candidateType: ElementType?
    /// The errors; nil when the shapes do not allow a comparison.
    package internal(set) var measures: TensorComparison?
    /// The element with the largest error.
    package internal(set) var worst: WorstElement?
    /// The largest relative error that passes.
    package internal(set) var tolerance: Double?
    /// The statistics of selected rows; nil for other stages.
    package internal(set) var rows: RowCounts?
    /// The number of rows without a partner, for a stage with one row per proposal, detection or instance.
    package internal(set) var unpairedRows = 0
    /// The comparison of masks; nil for other stages.
    package internal(set) var masks: MaskComparison?
    /// The comparison of keypoints; nil for other stages.
    package internal(set) var keypoints: KeypointComparison?
    /// In isolation: the relative error against the reference bundle, end to end.
    package internal(set) var endToEndError: Double?
    /// Further remarks, one line each.
    package internal(set) var notes: [String] = []

    /// The smallest tolerance with which the numbers would pass; nil when they fail at any tolerance.
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

    /// The comparison of a stage that one side lacks.
    init(stage: Stage, referenceShape: [Int]?, candidateShape: [Int]?) {
        self.stage = stage
        verdict = candidateShape == nil ? .missing : .extra
        self.referenceShape = referenceShape
        self.candidateShape = candidateShape
    }
}

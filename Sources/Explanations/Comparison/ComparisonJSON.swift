import Foundation
import Inference
import Verification

/// A comparison as JSON:
///
///     {"firstDivergence": name or null,
///      "stages": [{"name", "verdict", …}],
///      "causes": [{"cause", "stage", "explains"}]}
///
/// Stages are in data-flow order. Numbers that are absent or not finite are null.
package struct ComparisonJSON: Encodable {
    private let report: ComparisonReport

    /// The JSON of a report.
    package init(_ report: ComparisonReport) { self.report = report }

    /// The JSON text, with keys in alphabetical order.
    package func text() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    private enum Keys: String, CodingKey { case firstDivergence, stages, causes }

    /// Encodes exactly the three keys above.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        // Encodes nil as null, which `encodeIfPresent` would omit.
        try container.encode(report.firstDivergence?.name, forKey: .firstDivergence)
        try container.encode(report.stages.map(StageJSON.init), forKey: .stages)
        try container.encode(report.causes.map(CauseJSON.init), forKey: .causes)
    }
}

private struct CauseJSON: Encodable {
    let cause: String
    let stage: String
    let explains: Double

    init(_ cause: Cause) {
        self.cause = cause.name
        stage = cause.stage.name
        explains = cause.explains
    }
}

private struct StageJSON: Encodable {
    let name: String
    let verdict: String
    let shape: [Int]?
    let candidateShape: [Int]?
    let dtype: String?
    let candidateDtype: String?
    let maximumError: Double?
    let meanError: Double?
    let relativeError: Double?
    let percentile99: Double?
    let cosine: Double?
    let tolerance: Double?
    let passesAt: Double?
    let endToEndError: Double?
    let notFinite: Int?
    let worst: Worst?
    let rows: Rows?
    let unpairedRows: Int
    let masks: Masks?
    let keypoints: Keypoints?
    let notes: [String]

    struct Worst: Encodable {
        let element: String
        let index: Int
        let reference: Double?
        let candidate: Double?
    }

    struct Rows: Encodable {
        let paired, unmatchedReference, unmatchedCandidate, reordered, ties: Int
        let flipsAtScore, flipsAtOverlap, flipsAtCut: Int
    }

    struct Masks: Encodable {
        let meanOverlap, smallestOverlap, meanBoundaryDistance, largestBoundaryDistance: Double
        let differingPixels: Int
    }

    struct Keypoints: Encodable {
        let meanDistance, largestDistance: Double
        let near, count: Int
    }

    init(_ stage: StageComparison) {
        func finite(_ number: Double?) -> Double? { number.flatMap { $0.isFinite ? $0 : nil } }
        name = stage.stage.name
        verdict = stage.verdict.rawValue
        shape = stage.referenceShape
        candidateShape = stage.candidateShape
        dtype = stage.referenceType?.rawValue
        candidateDtype = stage.candidateType?.rawValue
        let measures = stage.measures
        maximumError = finite(measures?.maximumError)
        meanError = finite(measures?.meanError)
        relativeError = finite(measures?.relativeError)
        percentile99 = finite(measures?.percentile99)
        cosine = finite(measures?.cosine)
        tolerance = stage.tolerance
        passesAt = finite(stage.passesAt)
        endToEndError = finite(stage.endToEndError)
        notFinite = measures.map { $0.candidateNotFinite.count }
        worst = stage.worst.map {
            Worst(
                element: $0.name, index: $0.index, reference: finite($0.reference),
                candidate: finite($0.candidate))
        }
        rows = stage.rows.map {
            Rows(
                paired: $0.paired, unmatchedReference: $0.unmatchedReference,
                unmatchedCandidate: $0.unmatchedCandidate, reordered: $0.reordered, ties: $0.ties,
                flipsAtScore: $0.flipsAtScore, flipsAtOverlap: $0.flipsAtOverlap, flipsAtCut: $0.flipsAtCut)
        }
        unpairedRows = stage.unpairedRows
        masks = stage.masks.map {
            Masks(
                meanOverlap: $0.meanOverlap, smallestOverlap: $0.smallestOverlap,
                meanBoundaryDistance: $0.meanBoundaryDistance,
                largestBoundaryDistance: $0.largestBoundaryDistance, differingPixels: $0.differingPixels)
        }
        keypoints = stage.keypoints.map {
            Keypoints(
                meanDistance: $0.meanDistance, largestDistance: $0.largestDistance, near: $0.nearCount,
                count: $0.count)
        }
        notes = stage.remarks
    }
}

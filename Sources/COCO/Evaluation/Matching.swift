// Which detections of a group are true positives? For each area range and each IoU threshold:
//
//     1. Objects are ignored if they are crowds, outside the range, or, where keypoints are compared, have no
//        labelled ones. They are considered last.
//     2. Detections are matched in descending order of score. Each is matched to the object with the highest
//        IoU among those not matched yet, if the IoU reaches the threshold; among equal ones to the last. It
//        is matched to an ignored object only if no other qualifies. A crowd can be matched any number of
//        times.
//     3. A detection is right (a true positive) if it has an object, wrong (a false positive) if it has none,
//        and ignored if its object is, or if it has none and is itself outside the range.

/// Whether a detection is a true positive, a false positive, or ignored.
enum Outcome: UInt8 {
    case right, wrong, ignored
}

/// The outcomes of a group's detections, for each area range and threshold.
struct MatchedGroup: Sendable {
    /// The index of the category in ``Groups/categories``.
    let category: Int
    /// The scores of the detections, descending.
    let scores: [Double]
    /// The number of objects that are not ignored, for each area range.
    let truthCounts: [Int]
    /// `[area ranges, thresholds, detections]`, row-major.
    private let outcomes: [Outcome]

    init(
        _ group: Group, dataset: Dataset, results: Results, kind: EvaluationKind,
        parameters: EvaluationParameters, measurement: Measurement
    ) throws {
        category = group.category
        scores = group.detections.map { results.detections[$0].score }
        let areas = try measurement.areas(group)
        let overlaps = try measurement.overlaps(group)
        let truths = group.truths.map { position in
            let truth = dataset.annotations[position]
            return Truth(
                area: truth.area, isCrowd: truth.isCrowd,
                isIgnored: truth.isCrowd || (kind == .keypoints && truth.keypointCount == 0),
                isCounted: truth.id != 0)
        }
        var outcomes: [Outcome] = [], truthCounts: [Int] = []
        outcomes.reserveCapacity(
            parameters.areaRanges.count * parameters.overlapThresholds.count * scores.count)
        for range in parameters.areaRanges {
            var matching = Matching(truths: truths, areas: areas, overlaps: overlaps, limits: range.limits)
            truthCounts.append(matching.truthCount)
            for threshold in parameters.overlapThresholds {
                matching.run(threshold: threshold, outcomes: &outcomes)
            }
        }
        self.outcomes = outcomes
        self.truthCounts = truthCounts
    }

    /// The outcomes of the detections, best first. `setting` is range · number of thresholds + threshold.
    func outcomes(setting: Int) -> ArraySlice<Outcome> {
        outcomes[setting * scores.count..<(setting + 1) * scores.count]
    }
}

/// The properties of an object that matching depends on.
private struct Truth {
    let area: Double
    let isCrowd: Bool
    /// Whether it is ignored in every area range.
    let isIgnored: Bool
    /// COCO's tools record the id of the matched object, and 0 for none, so a detection matched to an object
    /// with id 0 counts as a false positive. This reproduces it.
    let isCounted: Bool
}

/// The detections and objects of a group in one area range.
private struct Matching {
    private let truths: [Truth]
    private let overlaps: OverlapTable?
    /// Whether each object is ignored.
    private let isIgnored: [Bool]
    /// Whether each detection is ignored if it has no object.
    private let isOutside: [Bool]
    /// The indices of the objects, ignored ones last.
    private let order: [Int]
    /// Whether each object has been matched.
    private var isTaken: [Bool]

    init(truths: [Truth], areas: [Double], overlaps: OverlapTable?, limits: ClosedRange<Double>) {
        self.truths = truths
        self.overlaps = overlaps
        // Compared as in COCO's tools: a NaN area lies in every range.
        let isIgnored = truths.map {
            $0.isIgnored || $0.area < limits.lowerBound || $0.area > limits.upperBound
        }
        self.isIgnored = isIgnored
        isOutside = areas.map { !limits.contains($0) }
        order = truths.indices.filter { !isIgnored[$0] } + truths.indices.filter { isIgnored[$0] }
        isTaken = Array(repeating: false, count: truths.count)
    }

    /// The number of objects that are not ignored.
    var truthCount: Int { isIgnored.count { !$0 } }

    /// Matches all detections at one threshold and appends their outcomes.
    mutating func run(threshold: Double, outcomes: inout [Outcome]) {
        for index in isTaken.indices { isTaken[index] = false }
        for detection in isOutside.indices {
            guard let truth = choice(detection, threshold) else {
                outcomes.append(isOutside[detection] ? .ignored : .wrong)
                continue
            }
            isTaken[truth] = true
            if isIgnored[truth] {
                outcomes.append(.ignored)
            } else if truths[truth].isCounted {
                outcomes.append(.right)
            } else {
                outcomes.append(isOutside[detection] ? .ignored : .wrong)
            }
        }
    }

    /// The index of the object that a detection is matched to; nil if there is none.
    private func choice(_ detection: Int, _ threshold: Double) -> Int? {
        guard let overlaps else { return nil }
        var best = min(threshold, 1 - 1e-10)
        var chosen: Int?
        for truth in order {
            if isTaken[truth] && !truths[truth].isCrowd { continue }
            if let chosen, isIgnored[truth], !isIgnored[chosen] { break }
            let overlap = overlaps[detection, truth]
            if overlap < best { continue }
            best = overlap
            chosen = truth
        }
        return chosen
    }
}

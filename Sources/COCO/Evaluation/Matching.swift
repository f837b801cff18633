// Which detections of a group are right? For each range of sizes and each threshold of overlap:
//
//     1. Objects are ignored when they are crowds, or outside of the range, or, where keypoints are compared,
//        have none labelled. They are considered last.
//     2. Detections choose in the order of their scores. Each takes the object that it overlaps most among those
//        not taken yet, if the overlap reaches the threshold; of equal ones the last. It takes an ignored object
//        only if it can have no other. A crowd can be taken any number of times.
//     3. A detection is right when it has an object, wrong when it has none, and ignored when its object is, or
//        when it has none and is itself outside of the range.

/// What became of a detection.
enum Outcome: UInt8 {
    case right, wrong, ignored
}

/// What became of the detections of a group.
struct MatchedGroup: Sendable {
    /// The position of the category.
    let category: Int
    /// The scores of the detections, descending.
    let scores: [Double]
    /// How many objects count: one number for each range of sizes.
    let truthCounts: [Int]
    /// What became of each detection: `[ranges, thresholds, detections]`.
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

    /// What became of the detections, best first; `setting` counts thresholds within ranges.
    func outcomes(setting: Int) -> ArraySlice<Outcome> {
        outcomes[setting * scores.count..<(setting + 1) * scores.count]
    }
}

/// What matching asks of an object.
private struct Truth {
    let area: Double
    let isCrowd: Bool
    /// Whether it is ignored whatever the range of sizes.
    let isIgnored: Bool
    /// COCO's tools note the id of the object that a detection took, and 0 for none: a detection that took an
    /// object of id 0 is in their eyes wrong. Their numbers are wanted here, so it is so here too.
    let isCounted: Bool
}

/// The detections and objects of a group in one range of sizes.
private struct Matching {
    private let truths: [Truth]
    private let overlaps: OverlapTable?
    /// Whether an object is ignored.
    private let isIgnored: [Bool]
    /// Whether a detection without an object is ignored.
    private let isOutside: [Bool]
    /// The objects, ignored ones last.
    private let order: [Int]
    /// Whether an object has been taken.
    private var isTaken: [Bool]

    init(truths: [Truth], areas: [Double], overlaps: OverlapTable?, limits: ClosedRange<Double>) {
        self.truths = truths
        self.overlaps = overlaps
        // Asked in COCO's way, so that an area that is no number lies in every range.
        let isIgnored = truths.map {
            $0.isIgnored || $0.area < limits.lowerBound || $0.area > limits.upperBound
        }
        self.isIgnored = isIgnored
        isOutside = areas.map { !limits.contains($0) }
        order = truths.indices.filter { !isIgnored[$0] } + truths.indices.filter { isIgnored[$0] }
        isTaken = Array(repeating: false, count: truths.count)
    }

    /// How many objects are not ignored.
    var truthCount: Int { isIgnored.count { !$0 } }

    /// Appends what becomes of each detection.
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

    /// The object that a detection takes.
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

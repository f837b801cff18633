import Execution

/// Precision at fixed recalls, and the largest recall, for every setting. The axes are:
///
///     T  IoU thresholds              A  area ranges
///     R  recall thresholds           M  limits of detections per image
///     K  categories, by ascending id
///
/// Values are −1 for a category without objects in an area range.
public struct PrecisionRecall: Hashable, Sendable {
    /// `[T, R, K, A, M]`: the largest precision at that recall or above; 0 beyond the largest recall.
    public fileprivate(set) var precision: [Double]
    /// `[T, K, A, M]`: the fraction of the objects that was found.
    public fileprivate(set) var recall: [Double]
    /// The lengths of the axes: T, R, K, A, M.
    public let counts: [Int]

    /// The precision at one recall threshold; the arguments are indices along the axes.
    public func precision(threshold: Int, recall: Int, category: Int, area: Int, limit: Int) -> Double {
        precision[offset(threshold, recall, category, area, limit)]
    }

    /// The largest recall; the arguments are indices along the axes.
    public func recall(threshold: Int, category: Int, area: Int, limit: Int) -> Double {
        self.recall[offset(threshold, category, area, limit)]
    }

    fileprivate init(counts: [Int]) {
        self.counts = counts
        let cells = counts.reduce(1, *)
        precision = Array(repeating: -1, count: cells)
        recall = Array(repeating: -1, count: cells / max(counts[1], 1))
    }

    private func offset(_ threshold: Int, _ recall: Int, _ category: Int, _ area: Int, _ limit: Int) -> Int {
        (((threshold * counts[1] + recall) * counts[2] + category) * counts[3] + area) * counts[4] + limit
    }

    private func offset(_ threshold: Int, _ category: Int, _ area: Int, _ limit: Int) -> Int {
        ((threshold * counts[2] + category) * counts[3] + area) * counts[4] + limit
    }

    fileprivate mutating func insert(_ curve: ReadCurve, threshold: Int, category: Int, area: Int, limit: Int)
    {
        recall[offset(threshold, category, area, limit)] = curve.recall
        for index in curve.precisions.indices {
            let offset = offset(threshold, index, category, area, limit)
            precision[offset] = curve.precisions[index]
        }
    }
}

// MARK: - Accumulation

// The detections of a category from all images are sorted into one row, best first. Along the row, precision
// is the fraction of the detections so far that are true positives, and recall the fraction of the objects
// found.

extension PrecisionRecall {
    /// - Parameter groups: sorted by category, then by image.
    init(groups: [MatchedGroup], categoryCount: Int, parameters: EvaluationParameters) {
        let thresholds = parameters.overlapThresholds.count, limits = parameters.detectionLimits
        let ranges = parameters.areaRanges.count
        self.init(counts: [
            thresholds, parameters.recallThresholds.count, categoryCount, ranges, limits.count,
        ])
        var members = [[MatchedGroup]](repeating: [], count: categoryCount)
        for group in groups { members[group.category].append(group) }
        let ofCategory = members
        let rows = parallelMap(categoryCount) { Row(ofCategory[$0]) }
        let curves = parallelMap(categoryCount * ranges) { task in
            let (category, range) = (task / ranges, task % ranges)
            return (0..<thresholds).map { threshold in
                rows[category].curves(
                    range: range, setting: range * thresholds + threshold, limits: limits
                ).map { ReadCurve($0, at: parameters.recallThresholds) }
            }
        }
        for (task, ofRange) in curves.enumerated() {
            for (threshold, ofThreshold) in ofRange.enumerated() {
                for (limit, curve) in ofThreshold.enumerated() {
                    insert(
                        curve, threshold: threshold, category: task / ranges, area: task % ranges,
                        limit: limit
                    )
                }
            }
        }
    }
}

/// The numbers kept of a curve: its largest recall, and the precisions at the recall thresholds.
private struct ReadCurve {
    let recall: Double
    let precisions: [Double]

    init(_ curve: PrecisionCurve, at recalls: [Double]) {
        recall = curve.recalls.last ?? 0
        precisions = curve.precisions(at: recalls)
    }
}

/// The detections of a category from all images, sorted by score.
private struct Row {
    private struct Place {
        let score: Double
        /// The index of the group, and of the detection in it.
        let group: Int32
        let rank: Int32
        /// The index before sorting, which decides between equal scores.
        let position: Int32
    }

    private let groups: [MatchedGroup]
    private let places: [Place]

    init(_ groups: [MatchedGroup]) {
        self.groups = groups
        var places: [Place] = []
        for (index, group) in groups.enumerated() {
            for (rank, score) in group.scores.enumerated() {
                places.append(
                    Place(
                        score: score, group: Int32(index), rank: Int32(rank), position: Int32(places.count)))
            }
        }
        places.sort { ($1.score, $0.position) < ($0.score, $1.position) }
        self.places = places
    }

    /// The curves for all limits of detections per image; empty for a category without objects in the area
    /// range.
    func curves(range: Int, setting: Int, limits: [Int]) -> [PrecisionCurve] {
        let truthCount = groups.reduce(0) { $0 + $1.truthCounts[range] }
        if truthCount == 0 { return [] }
        let outcomes = groups.map { $0.outcomes(setting: setting) }
        return limits.map { limit in
            let row = places.lazy.filter { $0.rank < limit }.map { place in
                let ofGroup = outcomes[Int(place.group)]
                return ofGroup[ofGroup.startIndex + Int(place.rank)]
            }
            return PrecisionCurve(row, truthCount: truthCount)
        }
    }
}

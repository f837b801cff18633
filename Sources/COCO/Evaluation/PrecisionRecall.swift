import Execution

/// Precision at fixed recalls, and the largest recall, for every setting. The axes are
///
///     T  thresholds of overlap       A  ranges of sizes
///     R  recalls                     M  limits of detections a picture
///     K  categories, by ascending id
///
/// and the numbers −1 for a category without objects of a size.
public struct PrecisionRecall: Hashable, Sendable {
    /// `[T, R, K, A, M]`: the largest precision at that recall or a larger one; 0 beyond the largest recall.
    public fileprivate(set) var precision: [Double]
    /// `[T, K, A, M]`: the part of the objects that was found.
    public fileprivate(set) var recall: [Double]
    /// T, R, K, A, M.
    public let counts: [Int]

    /// The precision at one recall.
    public func precision(threshold: Int, recall: Int, category: Int, area: Int, limit: Int) -> Double {
        precision[offset(threshold, recall, category, area, limit)]
    }

    /// The largest recall.
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

// The detections of a category from all pictures are put in one row, best first. Going along the row, precision
// is the part of the detections so far that is right, and recall the part of the objects that they have found.

extension PrecisionRecall {
    /// - Parameter groups: sorted by category, and then by picture.
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

/// What stays of a curve once it is read off.
private struct ReadCurve {
    let recall: Double
    let precisions: [Double]

    init(_ curve: PrecisionCurve, at recalls: [Double]) {
        recall = curve.recalls.last ?? 0
        precisions = curve.precisions(at: recalls)
    }
}

/// The detections of a category from all pictures.
private struct Row {
    private struct Place {
        let score: Double
        /// The position of the group, and of the detection in it.
        let group: Int32
        let rank: Int32
        /// The position before sorting, which decides between equal scores.
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

    /// The curves for all limits of detections a picture; none for a category without objects of the size.
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

import Geometry

// Which object each candidate box stands for (Faster R-CNN, section 3.1.2; Mask R-CNN, section 3.1):
//
// 1. A candidate belongs to the object that it overlaps most.
// 2. If that overlap reaches the upper threshold, the candidate is the object's; below the lower one it is
//    background; between the two it is ignored.
// 3. Low-quality matches, for anchors: every object also gets the candidates that overlap it most, whatever
//    the thresholds say, so that no object is without an anchor. Such a candidate keeps the object of step 1,
//    as in torchvision and detectron2.
// 4. Background that lies in a crowd region is ignored: there are objects in there, only not one by one.

/// What one candidate stands for.
package enum BoxMatch: Hashable, Sendable {
    /// The object of that index.
    case object(Int)
    /// No object.
    case background
    /// Neither: nothing is to be learnt from it.
    case ignored
}

/// The thresholds of matching.
public struct BoxMatcher: Hashable, Codable, Sendable {
    /// From this overlap on, a candidate is the object's.
    package var objectOverlap: Float
    /// Below this overlap, a candidate is background.
    package var backgroundOverlap: Float
    /// Whether every object gets its best candidates, however little these overlap it.
    package var allowsLowQuality: Bool

    /// A matcher.
    package init(objectOverlap: Float, backgroundOverlap: Float, allowsLowQuality: Bool) {
        self.objectOverlap = objectOverlap
        self.backgroundOverlap = backgroundOverlap
        self.allowsLowQuality = allowsLowQuality
    }

    /// Anchors of a region proposal network: 0.7, 0.3, low quality allowed.
    package static let anchors = BoxMatcher(
        objectOverlap: 0.7, backgroundOverlap: 0.3, allowsLowQuality: true)
    /// Proposals of the box head: 0.5 for both.
    package static let proposals = BoxMatcher(
        objectOverlap: 0.5, backgroundOverlap: 0.5, allowsLowQuality: false)

    /// How much of a box must lie in a crowd region for it to be ignored rather than background.
    static let crowdShare: Float = 0.5

    /// Matches every candidate.
    /// - Parameters:
    ///   - candidates: anchors or proposals, in the frame of the objects.
    ///   - objects: boxes of single objects.
    ///   - crowds: boxes of crowd regions.
    /// - Returns: one match a candidate, in order. Takes time candidates × objects.
    package func callAsFunction(
        _ candidates: some Collection<Box>, with objects: [Box], crowds: [Box] = []
    ) -> [BoxMatch] {
        var matches: [BoxMatch] = []
        matches.reserveCapacity(candidates.count)
        // For low-quality matches: each candidate's best object, and each object's best overlap with the
        // candidates that have it.
        var favourites: [Int] = []
        var bestOverlaps = Array(repeating: Float(0), count: objects.count)
        var bestCandidates = Array(repeating: [Int](), count: objects.count)
        for (index, candidate) in candidates.enumerated() {
            var favourite = 0
            var overlap: Float = -1
            for (object, box) in objects.enumerated() {
                let candidateOverlap = candidate.overlap(with: box)
                if candidateOverlap > overlap { (favourite, overlap) = (object, candidateOverlap) }
                guard allowsLowQuality, candidateOverlap > 0, candidateOverlap >= bestOverlaps[object] else {
                    continue
                }
                if candidateOverlap > bestOverlaps[object] {
                    bestOverlaps[object] = candidateOverlap
                    bestCandidates[object].removeAll(keepingCapacity: true)
                }
                bestCandidates[object].append(index)
            }
            favourites.append(favourite)
            if overlap >= objectOverlap {
                matches.append(.object(favourite))
            } else if overlap < backgroundOverlap {
                matches.append(candidate.isMostlyInside(anyOf: crowds) ? .ignored : .background)
            } else {
                matches.append(.ignored)
            }
        }
        for best in bestCandidates {
            for candidate in best { matches[candidate] = .object(favourites[candidate]) }
        }
        return matches
    }
}

extension Box {
    fileprivate func isMostlyInside(anyOf crowds: [Box]) -> Bool {
        crowds.contains { intersection(with: $0) > BoxMatcher.crowdShare * area }
    }
}

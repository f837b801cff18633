import Geometry

// Matching candidate boxes to objects (Faster R-CNN, section 3.1.2; Mask R-CNN, section 3.1):
//
// 1. A candidate's best object is the one with which it has the largest IoU.
// 2. If that IoU reaches the upper threshold, the candidate is matched to the object; below the lower threshold it is
//    background; between the two it is ignored.
// 3. Low-quality matches, for anchors: the candidates with the largest IoU with each object are matched whatever the
//    thresholds, so that every object has an anchor. Such a candidate is matched to its own best object from step 1, as
//    in torchvision and detectron2.
// 4. Background inside a crowd region is ignored: there are objects in it, which are not annotated individually.

/// What a candidate is matched to.
package enum BoxMatch: Hashable, Sendable {
    /// The object with this index.
    case object(Int)
    /// Background: no object.
    case background
    /// Neither: the candidate does not contribute to the loss.
    case ignored
}

/// Matches candidate boxes to objects by thresholds on the IoU.
public struct BoxMatcher: Hashable, Codable, Sendable {
    /// The smallest IoU at which a candidate is matched to its best object.
    package var objectOverlap: Float
    /// Candidates whose largest IoU is below this are background.
    package var backgroundOverlap: Float
    /// Whether the candidates with the largest IoU with an object are matched whatever that IoU is, if above 0.
    package var allowsLowQuality: Bool

    /// A matcher with the given thresholds.
    package init(objectOverlap: Float, backgroundOverlap: Float, allowsLowQuality: Bool) {
        self.objectOverlap = objectOverlap
        self.backgroundOverlap = backgroundOverlap
        self.allowsLowQuality = allowsLowQuality
    }

    /// For anchors of a region proposal network: 0.7, 0.3, with low-quality matches.
    package static let anchors = BoxMatcher(
        objectOverlap: 0.7, backgroundOverlap: 0.3, allowsLowQuality: true)
    /// For proposals of the box head: 0.5 for both, without low-quality matches.
    package static let proposals = BoxMatcher(
        objectOverlap: 0.5, backgroundOverlap: 0.5, allowsLowQuality: false)

    /// A background box is ignored if more than this fraction of its area lies in a crowd region.
    static let crowdShare: Float = 0.5

    /// Matches candidates to objects.
    /// - Parameters:
    ///   - candidates: anchors or proposals, in the coordinates of the objects.
    ///   - objects: boxes of single objects.
    ///   - crowds: boxes of crowd regions.
    /// - Returns: one match per candidate, in order. Takes time proportional to candidates × objects.
    package func callAsFunction(
        _ candidates: some Collection<Box>, with objects: [Box], crowds: [Box] = []
    ) -> [BoxMatch] {
        var matches: [BoxMatch] = []
        matches.reserveCapacity(candidates.count)
        // For low-quality matches: each candidate's best object, and each object's largest IoU with the candidates that
        // have it.
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

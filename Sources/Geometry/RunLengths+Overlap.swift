// Set operations on masks of one image, computed on their runs: time is proportional to the number of runs,
// not to the number of pixels.

extension RunLengths {
    /// The number of pixels that are set in both masks.
    public func intersectionArea(with other: RunLengths) -> Int {
        var shared = 0
        forEachCommonRun(with: other) { length, ours, theirs in
            if ours && theirs { shared += length }
        }
        return shared
    }

    /// Intersection over union (IoU); 0 when both masks are empty.
    public func overlap(with other: RunLengths) -> Double {
        let shared = intersectionArea(with: other)
        return shared == 0 ? 0 : Double(shared) / Double(area + other.area - shared)
    }

    /// COCO's overlap with a crowd: the intersection divided by this mask's own area, since a crowd region
    /// contains many objects and one detection need not cover it. 0 for an empty mask.
    public func overlap(withCrowd crowd: RunLengths) -> Double {
        let shared = intersectionArea(with: crowd)
        return shared == 0 ? 0 : Double(shared) / Double(area)
    }

    /// The pixels that are set in at least one of the masks.
    public func union(with other: RunLengths) -> RunLengths { merged(with: other) { $0 || $1 } }

    /// The pixels that are set in both masks.
    public func intersection(with other: RunLengths) -> RunLengths { merged(with: other) { $0 && $1 } }

    private func merged(
        with other: RunLengths, isSet: (_ ours: Bool, _ theirs: Bool) -> Bool
    ) -> RunLengths {
        var flips: [Int] = []
        var position = 0, last = false
        forEachCommonRun(with: other) { length, ours, theirs in
            let value = isSet(ours, theirs)
            // Empty runs leave two flips at one position, which cancel out.
            if value != last { flips.append(position) }
            last = value
            position += length
        }
        return RunLengths(uncheckedSize: size, flips: flips)
    }

    /// Splits both masks into runs in which neither changes, and calls `body` with each run's length and the
    /// two values.
    private func forEachCommonRun(
        with other: RunLengths, _ body: (_ length: Int, _ ours: Bool, _ theirs: Bool) -> Void
    ) {
        precondition(size == other.size, "masks of pictures of \(size) and \(other.size)")
        guard var ourRest = counts.first, var theirRest = other.counts.first else { return }
        var ours = 0, theirs = 0
        while true {
            let length = min(ourRest, theirRest)
            body(Int(length), ours % 2 == 1, theirs % 2 == 1)
            ourRest -= length
            theirRest -= length
            if ourRest == 0 {
                ours += 1
                if ours == counts.count { return }
                ourRest = counts[ours]
            }
            if theirRest == 0 {
                theirs += 1
                if theirs == other.counts.count { return }
                theirRest = other.counts[theirs]
            }
        }
    }
}

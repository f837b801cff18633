/// The distances between paired keypoints.
package struct KeypointComparison: Sendable, Equatable {
    /// The number of keypoints compared.
    package internal(set) var count = 0
    /// The largest distance, in pixels of the image.
    package internal(set) var largestDistance = 0.0
    /// The mean distance, in pixels of the image.
    package internal(set) var meanDistance = 0.0
    /// The number of keypoints closer than ``near``.
    package internal(set) var nearCount = 0
    /// The number of keypoints with a coordinate that is not finite on one side.
    package internal(set) var notFinite = 0

    /// The distance below which keypoints count as equal, in pixels.
    package static let near = 0.1
    /// The largest distance that rounding explains, in pixels: a peak between two positions of a heat map may
    /// go to either.
    static let farthest = 2.0

    /// Whether rounding explains the distances: at least nine keypoints in ten are equal, none is farther
    /// than ``farthest``.
    package var isExplained: Bool {
        notFinite == 0 && largestDistance <= Self.farthest && Double(nearCount) >= 0.9 * Double(count)
    }
}

extension KeypointComparison {
    /// Compares keypoints `[rows, keypoints, 3]`: x, y, score.
    package init(
        reference: UnsafeBufferPointer<Float>, candidate: UnsafeBufferPointer<Float>, keypoints: Int,
        pairs: [RowPairing.Pair]
    ) {
        var sum = 0.0
        for pair in pairs {
            for keypoint in 0..<keypoints {
                let (a, b) = (
                    3 * (pair.reference * keypoints + keypoint), 3 * (pair.candidate * keypoints + keypoint)
                )
                let x = Double(reference[a]) - Double(candidate[b])
                let y = Double(reference[a + 1]) - Double(candidate[b + 1])
                let distance = (x * x + y * y).squareRoot()
                count += 1
                guard distance.isFinite else {
                    notFinite += 1
                    continue
                }
                sum += distance
                largestDistance = max(largestDistance, distance)
                if distance < Self.near { nearCount += 1 }
            }
        }
        if count > notFinite { meanDistance = sum / Double(count - notFinite) }
    }
}

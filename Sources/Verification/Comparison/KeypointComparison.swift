/// How far paired keypoints are apart.
package struct KeypointComparison: Sendable, Equatable {
    /// Keypoints compared.
    package internal(set) var count = 0
    /// The largest distance, in pixels of the picture.
    package internal(set) var largestDistance = 0.0
    /// The mean distance.
    package internal(set) var meanDistance = 0.0
    /// Keypoints closer than ``near``.
    package internal(set) var nearCount = 0
    /// Keypoints of which a coordinate is not finite on one side.
    package internal(set) var notFinite = 0

    /// What counts as the same place, in pixels.
    package static let near = 0.1
    /// A peak between two positions of a heat map may fall to either: so many pixels are no fault by themselves.
    static let farthest = 2.0

    /// Whether rounding explains the distances: nine keypoints in ten at the same place, none far from it.
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

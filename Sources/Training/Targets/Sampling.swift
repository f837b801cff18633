import Tensors

/// How many candidates the loss sees, and how many of these may be objects (Fast R-CNN, section 2.3).
///
/// Nearly all candidates are background. Without a quota, the loss would consist of that alone.
public struct BalancedSampler: Hashable, Codable, Sendable {
    /// Which candidates are taken when there are too many.
    package enum Order: String, Hashable, Codable, Sendable {
        /// At random.
        case random
        /// The first ones: to compare two implementations whose random numbers differ.
        case first
    }

    /// Candidates in all.
    package var count: Int
    /// The largest share of objects; background fills what they leave.
    package var objectShare: Double
    /// Which are taken when there are too many.
    package var order: Order

    /// A sampler.
    package init(count: Int, objectShare: Double, order: Order = .random) {
        self.count = count
        self.objectShare = objectShare
        self.order = order
    }

    /// Anchors: 256, half of them objects.
    package static let anchors = BalancedSampler(count: 256, objectShare: 0.5)
    /// Proposals of an FPN model: 512, a quarter of them objects. A C4 model takes 64.
    package static let proposals = BalancedSampler(count: 512, objectShare: 0.25)

    /// The candidates that the loss sees, in ascending order.
    package func callAsFunction(_ matches: [BoxMatch], using generator: inout SeededGenerator) -> [Int] {
        var objects: [Int] = []
        var background: [Int] = []
        for (index, match) in matches.enumerated() {
            switch match {
            case .object: objects.append(index)
            case .background: background.append(index)
            case .ignored: break
            }
        }
        let taken = select(Int(Double(count) * objectShare), from: objects, using: &generator)
        return (taken + select(count - taken.count, from: background, using: &generator)).sorted()
    }

    /// `count` of the candidates, or all if there are not more.
    func select(_ count: Int, from indices: [Int], using generator: inout SeededGenerator) -> [Int] {
        guard indices.count > count else { return indices }
        guard order == .random else { return Array(indices.prefix(count)) }
        // The first steps of a Fisher–Yates shuffle.
        var indices = indices
        for position in 0..<count {
            indices.swapAt(position, Int.random(in: position..<indices.count, using: &generator))
        }
        return Array(indices.prefix(count))
    }
}

import Tensors

/// Samples the candidates that contribute to the loss, with a limit on the fraction of objects (Fast R-CNN, section
/// 2.3).
///
/// Nearly all candidates are background, which would dominate the loss otherwise.
public struct BalancedSampler: Hashable, Codable, Sendable {
    /// Which candidates are taken if there are more than needed.
    package enum Order: String, Hashable, Codable, Sendable {
        /// Random ones.
        case random
        /// The first ones, to compare implementations whose random numbers differ.
        case first
    }

    /// Number of candidates to sample.
    package var count: Int
    /// The largest fraction of objects; background fills the rest.
    package var objectShare: Double
    /// Which candidates are taken if there are more than needed.
    package var order: Order

    /// A sampler of the given values.
    package init(count: Int, objectShare: Double, order: Order = .random) {
        self.count = count
        self.objectShare = objectShare
        self.order = order
    }

    /// For anchors: 256, at most half of them objects.
    package static let anchors = BalancedSampler(count: 256, objectShare: 0.5)
    /// For proposals of an FPN model: 512, at most a quarter of them objects. (C4 models use 64.)
    package static let proposals = BalancedSampler(count: 512, objectShare: 0.25)

    /// The indices of the sampled candidates, in ascending order.
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

    /// Takes `count` of the candidates, or all if there are no more.
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

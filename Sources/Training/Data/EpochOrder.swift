import Geometry
import Tensors

/// The examples of each batch: every epoch visits all examples once, in its own random order.
///
/// The batch of a step depends only on the seed and the step, so a resumed run continues with the same images as an
/// uninterrupted one.
package struct EpochOrder: Sendable {
    /// Steps per epoch. Examples that do not fill a batch are left out, different ones in each epoch.
    package let batchesPerEpoch: Int
    private let groups: [[Int]]
    private let batchSize: Int
    private let seed: UInt64
    private var epoch = -1
    private var batches: [[Int]] = []

    /// A random order of the examples of `source`.
    /// - Parameter groupsByAspectRatio: whether a batch has only images that are wider than high, or only images that
    ///   are not.
    package init(_ source: some ExampleSource, batchSize: Int, groupsByAspectRatio: Bool, seed: UInt64) {
        let indices = 0..<source.count
        if groupsByAspectRatio {
            let isWide = indices.map { index in
                let size = source.size(of: index)
                return size.width > size.height
            }
            groups = [indices.filter { isWide[$0] }, indices.filter { !isWide[$0] }]
        } else {
            groups = [Array(indices)]
        }
        batchesPerEpoch = groups.reduce(0) { $0 + $1.count / batchSize }
        self.batchSize = batchSize
        self.seed = seed
    }

    /// The indices of the examples of a step, counted from 0. There must be at least one batch per epoch.
    package mutating func batch(of step: Int) -> [Int] {
        let (epoch, position) = step.quotientAndRemainder(dividingBy: batchesPerEpoch)
        if epoch != self.epoch {
            batches = shuffledBatches(of: epoch)
            self.epoch = epoch
        }
        return batches[position]
    }

    private func shuffledBatches(of epoch: Int) -> [[Int]] {
        var generator = SeededGenerator(seed: seed, name: "order of epoch \(epoch)")
        var batches: [[Int]] = []
        for group in groups {
            let shuffled = group.shuffled(using: &generator)
            for batch in 0..<group.count / batchSize {
                batches.append(Array(shuffled[batch * batchSize..<(batch + 1) * batchSize]))
            }
        }
        // With one group, the batches are already in random order.
        return groups.count == 1 ? batches : batches.shuffled(using: &generator)
    }
}

import Geometry
import Tensors

/// Which examples make up each batch: every epoch goes through all of them once, in an order of its own.
///
/// The batch of a step follows from the seed and the step alone, so a run that is resumed goes on with the
/// same pictures as one that was never interrupted.
package struct EpochOrder: Sendable {
    /// Steps in one epoch. Examples that fill no batch are left out, other ones in each epoch.
    package let batchesPerEpoch: Int
    private let groups: [[Int]]
    private let batchSize: Int
    private let seed: UInt64
    private var epoch = -1
    private var batches: [[Int]] = []

    /// An order for the examples of `source`.
    /// - Parameter groupsByAspectRatio: whether a batch holds either only pictures that are wider than high, or
    ///   none of these.
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

    /// The examples of a step, counting from 0. There must be at least one batch an epoch.
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
        // With one group the batches are in random order already.
        return groups.count == 1 ? batches : batches.shuffled(using: &generator)
    }
}

import Geometry
import Tensors
import Testing

import Training

@Suite struct EpochOrderTests {
    /// Every third picture is wide, every third upright, every third square.
    private struct Sizes: ExampleSource {
        let count: Int

        func size(of index: Int) -> PixelSize {
            PixelSize(height: index % 3 == 1 ? 40 : 30, width: index % 3 == 0 ? 40 : 30)
        }

        func example(_ index: Int) throws -> Example { throw TrainingError("no picture is needed") }
    }

    private func order(_ count: Int, batch: Int, groups: Bool = false, seed: UInt64 = 1) -> EpochOrder {
        EpochOrder(Sizes(count: count), batchSize: batch, groupsByAspectRatio: groups, seed: seed)
    }

    private func batches(_ order: EpochOrder, _ steps: Range<Int>) -> [[Int]] {
        var order = order
        return steps.map { order.batch(of: $0) }
    }

    @Test("Every example comes once an epoch", arguments: [false, true])
    func onceAnEpoch(groups: Bool) {
        // 12 wide and 24 others: batches of 4 fill.
        let order = order(36, batch: 4, groups: groups)
        #expect(order.batchesPerEpoch == 9)
        for epoch in 0..<3 {
            let batches = batches(order, 9 * epoch..<9 * epoch + 9)
            #expect(batches.allSatisfy { $0.count == 4 })
            #expect(batches.joined().sorted() == Array(0..<36))
        }
    }

    @Test("A batch is all wide or not at all; both kinds are mixed over the epoch")
    func aspectRatios() {
        let batches = batches(order(60, batch: 4, groups: true), 0..<15)
        let kinds = batches.map { batch in Set(batch.map { $0 % 3 == 0 }) }
        #expect(kinds.allSatisfy { $0.count == 1 })
        #expect(kinds.count { $0 == [true] } == 5)
        let firstHalf = kinds.prefix(8)
        #expect(firstHalf.contains([true]) && firstHalf.contains([false]))
    }

    @Test("Examples that fill no batch are left out, other ones in each epoch")
    func remainder() {
        let order = order(10, batch: 4)
        #expect(order.batchesPerEpoch == 2)
        var seen: Set<Int> = []
        for epoch in 0..<20 {
            let examples = batches(order, 2 * epoch..<2 * epoch + 2).joined()
            #expect(Set(examples).count == 8)
            seen.formUnion(examples)
        }
        #expect(seen == Set(0..<10))
        #expect(self.order(3, batch: 4).batchesPerEpoch == 0)
        #expect(self.order(0, batch: 4, groups: true).batchesPerEpoch == 0)
    }

    @Test("A step's batch follows from the seed and the step alone", arguments: [false, true])
    func resuming(groups: Bool) {
        let order = order(36, batch: 4, groups: groups)
        let straight = batches(order, 0..<30)
        #expect(batches(order, 13..<30) == Array(straight[13...]))
        var backwards = order
        #expect((0..<30).reversed().map { backwards.batch(of: $0) } == straight.reversed())
    }

    @Test("Epochs and seeds differ")
    func differences() {
        let order = order(36, batch: 4)
        let first = batches(order, 0..<9)
        #expect(first != batches(order, 9..<18))
        #expect(first != batches(self.order(36, batch: 4, seed: 2), 0..<9))
        #expect(Array(first.joined()) != Array(0..<36))
    }
}

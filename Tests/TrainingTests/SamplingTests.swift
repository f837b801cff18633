import Tensors
import Testing

import Training

@Suite struct SamplingTests {
    /// o: object, b: background, i: ignored.
    private func matches(_ kinds: String) -> [BoxMatch] {
        kinds.map { $0 == "o" ? .object(0) : $0 == "b" ? .background : .ignored }
    }

    private func sample(
        _ kinds: String, count: Int, share: Double, order: BalancedSampler.Order = .first, seed: UInt64 = 1
    ) -> [Int] {
        var generator = SeededGenerator(seed: seed)
        return BalancedSampler(count: count, objectShare: share, order: order)(
            matches(kinds), using: &generator)
    }

    @Test("The first of each kind, in ascending order")
    func first() {
        #expect(sample("bobobobib", count: 4, share: 0.5) == [0, 1, 2, 3])
        #expect(sample("bbbbbooo", count: 4, share: 0.5) == [0, 1, 5, 6])
        #expect(sample("ooobbb", count: 5, share: 0.2) == [0, 3, 4, 5])
    }

    @Test("A share that is no whole number is rounded down")
    func rounding() {
        #expect(sample("oooobbbbbbbbbb", count: 10, share: 0.25) == [0, 1, 4, 5, 6, 7, 8, 9, 10, 11])
    }

    @Test("Background fills what objects leave, never the reverse")
    func filling() {
        #expect(sample("obbbbbb", count: 4, share: 0.5) == [0, 1, 2, 3])
        #expect(sample("ooooooob", count: 4, share: 0.5) == [0, 1, 7])
        #expect(sample("ooobbb", count: 4, share: 0) == [3, 4, 5])
        #expect(sample("ooobbb", count: 2, share: 1) == [0, 1])
    }

    @Test("Fewer candidates than wanted are all taken, but for ignored ones")
    func few() {
        for order in [BalancedSampler.Order.first, .random] {
            #expect(sample("iobiob", count: 100, share: 0.5, order: order) == [1, 2, 4, 5])
            #expect(sample("iii", count: 100, share: 0.5, order: order) == [])
            #expect(sample("", count: 100, share: 0.5, order: order) == [])
        }
    }

    @Test("Random samples keep the quotas, follow from the seed, and ascend")
    func random() {
        let kinds = String(repeating: "obbbi", count: 40)
        let one = sample(kinds, count: 20, share: 0.25, order: .random, seed: 7)
        #expect(one == sample(kinds, count: 20, share: 0.25, order: .random, seed: 7))
        #expect(one != sample(kinds, count: 20, share: 0.25, order: .random, seed: 8))
        #expect(one.count == 20 && Set(one).count == 20 && one == one.sorted())
        #expect(one.count { $0 % 5 == 0 } == 5)
        #expect(!one.contains { $0 % 5 == 4 })
    }

    @Test("Every candidate is equally likely")
    func uniformity() {
        // 3 of 10 objects and 5 of 20 background, 2000 times: 600 and 500 expected, each with a standard
        // deviation of about 20. Five of these are allowed.
        var generator = SeededGenerator(seed: 3)
        let kinds = matches(String(repeating: "obb", count: 10))
        let sampler = BalancedSampler(count: 8, objectShare: 0.375, order: .random)
        var counts = Array(repeating: 0, count: kinds.count)
        for _ in 0..<2000 {
            for index in sampler(kinds, using: &generator) { counts[index] += 1 }
        }
        for (index, count) in counts.enumerated() {
            let expected = index % 3 == 0 ? 600 : 500
            #expect(abs(count - expected) <= 100, "candidate \(index) was taken \(count) times")
        }
    }
}

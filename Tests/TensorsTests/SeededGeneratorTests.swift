import Testing

import Tensors

@Suite("Seeded generator")
struct SeededGeneratorTests {
    /// The sequences that SplitMix64's public-domain reference program (Vigna, 2015) prints for these seeds.
    @Test(
        "SplitMix64's reference values",
        arguments: [
            (
                UInt64(1_234_567),
                [
                    6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
                    4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
                ] as [UInt64]
            ),
            (
                UInt64(0),
                [
                    0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4, 0x06c4_5d18_8009_454f,
                    0xf88b_b8a8_724c_81ec,
                    0x1b39_896a_51a8_749b,
                ]
            ),
        ])
    func reference(seed: UInt64, expected: [UInt64]) {
        var generator = SeededGenerator(seed: seed)
        #expect(expected.map { _ in generator.next() } == expected)
    }

    @Test("a saved state resumes the sequence")
    func resuming() {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<10 { _ = generator.next() }
        var resumed = SeededGenerator(seed: 0)
        resumed.state = generator.state
        #expect((0..<10).map { _ in generator.next() } == (0..<10).map { _ in resumed.next() })
    }

    /// Published FNV-1a hashes (Fowler, Noll and Vo's test vectors); the seed 0 adds nothing to them.
    @Test("a name counts by its FNV-1a hash")
    func names() {
        #expect(SeededGenerator(seed: 0, name: "").state == 0xcbf2_9ce4_8422_2325)
        #expect(SeededGenerator(seed: 0, name: "a").state == 0xaf63_dc4c_8601_ec8c)
        #expect(SeededGenerator(seed: 0, name: "foobar").state == 0x8594_4171_f739_67e8)
    }

    @Test("names and seeds give sequences of their own")
    func namedSequences() {
        var first: Set<UInt64> = []
        for seed in UInt64(0)..<20 {
            for name in ["", "a", "b", "ab", "ba", "backbone.stem", "box.hidden.1", "box.hidden.2"] {
                var generator = SeededGenerator(seed: seed, name: name)
                var again = SeededGenerator(seed: seed, name: name)
                for _ in 0..<50 {
                    let value = generator.next()
                    #expect(again.next() == value)
                    first.insert(value)
                }
            }
        }
        // No number twice in 20 · 8 sequences of 50: none is a shifted copy of another.
        #expect(first.count == 20 * 8 * 50)
    }

    @Test("uniform numbers lie in 0 ..< 1, evenly")
    func uniform() {
        var generator = SeededGenerator(seed: 1_234_567)
        // The first reference value's upper 53 bits.
        #expect(generator.uniform() == Double(6_457_827_717_110_365_317 as UInt64 >> 11) / 0x1p53)
        var counts = Array(repeating: 0, count: 10)
        for _ in 0..<10_000 {
            let value = generator.uniform()
            #expect(value >= 0 && value < 1)
            counts[Int(value * 10)] += 1
        }
        // 1000 ± 30 each by the binomial distribution; five of those either way.
        #expect(counts.allSatisfy { abs($0 - 1000) < 150 })
    }
}

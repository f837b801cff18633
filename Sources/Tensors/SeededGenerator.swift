/// SplitMix64: a small, fast random generator whose whole state is one integer, so that a run can be saved,
/// resumed and repeated bit for bit (Steele, Lea and Flood, *Fast splittable pseudorandom number
/// generators*, 2014).
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    /// The whole state. Save it to resume the sequence later.
    public var state: UInt64

    /// A generator that starts from `seed`.
    public init(seed: UInt64) { state = seed }

    /// A generator for one named purpose. The same seed and name give the same sequence and different names
    /// give unrelated ones, so the order in which the purposes are served does not matter.
    public init(seed: UInt64, name: String) {
        // FNV-1a over the name's bytes, mixed with the seed.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        state = hash ^ (seed &* 0x9e37_79b9_7f4a_7c15)
    }

    /// The next 64 random bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// A number from the uniform distribution on [0, 1).
    public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }
}

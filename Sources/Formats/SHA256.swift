/// SHA-256 (FIPS 180-4), by which published files are recognised.
package enum SHA256 {
    /// The hash of `bytes` as 64 lower-case hexadecimal digits, in linear time.
    package static func hexDigest(_ bytes: UnsafeRawBufferPointer) -> String {
        var state: State = (
            0x6A09_E667, 0xBB67_AE85, 0x3C6E_F372, 0xA54F_F53A, 0x510E_527F, 0x9B05_688C, 0x1F83_D9AB,
            0x5BE0_CD19
        )
        let whole = bytes.count & ~63
        compress(&state, UnsafeRawBufferPointer(rebasing: bytes[..<whole]))

        // The rest, a one bit, zeros, and the length in bits, to the next multiple of 64 bytes.
        var tail = Array(bytes[whole...])
        tail.append(0x80)
        tail.append(contentsOf: repeatElement(0, count: (120 - tail.count) % 64))
        withUnsafeBytes(of: (UInt64(bytes.count) * 8).bigEndian) { tail.append(contentsOf: $0) }
        tail.withUnsafeBytes { compress(&state, $0) }

        return [state.0, state.1, state.2, state.3, state.4, state.5, state.6, state.7].map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 8 - digits.count) + digits
        }.joined()
    }

    /// The hash of `bytes`, as 64 lower-case hexadecimal digits.
    package static func hexDigest(_ bytes: [UInt8]) -> String { bytes.withUnsafeBytes { hexDigest($0) } }

    private typealias State = (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32)
    /// One word of four blocks.
    private typealias Words = SIMD4<UInt32>

    /// Updates the state with blocks of 64 bytes.
    ///
    /// The rounds depend on each other from the first block to the last, but the message schedule of a block
    /// does not depend on other blocks: it is computed for four blocks at once, which takes a quarter of the
    /// operations.
    private static func compress(_ state: inout State, _ blocks: UnsafeRawBufferPointer) {
        withUnsafeTemporaryAllocation(of: Words.self, capacity: 64) { schedule in
            for start in stride(from: 0, to: blocks.count, by: 256) {
                let count = min(4, (blocks.count - start) / 64)
                stretch(UnsafeRawBufferPointer(rebasing: blocks[start..<start + 64 * count]), schedule)
                schedule.withMemoryRebound(to: UInt32.self) { words in
                    for lane in 0..<count { mix(&state, UnsafeBufferPointer(rebasing: words[lane...])) }
                }
            }
        }
    }

    /// The message schedules of up to four blocks: 64 words each, with the round constants added.
    private static func stretch(
        _ blocks: UnsafeRawBufferPointer, _ schedule: UnsafeMutableBufferPointer<Words>
    ) {
        let last = blocks.count - 64
        for t in 0..<16 {
            func word(_ lane: Int) -> UInt32 {
                // With fewer than four blocks, the last one fills the remaining lanes.
                UInt32(
                    bigEndian: blocks.loadUnaligned(
                        fromByteOffset: min(lane * 64, last) + t * 4, as: UInt32.self))
            }
            schedule[t] = Words(word(0), word(1), word(2), word(3))
        }
        // σ0 and σ1 each combine three rotations or shifts. Right and left shifts are written separately:
        // vectors have no rotation, and the compiler would compute it one lane at a time.
        for t in 16..<64 {
            let (early, late) = (schedule[t - 15], schedule[t - 2])
            let s0 = (early &>> 7 ^ early &>> 18 ^ early &>> 3) ^ (early &<< 25 ^ early &<< 14)
            let s1 = (late &>> 17 ^ late &>> 19 ^ late &>> 10) ^ (late &<< 15 ^ late &<< 13)
            schedule[t] = schedule[t - 16] &+ s0 &+ schedule[t - 7] &+ s1
        }
        constants.withUnsafeBufferPointer { constants in
            for t in 0..<64 { schedule[t] &+= Words(repeating: constants[t]) }
        }
    }

    /// The 64 rounds of one block, eight at a time, so that the words change roles and need not be moved.
    private static func mix(_ state: inout State, _ words: UnsafeBufferPointer<UInt32>) {
        var (a, b, c, d, e, f, g, h) = state
        var both = b ^ c
        for t in stride(from: 0, to: 256, by: 32) {
            round(a, b, &d, e, f, g, &h, &both, words[t])
            round(h, a, &c, d, e, f, &g, &both, words[t + 4])
            round(g, h, &b, c, d, e, &f, &both, words[t + 8])
            round(f, g, &a, b, c, d, &e, &both, words[t + 12])
            round(e, f, &h, a, b, c, &d, &both, words[t + 16])
            round(d, e, &g, h, a, b, &c, &both, words[t + 20])
            round(c, d, &f, g, h, a, &b, &both, words[t + 24])
            round(b, c, &e, f, g, h, &a, &both, words[t + 28])
        }
        state.0 &+= a
        state.1 &+= b
        state.2 &+= c
        state.3 &+= d
        state.4 &+= e
        state.5 &+= f
        state.6 &+= g
        state.7 &+= h
    }

    /// One round. `both` is b ⊕ c, which is the previous round's a ⊕ b.
    @inline(__always)
    private static func round(
        _ a: UInt32, _ b: UInt32, _ d: inout UInt32,
        _ e: UInt32, _ f: UInt32, _ g: UInt32, _ h: inout UInt32, _ both: inout UInt32, _ word: UInt32
    ) {
        let s1 = rotated(rotated(rotated(e, 14) ^ e, 5) ^ e, 6)
        let choice = g ^ (e & (f ^ g))
        h &+= word &+ choice &+ s1
        d &+= h
        let s0 = rotated(rotated(rotated(a, 9) ^ a, 11) ^ a, 2)
        let differ = a ^ b
        let majority = b ^ (differ & both)
        both = differ
        h &+= s0 &+ majority
    }

    @inline(__always)
    private static func rotated(_ word: UInt32, _ count: UInt32) -> UInt32 {
        word &>> count | word &<< (32 &- count)
    }

    /// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
    private static let constants: [UInt32] = [
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    ]
}

/// The SHA-256 of the file at `path` as 64 hexadecimal digits.
/// - Throws: ``FileError`` when it cannot be read.
package func fileSHA256(path: String) throws -> String {
    let file = try MappedFile(path: path)
    // The mapping must outlive the reading of its bytes.
    return withExtendedLifetime(file) { SHA256.hexDigest(file.bytes) }
}

import Tensors

/// Simulates a camera: exposure, tint, slight blur, noise.
struct Camera {
    /// Factors of red, green and blue.
    private let gains: [Double]
    /// The weight of each neighbour in the blur along an axis; 0 for none, a quarter at most.
    private let blur: Double
    /// Standard deviation of the noise, in units of the 8-bit values.
    private let noise: Double

    init(_ difficulty: SceneDifficulty, _ random: inout SeededGenerator) {
        let gain = random.number(in: 0.82...1.12)
        gains = (0..<3).map { _ in gain * random.number(in: 0.95...1.05) }
        blur = random.chance(0.5) ? random.number(in: 0.04...0.22) : 0
        let strongest = max(difficulty.strongestNoise, 0)
        noise = random.chance(0.75) ? random.number(in: 0...min(strongest, 255)) : 0
    }

    /// Applies the camera's effects to an image.
    func photograph(_ picture: Image, _ random: inout SeededGenerator) -> Image {
        var result = picture
        if blur > 0 {
            blurAlong(
                &result, lines: result.height, lineStep: 3 * result.width, length: result.width, step: 3)
            blurAlong(
                &result, lines: result.width, lineStep: 3, length: result.height, step: 3 * result.width)
        }
        expose(&result, &random)
        return result
    }

    /// Replaces each value by a weighted mean of it and its two neighbours, in place.
    private func blurAlong(_ image: inout Image, lines: Int, lineStep: Int, length: Int, step: Int) {
        let side = Int(blur * 256)
        image.pixels.withUnsafeMutableBufferPointer { pixels in
            for line in 0..<lines {
                for channel in 0..<3 {
                    var index = line * lineStep + channel
                    var before = Int(pixels[index])
                    for place in 0..<length {
                        let value = Int(pixels[index])
                        let after = place + 1 < length ? Int(pixels[index + step]) : value
                        pixels[index] = UInt8((side * (before + after) + (256 - 2 * side) * value + 128) >> 8)
                        before = value
                        index += step
                    }
                }
            }
        }
    }

    private func expose(_ image: inout Image, _ random: inout SeededGenerator) {
        // Sums of four uniformly distributed bytes, which are close to a normal distribution. Their mean is 510, their
        // variance 4 · (256² − 1) / 12.
        let scale = noise / (65_535.0 / 3).squareRoot()
        let noises = (0...1020).map { Int32(((Double($0) - 510) * scale * 256).rounded()) }
        let tables = gains.flatMap { gain in (0..<256).map { Int32((Double($0) * gain * 256).rounded()) } }
        image.pixels.withUnsafeMutableBufferPointer { pixels in
            noises.withUnsafeBufferPointer { noises in
                tables.withUnsafeBufferPointer { tables in
                    var channel = 0
                    var word: UInt64 = 0
                    for index in pixels.indices {
                        var value = tables[256 * channel + Int(pixels[index])]
                        if noise > 0 {
                            // Each random word serves twice: first one half, then the other.
                            word = index % 2 == 0 ? random.next() : word >> 32
                            value += noises[Self.sumOfBytes(UInt32(truncatingIfNeeded: word))]
                        }
                        pixels[index] = UInt8(min(max((value + 128) >> 8, 0), 255))
                        channel = channel == 2 ? 0 : channel + 1
                    }
                }
            }
        }
    }

    private static func sumOfBytes(_ word: UInt32) -> Int {
        let pairs = (word & 0x00ff_00ff) + (word >> 8 & 0x00ff_00ff)
        return Int((pairs & 0xffff) + (pairs >> 16))
    }
}

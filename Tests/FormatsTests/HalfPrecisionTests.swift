import Foundation
import Formats
import Tensors
import TestSupport
import Testing

@Suite("Rounding to 16 bits")
struct HalfPrecisionTests {
    /// Each with what NumPy 2's `astype(float16)` makes of it: signs, ties, subnormals, the largest.
    private static let golden: [(Float, UInt16)] = [
        (0, 0x0000), (-0.0, 0x8000), (1, 0x3C00), (1.0 / 3, 0x3555), (-2.71828, 0xC170), (65504, 0x7BFF),
        (65519.996, 0x7BFF), (6.1035156e-05, 0x0400), (6.1e-05, 0x03FF), (5.9604645e-08, 0x0001),
        (2.9802322e-08, 0x0000), (2.9802326e-08, 0x0001), (1e-08, 0x0000), (0.1, 0x2E66),
        (1.0004883, 0x3C00), (1.0009766, 0x3C01), (1.0014648, 0x3C02), (2049, 0x6800), (2051, 0x6802),
    ]

    @Test func equalsNumPy() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/half.safetensors"
        var writer = SafetensorsWriter()
        writer.addRounded("x", shape: [Self.golden.count]) {
            Tensor(shape: [Self.golden.count], elements: Self.golden.map(\.0))
        }
        try writer.write(to: path)
        let bytes = try Array(Data(contentsOf: URL(fileURLWithPath: path))).suffix(2 * Self.golden.count)
        let halves = stride(from: bytes.startIndex, to: bytes.endIndex, by: 2).map {
            UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8
        }
        #expect(halves == Self.golden.map(\.1))
    }

    /// Whatever has 16 bits already stays as it is.
    @Test func roundTrip() throws {
        let folder = try TemporaryFolder()
        let (first, second) = (folder.path + "/a.safetensors", folder.path + "/b.safetensors")
        var writer = SafetensorsWriter()
        let numbers = (0..<4000).map { Float($0 - 2000) * 0x1p-12 * Float($0 % 7) }
        writer.addRounded("x", shape: [4000]) { Tensor(shape: [4000], elements: numbers) }
        try writer.write(to: first)
        let once = try #require(try TensorFile(contentsOf: first)["x"]).floats()
        var again = SafetensorsWriter()
        again.addRounded("x", shape: [4000]) { once }
        try again.write(to: second)
        #expect(
            try Data(contentsOf: URL(fileURLWithPath: first))
                == Data(contentsOf: URL(fileURLWithPath: second)))
        // Ten bits of the fraction and one that is not stored: half a step is 2⁻¹¹ of the number.
        for (number, half) in zip(numbers, once.array) {
            #expect(abs(number - half) <= abs(number) * 0x1p-11)
        }
    }
}

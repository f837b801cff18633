import Foundation
import Geometry
import Inference
import Tensors
import Testing

@Suite struct ImageResizeTests {
    struct Case: Decodable {
        struct Result: Decodable { var hash: String, samples: [Double] }
        var size: [Int], target: [Int], step: Int
        var torch: Result, pillow: Result, opencv: Result
    }

    static let cases: [Case] = (try? Fixture.json("resized")) ?? []

    /// What each byte becomes when it is divided by 255 and normalised as for ImageNet.
    let values: [Float] = zip([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]).flatMap { mean, deviation in
        (0..<256).map { (Float($0) / 255 - Float(mean)) / Float(deviation) }
    }

    func hash(_ bytes: some Sequence<UInt8>) -> String {
        let value = bytes.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// Compares samples first, so that a failure says where and by how much, then all bytes if given.
    func expect(
        _ found: [Double], bytes: [UInt8]?, equals expected: Case.Result, within tolerance: Double = 0,
        _ example: Case
    ) {
        let name = "\(example.size) to \(example.target)"
        let samples = stride(from: 0, to: found.count, by: example.step).map { found[$0] }
        #expect(samples.count == expected.samples.count, "\(name)")
        for (index, (found, expected)) in zip(samples, expected.samples).enumerated()
        where !(abs(found - expected) <= tolerance) {
            Issue.record("\(name), element \(index * example.step): \(found), not \(expected)")
            break
        }
        if let bytes { #expect(hash(bytes) == expected.hash, "\(name)") }
    }

    @Test func thereAreCases() { #expect(Self.cases.count > 10) }

    // torch.nn.functional.interpolate, PyTorch 2.11, on a processor with fused multiply-add.
    @Test func bilinearFloatIsPyTorchs() {
        for example in Self.cases {
            let image = formulaPicture(height: example.size[0], width: example.size[1])
            let target = PixelSize(height: example.target[0], width: example.target[1])
            let found = image.resizedBilinear(to: target, values: values)
            #expect(found.shape == example.target + [3])
            // PyTorch runs another kernel for the small ones: there the last bit is free.
            let isLarge = target.height + target.width > 128
            let bytes = found.array.flatMap { value in
                withUnsafeBytes(of: value.bitPattern.littleEndian, Array.init)
            }
            expect(
                found.array.map(Double.init), bytes: isLarge ? bytes : nil, equals: example.torch,
                within: isLarge ? 0 : 1e-6, example)

            let normalised = Tensor(
                shape: example.size + [3],
                elements: image.pixels.enumerated().map { values[$0.offset % 3 * 256 + Int($0.element)] })
            #expect(normalised.resizedBilinear(to: target).array == found.array)
        }
    }

    // PIL.Image.resize with BILINEAR, Pillow 11.3.
    @Test func antialiasedBytesArePillows() {
        for example in Self.cases {
            let found = formulaPicture(height: example.size[0], width: example.size[1])
                .resizedAntialiased(to: PixelSize(height: example.target[0], width: example.target[1]))
            #expect([found.height, found.width] == example.target)
            expect(found.pixels.map(Double.init), bytes: found.pixels, equals: example.pillow, example)
        }
    }

    private struct PillowCase: Decodable {
        var size: [Int], target: [Int], step: Int, pillow: Case.Result
    }

    // PIL.Image.resize with BILINEAR, Pillow 13.0, which at times begins with the rows.
    @Test func antialiasedBytesArePillow13s() throws {
        let cases: [PillowCase] = try Fixture.json("resized-pillow-13")
        var others = 0
        for example in cases {
            let image = formulaPicture(height: example.size[0], width: example.size[1])
            let target = PixelSize(height: example.target[0], width: example.target[1])
            let found = image.resizedAntialiased(to: target, axes: .cheaperFirst)
            let name = "\(example.size) to \(example.target)"
            #expect(
                stride(from: 0, to: found.pixels.count, by: example.step).map { Double(found.pixels[$0]) }
                    == example.pillow.samples, "\(name)")
            #expect(hash(found.pixels) == example.pillow.hash, "\(name)")
            if image.resizedAntialiased(to: target).pixels != found.pixels { others += 1 }
        }
        // The order shows in some of them, and not in all.
        #expect(others == 3 && cases.count == 10)
    }

    // cv2.resize with INTER_LINEAR, OpenCV 4.10.
    @Test func fixedPointBytesAreOpenCVs() {
        for example in Self.cases {
            let found = formulaPicture(height: example.size[0], width: example.size[1])
                .resizedFixedPoint(to: PixelSize(height: example.target[0], width: example.target[1]))
            #expect([found.height, found.width] == example.target)
            expect(found.pixels.map(Double.init), bytes: found.pixels, equals: example.opencv, example)
        }
    }

    // By hand: two pixels 0 and 100 on four places, at input coordinates −¼, ¼, ¾ and 1¼.
    @Test func centresOfPixelsAreHalfWayIn() {
        let row = Tensor(shape: [1, 2, 1], elements: [0, 100])
        #expect(row.resizedBilinear(to: PixelSize(height: 1, width: 4)).array == [0, 25, 75, 100])
        let image = Image(width: 2, height: 1, pixels: [0, 0, 0, 100, 100, 100])
        let target = PixelSize(height: 1, width: 4)
        let expected: [UInt8] = [0, 0, 0, 25, 25, 25, 75, 75, 75, 100, 100, 100]
        #expect(image.resizedAntialiased(to: target).pixels == expected)
        #expect(image.resizedFixedPoint(to: target).pixels == expected)
    }

    // A comb of black and white columns, made a fifth as wide: each output pixel's centre falls on that of one
    // column, black or white in turn, while the mean is grey everywhere.
    @Test func onlyTheTriangleSeesAllPixels() {
        let comb = Image(
            width: 100, height: 1,
            pixels: (0..<100).flatMap { [UInt8](repeating: $0 % 2 == 0 ? 0 : 255, count: 3) })
        let target = PixelSize(height: 1, width: 20)
        let sharp = comb.resizedFixedPoint(to: target).pixels,
            soft = comb.resizedAntialiased(to: target).pixels
        #expect(Set(sharp) == [0, 255])
        #expect(soft.allSatisfy { (100...155).contains($0) })
    }

    @Test func flatPicturesStayFlat() {
        for value in [0, 1, 127, 255] as [UInt8] {
            let flat = Image(width: 13, height: 17, pixels: [UInt8](repeating: value, count: 13 * 17 * 3))
            for target in [PixelSize(height: 5, width: 29), PixelSize(height: 40, width: 2)] {
                #expect(flat.resizedAntialiased(to: target).pixels.allSatisfy { $0 == value })
                #expect(flat.resizedFixedPoint(to: target).pixels.allSatisfy { $0 == value })
            }
        }
    }
}

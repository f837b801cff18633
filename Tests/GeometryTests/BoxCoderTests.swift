import Foundation
import Testing

import Geometry

@Suite struct BoxCoderTests {
    struct Fixture: Decodable {
        struct Case: Decodable { var coder: String, deltas: [Double], decoded: [Double], encoded: [Double] }
        var references: [Double], targets: [Double], cases: [Case]
    }

    static let coders: [String: BoxCoder] = [
        "torchvision.proposals": .torchvision(.proposals),
        "torchvision.detections": .torchvision(.detections),
        "mmdetection.proposals": .mmdetection(.proposals),
        "mmdetection.detections": .mmdetection(.detections),
        "matterport": .matterport,
        "detectron1.detections": .detectron1(.detections),
    ]

    // torchvision's coder itself; the others restated in numpy. What is left is the last bit of exp and log,
    // which every library computes its own way.
    @Test func everyFrameworksNumbersComeOut() throws {
        let expected: Fixture = try fixture("coder")
        let references = boxes(expected.references), targets = boxes(expected.targets)
        #expect(Set(expected.cases.map(\.coder)) == Set(Self.coders.keys))
        for example in expected.cases {
            let coder = try #require(Self.coders[example.coder])
            let decoded = floats(example.deltas).withUnsafeBufferPointer { deltas in
                references.withUnsafeBufferPointer { coder.decode(deltas, from: $0) }
            }
            let encoded = zip(targets, references).map { coder.encode($0, from: $1) }
            #expect(decoded.count == 40 && encoded.count == 40)
            expectClose(decoded.flatMap { [$0.x1, $0.y1, $0.x2, $0.y2] }, example.decoded, example.coder)
            expectClose(encoded.flatMap { [$0.dx, $0.dy, $0.dw, $0.dh] }, example.encoded, example.coder)
        }
    }

    private func expectClose(_ found: [Float], _ expected: [Double], _ name: String) {
        #expect(found.count == expected.count)
        var exact = 0
        for (index, (found, expected)) in zip(found, expected).enumerated() {
            let error = abs(Double(found) - expected)
            // Edges far from the origin differ by the last bit of the size, hence the absolute part.
            #expect(
                error <= 2e-7 * abs(expected) + 4e-5, "\(name), value \(index): \(found), not \(expected)")
            if error == 0 { exact += 1 }
        }
        #expect(exact * 10 > found.count * 9, "\(name): only \(exact) of \(found.count) are the same bits")
    }

    @Test func decodingTurnsEncodingBack() {
        let reference = Box(x1: 10, y1: 20, x2: 50, y2: 100), target = Box(x1: 12, y1: 40, x2: 92, y2: 60)
        for (name, coder) in Self.coders {
            let found = coder.decode(coder.encode(target, from: reference), from: reference)
            for (found, expected) in [
                (found.x1, target.x1), (found.y1, target.y1), (found.x2, target.x2), (found.y2, target.y2),
            ] {
                #expect(abs(found - expected) < 1e-4, "\(name)")
            }
        }
    }

    @Test func noChangeIsTheReferenceItself() {
        let reference = Box(x1: 3, y1: 5, x2: 11, y2: 21)
        let still = BoxDelta(dx: 0, dy: 0, dw: 0, dh: 0)
        for (name, coder) in Self.coders {
            #expect(coder.decode(still, from: reference) == reference, "\(name)")
        }
    }

    // exp(log 62.5) = 62.5: a box of width 8 grows to 500 at most; below, only MMDetection stops at 8 / 62.5.
    @Test func sizesAreHeldBackOnTheSidesThatTheFrameworkSays() {
        let reference = Box(x1: 0, y1: 0, x2: 8, y2: 8)
        func width(_ coder: BoxCoder, _ dw: Float) -> Float {
            coder.decode(BoxDelta(dx: 0, dy: 0, dw: dw, dh: 0), from: reference).width
        }
        #expect(abs(width(.torchvision(.proposals), 50) - 500) < 1e-3)
        #expect(width(.torchvision(.proposals), -50) < 1e-6)
        #expect(abs(width(.mmdetection(.proposals), 50) - 500) < 1e-3)
        #expect(abs(width(.mmdetection(.proposals), -50) - 0.128) < 1e-5)
        #expect(abs(width(.matterport, 100) / expf(20) - 8) < 1e-5)  // 100 · 0.2
    }

    // Detectron 1 counts pixels: 0…9 is a box of ten, whose double is twenty: −5…14.
    @Test func inclusiveEdgesCountPixels() {
        let doubled = BoxDelta(dx: 0, dy: 0, dw: logf(2), dh: 0)
        let found = BoxCoder.detectron1(.proposals).decode(doubled, from: Box(x1: 0, y1: 0, x2: 9, y2: 9))
        #expect(abs(found.x1 - -5) < 1e-5 && abs(found.x2 - 14) < 1e-5)
        #expect(found.y1 == 0 && found.y2 == 9)
    }

    @Test func predictionsOfOneReferenceStandTogether() {
        let references = [Box(x1: 0, y1: 0, x2: 2, y2: 2), Box(x1: 10, y1: 0, x2: 14, y2: 2)]
        // [2, 3, 4]: three shifts of each.
        let deltas: [Float] = [0, 1, 2, 0, 1, 2].flatMap { [$0, 0, 0, 0] }
        let found = deltas.withUnsafeBufferPointer { deltas in
            references.withUnsafeBufferPointer { BoxCoder.torchvision(.proposals).decode(deltas, from: $0) }
        }
        #expect(found.map(\.x1) == [0, 2, 4, 10, 14, 18])
    }

    @Test func nothingDecodesToNothing() {
        let found = [Float]().withUnsafeBufferPointer { deltas in
            [Box]().withUnsafeBufferPointer { BoxCoder.matterport.decode(deltas, from: $0) }
        }
        #expect(found.isEmpty)
    }

    @Test func nanStaysNaN() {
        let delta = BoxDelta(dx: .nan, dy: 0, dw: 0, dh: .nan)
        for coder in Self.coders.values {
            let found = coder.decode(delta, from: Box(x1: 0, y1: 0, x2: 1, y2: 1))
            #expect(found.x1.isNaN && found.x2.isNaN && found.y1.isNaN && found.y2.isNaN)
        }
    }
}

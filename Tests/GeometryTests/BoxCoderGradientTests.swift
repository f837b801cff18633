import Foundation
import Geometry
import Testing

/// `decodeGradient` against differences of a decoder restated in Double.
@Suite struct BoxCoderGradientTests {
    private let reference = Box(x1: 10, y1: 20, x2: 50, y2: 100)

    @Test("By hand: a shift moves both edges by a width, growth moves them apart")
    func byHand() {
        let coder = BoxCoder.torchvision(.proposals), still = BoxDelta(dx: 0, dy: 0, dw: 0, dh: 0)
        // 40 wide, 80 high; at the reference itself the size grows as fast as its logarithm.
        #expect(
            coder.decodeGradient(Box(x1: 1, y1: 0, x2: 0, y2: 0), delta: still, from: reference)
                == BoxDelta(dx: 40, dy: 0, dw: -20, dh: 0))
        #expect(
            coder.decodeGradient(Box(x1: 0, y1: 1, x2: 2, y2: 3), delta: still, from: reference)
                == BoxDelta(dx: 80, dy: 320, dw: 40, dh: 80))
        // Predictions are divided by 10 and 5 there.
        #expect(
            BoxCoder.torchvision(.detections).decodeGradient(
                Box(x1: 0, y1: 0, x2: 5, y2: 5), delta: still, from: reference)
                == BoxDelta(dx: 20, dy: 40, dw: 20, dh: 40))
    }

    @Test("A size that is held back does not change", arguments: [Float(1), -1])
    func limits(sign: Float) {
        let delta = BoxDelta(dx: 0.5, dy: 0.25, dw: sign * 4.2, dh: sign * 4.1)
        func gradient(_ limit: BoxCoder.SizeLimit) -> BoxDelta {
            BoxCoder(scaling: .weights(BoxDelta(dx: 1, dy: 1, dw: 1, dh: 1)), sizeLimit: limit)
                .decodeGradient(Box(x1: -1, y1: -1, x2: 1, y2: 1), delta: delta, from: reference)
        }
        // log(1000 / 16) = 4.135 lies between the two.
        #expect((gradient(.above).dw == 0) == (sign > 0))
        #expect(gradient(.bothSides).dw == 0)
        #expect(gradient(.none).dw > 0)
        for limit in [BoxCoder.SizeLimit.none, .above, .bothSides] { #expect(gradient(limit).dh > 0) }
    }

    @Test("Central differences, for every framework's coder", arguments: BoxCoderTests.coders.keys.sorted())
    func centralDifferences(name: String) throws {
        let coder = try #require(BoxCoderTests.coders[name])
        let weights = Box(x1: 0.7, y1: -1.3, x2: 0.4, y2: 2.1)
        for deltas in [[0, 0, 0, 0], [0.5, -0.25, 0.75, -1.5], [-2, 1, -0.5, 2], [1, 1, 30, -30]] {
            let found = coder.decodeGradient(
                weights,
                delta: BoxDelta(
                    dx: Float(deltas[0]), dy: Float(deltas[1]), dw: Float(deltas[2]), dh: Float(deltas[3])),
                from: reference)
            let expected = (0..<4).map { index -> Double in
                var (above, below) = (deltas, deltas)
                above[index] += 1e-5
                below[index] -= 1e-5
                return (sum(above, coder, weights) - sum(below, coder, weights)) / 2e-5
            }
            for (found, expected) in zip([found.dx, found.dy, found.dw, found.dh], expected) {
                #expect(
                    abs(Double(found) - expected) <= 2e-5 * abs(expected) + 1e-4,
                    "\(deltas): \(found), expected \(expected)")
            }
        }
    }

    /// The decoded edges, weighted and summed, in Double.
    private func sum(_ deltas: [Double], _ coder: BoxCoder, _ weights: Box) -> Double {
        let factors: [Double]
        switch coder.scaling {
        case .weights(let weight):
            factors = [weight.dx, weight.dy, weight.dw, weight.dh].map { 1 / Double($0) }
        case .standardDeviations(let deviation):
            factors = [deviation.dx, deviation.dy, deviation.dw, deviation.dh].map(Double.init)
        }
        func axis(_ low: Float, _ high: Float, _ index: Int, _ lowWeight: Float, _ highWeight: Float)
            -> Double
        {
            let extra = coder.edgesAreInclusive ? 1.0 : 0
            let size = Double(high) - Double(low) + extra
            let limit = log(1000.0 / 16)
            var logarithm = deltas[index + 2] * factors[index + 2]
            if coder.sizeLimit != .none { logarithm = min(logarithm, limit) }
            if coder.sizeLimit == .bothSides { logarithm = max(logarithm, -limit) }
            let centre = Double(low) + size / 2 + deltas[index] * factors[index] * size
            let half = exp(logarithm) * size / 2
            return Double(lowWeight) * (centre - half) + Double(highWeight) * (centre + half - extra)
        }
        return axis(reference.x1, reference.x2, 0, weights.x1, weights.x2)
            + axis(reference.y1, reference.y2, 1, weights.y1, weights.y2)
    }
}

import COCO
import Testing

/// Precision and recall of a few detections, by hand.
@Suite struct PrecisionCurveTests {
    @Test func theEnvelopeNeverRises() {
        let curve = PrecisionCurve(areRight: [true, false, true, false, true], truthCount: 4)
        #expect(curve.recalls == [0.25, 0.25, 0.5, 0.5, 0.75])
        for (found, expected) in zip(curve.precisions, [1, 0.5, 2.0 / 3, 0.5, 0.6]) {
            #expect(abs(found - expected) < 1e-12)
        }
        #expect(curve.envelope.count == 5)
        for (found, expected) in zip(curve.envelope, [1, 2.0 / 3, 2.0 / 3, 0.6, 0.6]) {
            #expect(abs(found - expected) < 1e-12)
        }
    }

    @Test func recallsThatAreNeverReachedCountZero() {
        let curve = PrecisionCurve(areRight: [false, true], truthCount: 2)
        let read = curve.precisions(at: [0, 0.5, 0.51, 1])
        #expect(read.count == 4)
        #expect(abs(read[0] - 0.5) < 1e-12 && abs(read[1] - 0.5) < 1e-12)
        #expect(read[2] == 0 && read[3] == 0)
    }

    @Test func noDetections() {
        let curve = PrecisionCurve(areRight: [], truthCount: 3)
        #expect(curve.envelope.isEmpty)
        #expect(curve.precisions(at: [0, 1]) == [0, 0])
    }
}

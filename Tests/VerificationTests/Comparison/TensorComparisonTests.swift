import Tensors
import Testing

import Verification

/// The measures against the definitions, computed plainly in Double.
@Suite struct TensorComparisonTests {
    private func compare(_ candidate: [Float], _ reference: [Float]) -> TensorComparison {
        var errors = ErrorAccumulator()
        candidate.withUnsafeBufferPointer { candidate in
            reference.withUnsafeBufferPointer { errors.add(candidate: candidate, reference: $0) }
        }
        return errors.comparison
    }

    private func isClose(_ a: Double, _ b: Double, _ tolerance: Double = 1e-9) -> Bool {
        abs(a - b) <= tolerance * max(abs(a), abs(b))
    }

    @Test func threeFourFive() {
        // By hand: errors 3, 4 and 0 on a reference of norm 10.
        let result = compare([9, 4, 8], [6, 0, 8])
        #expect(result.maximumError == 4)
        #expect(isClose(result.meanError, 7.0 / 3))
        #expect(isClose(result.relativeError, 0.5))
        #expect(result.unequal == 2 && result.count == 3)
        #expect(
            result.worst
                == TensorComparison.Element(referenceIndex: 1, candidateIndex: 1, reference: 0, candidate: 4))
        // (54 + 64) / (√161 · 10)
        #expect(isClose(result.cosine, 118 / (161.0.squareRoot() * 10)))
    }

    /// Lengths around those of vectors and blocks.
    @Test(arguments: [1, 7, 8, 9, 2047, 2048, 2049, 10_000])
    func agreesWithTheDefinitions(count: Int) throws {
        var generator = SeededGenerator(seed: UInt64(count))
        let reference = (0..<count).map { _ in Float(generator.uniform() * 4 - 2) }
        let candidate = reference.map { $0 + Float(generator.uniform() - 0.5) * 0.01 }
        let result = compare(candidate, reference)
        let errors = zip(candidate, reference).map { abs(Double($0) - Double($1)) }
        let norm = reference.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
        let other = candidate.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
        let dot = zip(candidate, reference).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        #expect(isClose(result.maximumError, try #require(errors.max()), 1e-6))
        #expect(isClose(result.meanError, errors.reduce(0, +) / Double(count), 1e-6))
        #expect(
            isClose(result.relativeError, errors.reduce(0) { $0 + $1 * $1 }.squareRoot() / norm, 1e-6))
        #expect(abs(result.cosine - dot / (norm * other)) < 1e-12)
        let rank = Int((0.99 * Double(count)).rounded(.up)) - 1
        #expect(isClose(result.percentile99, errors.sorted()[rank], 0.01))
        let worst = try #require(result.worst)
        #expect(isClose(errors[worst.referenceIndex], result.maximumError, 1e-6))
    }

    @Test func smallAnglesKeepTheirDigits() {
        // By hand: 1 − cos of the angle between (1, 0) and (1, 10⁻⁶) is 5 · 10⁻¹³.
        #expect(isClose(compare([1, 1e-6], [1, 0]).cosineDistance, 5e-13, 1e-3))
        #expect(compare([2, 4, 6], [1, 2, 3]).cosineDistance == 0)
    }

    @Test func notANumberIsCountedAndNamed() {
        var candidate = [Float](repeating: 1, count: 5000)
        let reference = candidate
        candidate[3000] = .nan
        candidate[4000] = .infinity
        candidate[10] = 9
        let result = compare(candidate, reference)
        #expect(result.candidateNotFinite.nans == 1 && result.candidateNotFinite.infinities == 1)
        #expect(result.referenceNotFinite.count == 0)
        #expect(result.notFiniteMismatches == 2)
        #expect(result.worst?.referenceIndex == 3000)
        // The rest is measured without them.
        #expect(result.maximumError == 8)
    }

    @Test func theSameNotANumberOnBothSidesIsNoMismatchButIsCounted() {
        let result = compare([.nan, .infinity, 1], [.nan, .infinity, 1])
        #expect(result.notFiniteMismatches == 0 && result.unequal == 0)
        #expect(result.candidateNotFinite.count == 2 && result.referenceNotFinite.count == 2)
        #expect(compare([.infinity], [-.infinity]).notFiniteMismatches == 1)
    }

    @Test func extremesDoNotOverflow() {
        let largest = Float.greatestFiniteMagnitude
        let result = compare([largest, 0], [-largest, 0])
        #expect(isClose(result.relativeError, 2))
        #expect(isClose(result.maximumError, 2 * Double(largest)))
        #expect(compare([0, 0], [0, 0]).relativeError == 0)
        #expect(compare([1, 0], [0, 0]).relativeError == .infinity)
        #expect(compare([], []).count == 0)
    }
}

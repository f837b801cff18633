import Tensors

/// The elementwise differences between two tensors.
///
/// Elements that are not finite on one side are excluded from the sums and counted instead.
package struct TensorComparison: Sendable, Equatable {
    /// The numbers of NaNs and infinities of one side.
    package struct NotFinite: Sendable, Equatable {
        /// The number of NaNs.
        package internal(set) var nans = 0
        /// The number of infinities.
        package internal(set) var infinities = 0

        /// The number of both together.
        package var count: Int { nans + infinities }
    }

    /// One element of both tensors.
    package struct Element: Sendable, Equatable {
        /// The row-major index in the reference.
        package let referenceIndex: Int
        /// The row-major index in the candidate, which differs where rows are paired.
        package let candidateIndex: Int
        /// The reference's value.
        package let reference: Double
        /// The candidate's value.
        package let candidate: Double

        /// An element with the given indices and values.
        package init(referenceIndex: Int, candidateIndex: Int, reference: Double, candidate: Double) {
            self.referenceIndex = referenceIndex
            self.candidateIndex = candidateIndex
            self.reference = reference
            self.candidate = candidate
        }
    }

    /// The number of elements compared.
    package internal(set) var count = 0
    /// The largest |candidate − reference|.
    package internal(set) var maximumError = 0.0
    /// The mean of |candidate − reference|.
    package internal(set) var meanError = 0.0
    /// ‖candidate − reference‖ / ‖reference‖; infinite when the reference is all zeros and the candidate is not.
    package internal(set) var relativeError = 0.0
    /// The 99th percentile of |candidate − reference|, accurate to 1 %.
    package internal(set) var percentile99 = 0.0
    /// 1 − the cosine of the angle between the two tensors as vectors. Stored as the distance from 1, since
    /// small values would be lost in the cosine.
    package internal(set) var cosineDistance = 0.0
    /// The element with the largest error, or the first that is finite on one side only; nil when all are equal.
    package internal(set) var worst: Element?
    /// The reference's elements that are not finite.
    package internal(set) var referenceNotFinite = NotFinite()
    /// The candidate's elements that are not finite.
    package internal(set) var candidateNotFinite = NotFinite()
    /// The number of elements that are not finite on one side and different on the other.
    package internal(set) var notFiniteMismatches = 0
    /// The number of elements that are not exactly equal.
    package internal(set) var unequal = 0

    /// The cosine of the angle between the two tensors as vectors; 1 when both are zero.
    package var cosine: Double { 1 - cosineDistance }
}

/// Accumulates errors, tensor by tensor or row by row.
package struct ErrorAccumulator {
    private var result = TensorComparison()
    private var errorSum = 0.0
    private var errorSquares = 0.0
    private var referenceSquares = 0.0
    private var candidateSquares = 0.0
    private var dot = 0.0
    /// A histogram of errors by the leading 16 bits of their Float: the sign, which is 0, eight bits of
    /// exponent and seven of mantissa, so that neighbouring bins differ by less than 1 %.
    private var histogram = [Int](repeating: 0, count: 1 << 15)

    /// The number of elements per block: a block's sums show whether one of its elements is not finite.
    private static let block = 2048

    /// An accumulator without elements.
    package init() {}

    /// Adds elements of two tensors of the same count, which start at the given row-major indices.
    package mutating func add(
        candidate: UnsafeBufferPointer<Float>, reference: UnsafeBufferPointer<Float>,
        candidateIndex: Int = 0, referenceIndex: Int = 0
    ) {
        precondition(candidate.count == reference.count)
        for start in stride(from: 0, to: candidate.count, by: Self.block) {
            let range = start..<min(start + Self.block, candidate.count)
            addBlock(
                UnsafeBufferPointer(rebasing: candidate[range]),
                UnsafeBufferPointer(rebasing: reference[range]),
                candidateIndex + start, referenceIndex + start)
        }
    }

    /// Adds one element.
    package mutating func add(candidate: Double, reference: Double, candidateIndex: Int, referenceIndex: Int)
    {
        result.count += 1
        let element = TensorComparison.Element(
            referenceIndex: referenceIndex, candidateIndex: candidateIndex, reference: reference,
            candidate: candidate)
        guard candidate.isFinite && reference.isFinite else { return addNotFinite(element) }
        let error = abs(candidate - reference)
        addToHistogram(Float(error))
        errorSum += error
        errorSquares += error * error
        referenceSquares += reference * reference
        candidateSquares += candidate * candidate
        dot += candidate * reference
        if error > 0 { result.unequal += 1 }
        if error > result.maximumError {
            result.maximumError = error
            if result.notFiniteMismatches == 0 { result.worst = element }
        }
    }

    private mutating func addNotFinite(_ element: TensorComparison.Element) {
        func count(_ value: Double, in counts: inout TensorComparison.NotFinite) {
            if value.isNaN { counts.nans += 1 } else if value.isInfinite { counts.infinities += 1 }
        }
        count(element.candidate, in: &result.candidateNotFinite)
        count(element.reference, in: &result.referenceNotFinite)
        let isSame =
            element.candidate == element.reference
            || (element.candidate.isNaN && element.reference.isNaN)
        if isSame { return }
        result.unequal += 1
        if result.notFiniteMismatches == 0 { result.worst = element }
        result.notFiniteMismatches += 1
    }

    private mutating func addBlock(
        _ candidate: UnsafeBufferPointer<Float>, _ reference: UnsafeBufferPointer<Float>,
        _ candidateIndex: Int, _ referenceIndex: Int
    ) {
        let sums = BlockSums(candidate, reference)
        guard sums.isFinite else {
            for index in candidate.indices {
                add(
                    candidate: Double(candidate[index]), reference: Double(reference[index]),
                    candidateIndex: candidateIndex + index, referenceIndex: referenceIndex + index)
            }
            return
        }
        result.count += candidate.count
        referenceSquares += sums.referenceSquares
        candidateSquares += sums.candidateSquares
        dot += sums.dot
        guard sums.maximum > 0 else {
            histogram[0] += candidate.count
            return
        }
        errorSum += sums.errors
        errorSquares += sums.errorSquares
        histogram.withUnsafeMutableBufferPointer { histogram in
            var unequal = 0
            for index in candidate.indices {
                let error = abs(candidate[index] - reference[index])
                if error > 0 { unequal += 1 }
                histogram[Int(error.bitPattern >> 16)] += 1
            }
            result.unequal += unequal
        }
        guard Double(sums.maximum) > result.maximumError else { return }
        result.maximumError = Double(sums.maximum)
        guard result.notFiniteMismatches == 0,
            let index = candidate.indices.first(where: {
                abs(candidate[$0] - reference[$0]) == sums.maximum
            })
        else { return }
        result.worst = TensorComparison.Element(
            referenceIndex: referenceIndex + index, candidateIndex: candidateIndex + index,
            reference: Double(reference[index]), candidate: Double(candidate[index]))
    }

    private mutating func addToHistogram(_ error: Float) {
        histogram[Int(min(error, .greatestFiniteMagnitude).bitPattern >> 16)] += 1
    }

    /// The comparison of all elements added so far.
    package var comparison: TensorComparison {
        var result = result
        let finite = histogram.reduce(0, +)
        guard finite > 0 else {
            if result.notFiniteMismatches > 0 { result.relativeError = .infinity }
            return result
        }
        result.meanError = errorSum / Double(finite)
        if errorSquares > 0 {
            result.relativeError =
                referenceSquares > 0 ? (errorSquares / referenceSquares).squareRoot() : .infinity
            result.cosineDistance = cosineDistance
        }
        result.percentile99 = min(percentile(0.99, of: finite), result.maximumError)
        return result
    }

    /// For unit vectors, 1 − cosine is half the squared length of their difference, which avoids the
    /// cancellation in a subtraction from 1. The part of |c − r|² that is due to different lengths is
    /// subtracted.
    private var cosineDistance: Double {
        guard referenceSquares > 0 && candidateSquares > 0 else { return 1 }
        let (candidate, reference) = (candidateSquares.squareRoot(), referenceSquares.squareRoot())
        let lengths = (candidate - reference) * (candidate - reference)
        return max(errorSquares - lengths, 0) / (2 * candidate * reference)
    }

    private func percentile(_ share: Double, of count: Int) -> Double {
        var left = Int((share * Double(count)).rounded(.up))
        for (bits, number) in histogram.enumerated() {
            left -= number
            // The middle of the bin.
            if left <= 0 { return bits == 0 ? 0 : Double(Float(bitPattern: UInt32(bits) << 16 | 0x8000)) }
        }
        return 0
    }
}

/// The sums over a block of elements, eight at a time.
private struct BlockSums {
    var errors = 0.0
    var errorSquares = 0.0
    var referenceSquares = 0.0
    var candidateSquares = 0.0
    var dot = 0.0
    var maximum: Float = 0

    /// Any NaN or infinity, and any difference that overflows Float, makes one of these sums not finite.
    var isFinite: Bool { (errors + referenceSquares + candidateSquares).isFinite }

    init(_ candidate: UnsafeBufferPointer<Float>, _ reference: UnsafeBufferPointer<Float>) {
        var sums = (
            errors: SIMD8<Double>.zero, errorSquares: SIMD8<Double>.zero, reference: SIMD8<Double>.zero,
            candidate: SIMD8<Double>.zero, dot: SIMD8<Double>.zero
        )
        var largest = SIMD8<Float>.zero
        let whole = candidate.count / 8 * 8
        let (candidates, references) = (
            UnsafeRawBufferPointer(candidate), UnsafeRawBufferPointer(reference)
        )
        for index in stride(from: 0, to: whole, by: 8) {
            let c = candidates.loadUnaligned(fromByteOffset: 4 * index, as: SIMD8<Float>.self)
            let r = references.loadUnaligned(fromByteOffset: 4 * index, as: SIMD8<Float>.self)
            let difference = c - r
            let error = pointwiseMax(difference, -difference)
            largest = pointwiseMax(largest, error)
            let (wideC, wideR, wideError) = (
                SIMD8<Double>(c), SIMD8<Double>(r), SIMD8<Double>(error)
            )
            sums.errors += wideError
            sums.errorSquares += wideError * wideError
            sums.reference += wideR * wideR
            sums.candidate += wideC * wideC
            sums.dot += wideC * wideR
        }
        errors = sums.errors.sum()
        errorSquares = sums.errorSquares.sum()
        referenceSquares = sums.reference.sum()
        candidateSquares = sums.candidate.sum()
        dot = sums.dot.sum()
        maximum = largest.max()
        for index in whole..<candidate.count {
            let (c, r) = (Double(candidate[index]), Double(reference[index]))
            let error = abs(candidate[index] - reference[index])
            errors += Double(error)
            errorSquares += Double(error) * Double(error)
            referenceSquares += r * r
            candidateSquares += c * c
            dot += c * r
            maximum = max(maximum, error)
        }
    }
}

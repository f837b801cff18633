/// Precision and recall along a row of detections, best first: what average precision is read off.
public struct PrecisionCurve: Hashable, Sendable {
    /// After each detection, the part of the objects that have been found.
    public let recalls: [Double]
    /// After each detection, the part of the detections so far that is right.
    public let precisions: [Double]

    /// The curve of detections that are right (true) or wrong.
    /// - Parameter truthCount: how many objects there are to find.
    public init(areRight: [Bool], truthCount: Int) {
        self.init(areRight.map { $0 ? .right : .wrong }, truthCount: truthCount)
    }

    init(_ outcomes: some Sequence<Outcome>, truthCount: Int) {
        var right = 0.0, wrong = 0.0
        var recalls: [Double] = [], precisions: [Double] = []
        for outcome in outcomes {
            switch outcome {
            case .right: right += 1
            case .wrong: wrong += 1
            case .ignored: break
            }
            recalls.append(right / Double(truthCount))
            precisions.append(right / (wrong + right + Double.ulpOfOne))
        }
        self.recalls = recalls
        self.precisions = precisions
    }

    /// After each detection, the largest precision from there on: a curve that never rises.
    public var envelope: [Double] {
        var envelope = precisions
        for index in envelope.indices.dropFirst().reversed() where envelope[index] > envelope[index - 1] {
            envelope[index - 1] = envelope[index]
        }
        return envelope
    }

    /// The envelope at the first detection that reaches each recall; 0 beyond the largest recall.
    /// - Parameter thresholds: ascending.
    public func precisions(at thresholds: [Double]) -> [Double] {
        let envelope = envelope
        var precisions = Array(repeating: 0.0, count: thresholds.count)
        // Recalls ascend, and so do thresholds: one walk along both.
        var place = 0
        for (index, threshold) in thresholds.enumerated() {
            while place < recalls.count && recalls[place] < threshold { place += 1 }
            guard place < recalls.count else { break }
            precisions[index] = envelope[place]
        }
        return precisions
    }
}

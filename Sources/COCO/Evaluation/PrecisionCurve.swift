/// Precision and recall along a list of detections, best first, from which average precision is computed.
public struct PrecisionCurve: Hashable, Sendable {
    /// After each detection, the fraction of the objects that have been found.
    public let recalls: [Double]
    /// After each detection, the fraction of the detections so far that are true positives.
    public let precisions: [Double]

    /// The curve of detections, best first, that are true positives (true) or false positives (false).
    /// - Parameter truthCount: the number of objects to find.
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

    /// After each detection, the largest precision from there on: the monotonically decreasing envelope.
    public var envelope: [Double] {
        var envelope = precisions
        for index in envelope.indices.dropFirst().reversed() where envelope[index] > envelope[index - 1] {
            envelope[index - 1] = envelope[index]
        }
        return envelope
    }

    /// The envelope at the first detection that reaches each recall threshold; 0 beyond the largest recall.
    /// - Parameter thresholds: the recall thresholds, ascending.
    public func precisions(at thresholds: [Double]) -> [Double] {
        let envelope = envelope
        var precisions = Array(repeating: 0.0, count: thresholds.count)
        // Recalls and thresholds both ascend: one pass over both.
        var place = 0
        for (index, threshold) in thresholds.enumerated() {
            while place < recalls.count && recalls[place] < threshold { place += 1 }
            guard place < recalls.count else { break }
            precisions[index] = envelope[place]
        }
        return precisions
    }
}

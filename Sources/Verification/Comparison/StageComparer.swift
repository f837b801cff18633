import Formats
import Inference
import Tensors

/// Compares single stages of two sides: first shapes, then NaN and infinities, then numbers, which are
/// compared by value whatever the element types.
struct StageComparer<Reference: StageSource, Candidate: StageSource> {
    let reference: Reference
    let candidate: Candidate
    /// The largest relative error that passes.
    let tolerance: @Sendable (Stage) -> Double
    /// The largest relative error of integers that passes.
    let exactTolerance: @Sendable (Stage) -> Double
    /// The pairings of the row groups; groups that could not be paired are absent.
    let pairings: [RowGroup: GroupPairing]
    /// Whether rows for proposals and detections correspond by index, because both sides have the same
    /// inputs.
    let sharesRows: Bool
    /// The size of the network's input, to name positions.
    let inputSize: (height: Int, width: Int)?
    /// The shape of the feature map of a level's anchors, to name them.
    let mapShape: @Sendable (Stage) -> [Int]?

    /// Compares a stage of the contract.
    /// - Throws: ``FileError`` when a bundle cannot be read.
    func compare(_ stage: Stage) throws -> StageComparison {
        let (a, b) = (try reference.stageTensor(stage), try candidate.stageTensor(stage))
        guard let a, let b else {
            return StageComparison(stage: stage, referenceShape: a?.shape, candidateShape: b?.shape)
        }
        return try compare(stage, a, b)
    }

    private func compare(_ stage: Stage, _ a: StageTensor, _ b: StageTensor) throws -> StageComparison {
        var result = StageComparison(stage: stage, reference: a, candidate: b)
        let kind = stage.correspondence
        let group = pairing(for: kind)
        if let fault = shapeFault(kind, group, a, b) {
            result.verdict = .shape
            result.notes.append(fault)
            return result
        }
        guard let ours = a.elements, let theirs = b.elements else {
            result.verdict = .elementType
            result.notes.append("elements of type \((b.elements == nil ? b : a).type.rawValue) are not read")
            return result
        }
        let isExact = if case .floats = ours { false } else { true }
        // 16-bit numbers cannot be compared more finely than their rounding.
        let rounding = max(a.type.roundingError, b.type.roundingError)
        let limit =
            isExact && kind != .masks ? exactTolerance(stage) : max(tolerance(stage), rounding)
        result.tolerance = limit
        let pairs = rowPairs(kind, group, a, b)
        let isProposal = stage == .detectionProposals && !sharesRows
        let isOff: Bool
        switch kind {
        case .masks:
            isOff = compareMasks(ours, theirs, a, pairs, limit, &result)
        case .keypoints:
            isOff = compareKeypoints(ours, theirs, a, pairs, limit, &result)
        case _ where isProposal:
            isOff = compareOrigins(ours, theirs, pairs, &result)
        default:
            isOff = compareNumbers(ours, theirs, a, b, pairs, limit, isExact, &result)
        }
        if let measures = result.measures, let worst = measures.worst {
            result.worst = name(worst, stage, a)
        }
        let areRowsOff = explainRows(kind, group, a, b, &result)
        settle(&result, isOff: isOff || areRowsOff)
        return result
    }

    // MARK: Shape

    private func pairing(for kind: Correspondence) -> GroupPairing? {
        switch kind {
        case .tensor: nil
        case .selected(let group): pairings[group]
        case .following(let group): sharesRows ? nil : pairings[group]
        case .masks, .keypoints: pairings[.output]
        }
    }

    /// The fault of the candidate's shape; nil if it is right. The number of rows may differ if rows are
    /// paired.
    private func shapeFault(
        _ kind: Correspondence, _ group: GroupPairing?, _ a: StageTensor, _ b: StageTensor
    ) -> String? {
        if let group, !a.shape.isEmpty, a.shape.count == b.shape.count,
            a.shape.dropFirst() == b.shape.dropFirst(), group.pairing.referenceCount == a.rowCount
        {
            guard b.rowCount == group.pairing.candidateCount else {
                return "\(b.rowCount) rows for \(group.pairing.candidateCount) boxes"
            }
            return nil
        }
        guard a.shape != b.shape else { return nil }
        return "shape \(text(b.shape)), expected \(text(a.shape))"
    }

    private func text(_ shape: [Int]) -> String {
        shape.isEmpty ? "of a single number" : shape.map(String.init).joined(separator: "×")
    }

    /// The pairs of rows to compare; nil to compare all rows by index.
    private func rowPairs(
        _ kind: Correspondence, _ group: GroupPairing?, _ a: StageTensor, _ b: StageTensor
    ) -> [RowPairing.Pair]? {
        guard let group, group.pairing.referenceCount == a.rowCount else { return nil }
        return group.pairing.isInPlace ? nil : group.pairing.pairs
    }

    // MARK: Numbers

    private func compareNumbers(
        _ ours: ContractTensor.Elements, _ theirs: ContractTensor.Elements, _ a: StageTensor,
        _ b: StageTensor,
        _ pairs: [RowPairing.Pair]?, _ limit: Double, _ isExact: Bool, _ result: inout StageComparison
    ) -> Bool {
        var errors = ErrorAccumulator()
        let columns = a.rowCount == 0 ? 0 : a.shape.dropFirst().reduce(1, *)
        switch (ours, theirs) {
        case (.floats(let ours), .floats(let theirs)):
            ours.withUnsafeElements { ours in
                theirs.withUnsafeElements { theirs in
                    guard let pairs else { return errors.add(candidate: theirs, reference: ours) }
                    for pair in pairs {
                        let (i, j) = (pair.reference * columns, pair.candidate * columns)
                        errors.add(
                            candidate: UnsafeBufferPointer(rebasing: theirs[j..<j + columns]),
                            reference: UnsafeBufferPointer(rebasing: ours[i..<i + columns]),
                            candidateIndex: j, referenceIndex: i)
                    }
                }
            }
        default:
            let (ours, theirs) = (ours.doubles, theirs.doubles)
            let count = a.shape.contains(0) ? 0 : a.shape.reduce(1, *)
            guard let pairs else {
                for index in 0..<count {
                    errors.add(
                        candidate: theirs(index), reference: ours(index), candidateIndex: index,
                        referenceIndex: index)
                }
                break
            }
            for pair in pairs {
                for column in 0..<columns {
                    let (i, j) = (pair.reference * columns + column, pair.candidate * columns + column)
                    errors.add(
                        candidate: theirs(j), reference: ours(i), candidateIndex: j, referenceIndex: i)
                }
            }
        }
        let measures = errors.comparison
        result.measures = measures
        if isExact && measures.unequal > 0 {
            result.notes.append("\(measures.unequal) of \(measures.count) differ")
        }
        return !(measures.relativeError <= limit)
    }

    // MARK: Verdict

    /// Adds notes on the pairing of rows, and returns whether it is in itself a difference.
    private func explainRows(
        _ kind: Correspondence, _ group: GroupPairing?, _ a: StageTensor, _ b: StageTensor,
        _ result: inout StageComparison
    ) -> Bool {
        guard let group else { return false }
        if let remark = group.remark { result.notes.append(remark) }
        let pairing = group.pairing
        let rows = max(pairing.referenceCount, pairing.candidateCount)
        if rows > 0 && pairing.pairs.isEmpty {
            result.notes.append("no row of \(pairing.referenceCount) has a partner")
            return true
        }
        switch kind {
        case .selected:
            // Only for boxes and scores, which rank and select; the others follow them.
            let isRanked = result.stage.name.hasSuffix("boxes") || result.stage.name.hasSuffix("scores")
            guard isRanked else { return false }
            result.rows = group.counts
            guard let counts = group.counts else {
                return pairing.referenceCount != pairing.candidateCount
            }
            return !counts.areExplained
        default:
            result.unpairedRows = pairing.unmatchedReference.count + pairing.unmatchedCandidate.count
            return false
        }
    }

    private func settle(_ result: inout StageComparison, isOff: Bool) {
        let mismatches = (result.measures?.notFiniteMismatches ?? 0) + (result.keypoints?.notFinite ?? 0)
        if let measures = result.measures {
            for (side, counts) in [
                ("candidate", measures.candidateNotFinite), ("reference", measures.referenceNotFinite),
            ] where counts.count > 0 {
                let plural = counts.infinities == 1 ? "infinity" : "infinities"
                result.notes.append("\(side): \(counts.nans) NaN, \(counts.infinities) \(plural)")
            }
        }
        if mismatches > 0 {
            result.verdict = .notFinite
        } else if isOff {
            result.verdict = .differs
        }
    }

    private func name(_ element: TensorComparison.Element, _ stage: Stage, _ a: StageTensor) -> WorstElement {
        var mapSize: (height: Int, width: Int)?
        if stage.name.hasPrefix("anchors."), let level = stage.name.split(separator: ".").last,
            let map = mapShape(.objectness(String(level))), map.count == 3
        {
            mapSize = (map[1], map[2])
        }
        let place = ElementPlace(inputSize: inputSize, mapSize: mapSize)
        var name = place.name(stage, shape: a.shape, index: element.referenceIndex)
        let columns = max(a.shape.dropFirst().reduce(1, *), 1)
        let (row, otherRow) = (element.referenceIndex / columns, element.candidateIndex / columns)
        if row != otherRow { name += " (the candidate's row \(otherRow))" }
        return WorstElement(
            name: name, index: element.referenceIndex, candidateIndex: element.candidateIndex,
            reference: element.reference, candidate: element.candidate)
    }
}

extension ContractTensor.Elements {
    /// Returns an element as a Double.
    fileprivate var doubles: (Int) -> Double {
        switch self {
        case .floats(let tensor):
            let numbers = tensor.array
            return { Double(numbers[$0]) }
        case .integers(let integers): return { Double(integers[$0]) }
        case .bytes(let bytes): return { Double(bytes[$0]) }
        }
    }
}

extension StageComparer: Sendable where Reference: Sendable, Candidate: Sendable {}

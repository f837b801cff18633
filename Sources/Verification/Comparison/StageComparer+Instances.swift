import Inference
import Tensors

// Comparisons that are not made number by number: masks, keypoints, and the proposals from which detections
// come.

extension StageComparer {
    /// Compares indices of proposals, translated by the pairing of the proposals.
    /// - Returns: whether more than one detection in a hundred comes from another proposal.
    func compareOrigins(
        _ ours: ContractTensor.Elements, _ theirs: ContractTensor.Elements, _ pairs: [RowPairing.Pair]?,
        _ result: inout StageComparison
    ) -> Bool {
        guard let ours = ours.asIntegers, let theirs = theirs.asIntegers else {
            result.notes.append("numbers of proposals that are no integers")
            return true
        }
        var partners: [Int64: Int64] = [:]
        for pair in pairings[.proposals]?.pairing.pairs ?? [] {
            partners[Int64(pair.reference)] = Int64(pair.candidate)
        }
        let pairs = pairs ?? ours.indices.map { RowPairing.Pair(reference: $0, candidate: $0) }
        var (others, untraced) = (0, 0)
        for pair in pairs {
            switch partners[ours[pair.reference]] {
            case nil where pairings[.proposals] == nil:
                others += ours[pair.reference] == theirs[pair.candidate] ? 0 : 1
            case nil: untraced += 1
            case let partner: others += partner == theirs[pair.candidate] ? 0 : 1
            }
        }
        if others > 0 { result.notes.append("\(others) of \(pairs.count) come from another proposal") }
        if untraced > 0 {
            result.notes.append("\(untraced) of \(pairs.count) come from a proposal without a partner")
        }
        return others > pairs.count / 100
    }

    /// Compares masks by their IoU and the distance of their boundaries.
    /// - Returns: whether the difference is beyond tolerance.
    func compareMasks(
        _ ours: ContractTensor.Elements, _ theirs: ContractTensor.Elements, _ a: StageTensor,
        _ pairs: [RowPairing.Pair]?, _ limit: Double, _ result: inout StageComparison
    ) -> Bool {
        guard a.shape.count == 3 else { return true }
        let (ours, theirs) = (ours.asMasks, theirs.asMasks)
        let pairs = pairs ?? a.rowsInPlace
        let masks = MaskComparison(
            reference: ours, candidate: theirs, height: a.shape[1], width: a.shape[2], pairs: pairs)
        result.masks = masks
        if masks.hasOtherValues { result.notes.append("values other than 0 and 1") }
        // A pixel with a probability near one half may fall either way: one per mask is not a fault.
        return masks.hasOtherValues
            || (1 - masks.meanOverlap > limit && masks.differingPixels > masks.count)
    }

    /// Compares keypoints by their distance in pixels, and by their scores.
    /// - Returns: whether the difference is beyond tolerance.
    func compareKeypoints(
        _ ours: ContractTensor.Elements, _ theirs: ContractTensor.Elements, _ a: StageTensor,
        _ pairs: [RowPairing.Pair]?, _ limit: Double, _ result: inout StageComparison
    ) -> Bool {
        guard a.shape.count == 3, a.shape[2] == 3 else { return true }
        let (ours, theirs) = (ours.asFloats, theirs.asFloats)
        let pairs = pairs ?? a.rowsInPlace
        var (errors, scores) = (ErrorAccumulator(), ErrorAccumulator())
        let keypoints = a.shape[1]
        let distances = ours.withUnsafeElements { ours in
            theirs.withUnsafeElements { theirs in
                for pair in pairs {
                    for index in 0..<3 * keypoints {
                        let (i, j) = (
                            3 * pair.reference * keypoints + index, 3 * pair.candidate * keypoints + index
                        )
                        let (x, y) = (Double(theirs[j]), Double(ours[i]))
                        errors.add(candidate: x, reference: y, candidateIndex: j, referenceIndex: i)
                        if index % 3 == 2 {
                            scores.add(candidate: x, reference: y, candidateIndex: j, referenceIndex: i)
                        }
                    }
                }
                return KeypointComparison(
                    reference: ours, candidate: theirs, keypoints: keypoints, pairs: pairs)
            }
        }
        result.keypoints = distances
        result.measures = errors.comparison
        return !distances.isExplained || !(scores.comparison.relativeError <= limit)
    }
}

extension StageTensor {
    /// The pairs of rows with the same index; none for a tensor without elements, whose shape can claim any
    /// number of rows.
    var rowsInPlace: [RowPairing.Pair] {
        shape.contains(0) ? [] : (0..<rowCount).map { RowPairing.Pair(reference: $0, candidate: $0) }
    }
}

import Geometry
import Inference
import Tensors

/// The result of a stage, for comparison: a tensor, or a list whose rows may come and go.
enum Outcome {
    case tensor(Tensor)
    case rows(Rows)

    /// The tensor; nil for a list.
    var tensor: Tensor? { if case .tensor(let tensor) = self { tensor } else { nil } }
    /// The rows; nil for a tensor.
    var rows: Rows? { if case .rows(let rows) = self { rows } else { nil } }

    /// The distance to another outcome: a sum of squares, or a number of rows. 0 for differences due to
    /// rounding; nil if the two cannot be compared.
    func error(of other: Outcome) -> Double? {
        switch (self, other) {
        case (.tensor(let own), .tensor(let other)): own.squaredError(of: other)
        case (.rows(let own), .rows(let other)): own.mismatch(with: other)
        default: nil
        }
    }
}

extension Tensor {
    /// ‖self − other‖², or 0 below ``Diagnosis/roundingError``; ‖self‖² for tensors of different shapes. Nil
    /// if a value is not finite.
    fileprivate func squaredError(of other: Tensor) -> Double? {
        let isComparable = shape == other.shape
        let (error, norm) = withUnsafeElements { own in
            other.withUnsafeElements { other in
                var (error, norm) = (0.0, 0.0)
                for index in own.indices {
                    let value = Double(own[index])
                    let difference = isComparable ? value - Double(other[index]) : value
                    error += difference * difference
                    norm += value * value
                }
                return (error, norm)
            }
        }
        guard error.isFinite else { return nil }
        let limit = Diagnosis.roundingError
        return error <= norm * limit * limit ? 0 : error
    }
}

/// The rows of stages that belong together: boxes with their scores, classes and proposals, as far as a
/// bundle has them.
struct Rows {
    var boxes: [Box]?
    var scores: [Float]?
    var classes: [Int]?
    var proposals: [Int]?

    var count: Int { boxes?.count ?? scores?.count ?? classes?.count ?? proposals?.count ?? 0 }

    /// Whether all columns have the same length.
    private var isConsistent: Bool {
        let lengths = [boxes?.count, scores?.count, classes?.count, proposals?.count].compactMap { $0 }
        return Set(lengths).count <= 1
    }

    /// The rows at the given indices.
    func rows(_ indices: [Int]) -> Rows {
        Rows(
            boxes: boxes.map { boxes in indices.map { boxes[$0] } },
            scores: scores.map { scores in indices.map { scores[$0] } },
            classes: classes.map { classes in indices.map { classes[$0] } },
            proposals: proposals.map { proposals in indices.map { proposals[$0] } })
    }

    /// The rows with other boxes.
    func with(boxes: [Box]) -> Rows {
        var rows = self
        rows.boxes = boxes
        return rows
    }

    /// The number of rows of either list without a partner in the other, plus the number of partners that are
    /// out of order; nil if the columns of a list have different lengths.
    fileprivate func mismatch(with other: Rows) -> Double? {
        guard isConsistent && other.isConsistent else { return nil }
        var free = Array(0..<other.count)
        var partners: [Int] = []
        for row in 0..<count {
            // Partners are mostly in the same order, so the search ends early.
            guard let place = free.firstIndex(where: { isSame(row, as: $0, of: other) }) else { continue }
            partners.append(free.remove(at: place))
        }
        let disorder = zip(partners, partners.dropFirst()).filter { $0 > $1 }.count
        return Double(count - partners.count + free.count + disorder)
    }

    /// Whether two rows are equal up to rounding: a fiftieth of a pixel, a probability of 10⁻⁴.
    private func isSame(_ row: Int, as otherRow: Int, of other: Rows) -> Bool {
        if let boxes, let others = other.boxes {
            guard boxes[row].isNear(others[otherRow]) else { return false }
        }
        if let scores, let others = other.scores {
            let (score, other) = (scores[row], others[otherRow])
            guard abs(score - other) <= 1e-4 * max(1, abs(score)) else { return false }
        }
        if let classes, let others = other.classes {
            guard classes[row] == others[otherRow] else { return false }
        }
        if let proposals, let others = other.proposals {
            guard proposals[row] == others[otherRow] else { return false }
        }
        return true
    }
}

extension Box {
    fileprivate func isNear(_ other: Box) -> Bool {
        abs(x1 - other.x1) <= 0.02 && abs(y1 - other.y1) <= 0.02 && abs(x2 - other.x2) <= 0.02
            && abs(y2 - other.y2) <= 0.02
    }
}

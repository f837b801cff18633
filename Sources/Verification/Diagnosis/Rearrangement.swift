import Inference
import Tensors

// Ways in which the numbers of a tensor end up in other places. All tensors are in the order of the contract:
// channels first.

extension Tensor {
    /// The same tensor with its axes in another order.
    func permuted(_ order: [Int]) -> Tensor {
        let newShape = order.map { shape[$0] }
        var strides = [Int](repeating: 1, count: shape.count)
        for axis in shape.indices.dropLast().reversed() {
            strides[axis] = strides[axis + 1] * shape[axis + 1]
        }
        let steps = order.map { strides[$0] }
        return Tensor(shape: newShape) { output in
            withUnsafeElements { input in
                var index = [Int](repeating: 0, count: newShape.count)
                var place = 0
                for position in output.indices {
                    output[position] = input[place]
                    // Count up, the last axis fastest.
                    for axis in newShape.indices.reversed() {
                        index[axis] += 1
                        place += steps[axis]
                        if index[axis] < newShape[axis] { break }
                        place -= steps[axis] * newShape[axis]
                        index[axis] = 0
                    }
                }
            }
        }
    }

    /// Height and width exchanged: the last two axes.
    var transposed: Tensor? {
        let axes = shape.count
        guard axes >= 3 else { return nil }
        return permuted(Array(0..<axes - 2) + [axes - 1, axes - 2])
    }

    /// The slices along an axis in another order: the new one's slice i is the old one's slice `order[i]`. Nil
    /// where there is no such axis, or it has another length.
    func reordered(axis: Int, _ order: [Int]) -> Tensor? {
        guard shape.indices.contains(axis), shape[axis] == order.count else { return nil }
        let inner = shape.dropFirst(axis + 1).reduce(1, *), length = order.count
        return Tensor(shape: shape) { output in
            withUnsafeElements { input in
                for position in output.indices {
                    let (slice, offset) = position.quotientAndRemainder(dividingBy: inner)
                    let (outer, index) = slice.quotientAndRemainder(dividingBy: length)
                    output[position] = input[(outer * length + order[index]) * inner + offset]
                }
            }
        }
    }

    /// The slices along an axis moved by so many places; what leaves at one end comes back at the other.
    func rolled(axis: Int, by step: Int) -> Tensor? {
        guard shape.indices.contains(axis) else { return nil }
        let length = shape[axis]
        return reordered(axis: axis, (0..<length).map { (($0 - step) % length + length) % length })
    }

    /// Each number replaced.
    func mapped(_ transform: (Float) -> Float) -> Tensor {
        Tensor(shape: shape) { output in
            withUnsafeElements { input in
                for index in output.indices { output[index] = transform(input[index]) }
            }
        }
    }
}

extension Suspect {
    /// A suspect that changes the tensor that the stage should be. The change gives nil where it makes no sense.
    static func rearranged(
        _ name: String, in stages: [String], _ changes: [(String?, (Tensor) -> Tensor?)]
    ) -> Suspect {
        Suspect(name, in: stages) { trial in
            guard let expected = trial.expected.tensor else { return [] }
            return changes.compactMap { detail, change in
                change(expected).map { Prediction(.tensor($0), detail) }
            }
        }
    }

    /// A suspect that runs the stage by another convention or limit.
    static func switched(
        _ name: String, in stages: [String],
        _ changes: [(String?, (inout Configuration) -> Void)]
    ) -> Suspect {
        Suspect(name, in: stages) { trial in
            try changes.map { detail, change in Prediction(try trial.run(change), detail) }
        }
    }
}

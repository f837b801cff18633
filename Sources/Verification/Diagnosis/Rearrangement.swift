import Inference
import Tensors

// Rearrangements of a tensor's values. All tensors are in the contract's layout: channels first.

extension Tensor {
    /// The tensor with its axes permuted: axis i of the result is axis `order[i]`.
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

    /// The tensor with its last two axes, height and width, exchanged; nil if it has fewer than three axes.
    var transposed: Tensor? {
        let axes = shape.count
        guard axes >= 3 else { return nil }
        return permuted(Array(0..<axes - 2) + [axes - 1, axes - 2])
    }

    /// The tensor with the slices along an axis reordered: slice i of the result is slice `order[i]`. Nil if
    /// there is no such axis, or its length differs from that of `order`.
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

    /// The tensor with the slices along an axis shifted cyclically by `step`; nil if there is no such axis.
    func rolled(axis: Int, by step: Int) -> Tensor? {
        guard shape.indices.contains(axis) else { return nil }
        let length = shape[axis]
        return reordered(axis: axis, (0..<length).map { (($0 - step) % length + length) % length })
    }

    /// The tensor with each value transformed.
    func mapped(_ transform: (Float) -> Float) -> Tensor {
        Tensor(shape: shape) { output in
            withUnsafeElements { input in
                for index in output.indices { output[index] = transform(input[index]) }
            }
        }
    }
}

extension Suspect {
    /// A suspect that changes the expected tensor. A change returns nil if it cannot be applied.
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

    /// A suspect that runs the stage with another convention or setting.
    static func switched(
        _ name: String, in stages: [String],
        _ changes: [(String?, (inout Configuration) -> Void)]
    ) -> Suspect {
        Suspect(name, in: stages) { trial in
            try changes.map { detail, change in Prediction(try trial.run(change), detail) }
        }
    }
}

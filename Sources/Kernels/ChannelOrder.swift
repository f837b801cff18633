import Tensors

/// `[count, channels, height, width]` → `[count, height, width, channels]`, or the same for a single map.
public func channelsLast(_ input: Tensor) -> Tensor {
    let shape = input.shape
    let (channels, height, width) = (shape[shape.count - 3], shape[shape.count - 2], shape[shape.count - 1])
    return transposedMaps(
        input, rows: channels, columns: height * width,
        shape: Array(shape.dropLast(3)) + [height, width, channels])
}

/// `[count, height, width, channels]` → `[count, channels, height, width]`, or the same for a single map: the
/// order that bundles and most other frameworks have.
///
/// Each of the two functions undoes the other, and each is the other's pullback: moving elements about is
/// orthogonal.
public func channelsFirst(_ input: Tensor) -> Tensor {
    let shape = input.shape
    let (height, width, channels) = (shape[shape.count - 3], shape[shape.count - 2], shape[shape.count - 1])
    return transposedMaps(
        input, rows: height * width, columns: channels,
        shape: Array(shape.dropLast(3)) + [channels, height, width])
}

private func transposedMaps(_ input: Tensor, rows: Int, columns: Int, shape: [Int]) -> Tensor {
    Tensor(shape: shape) { output in
        guard rows * columns > 0, let output = output.baseAddress.map({ Shared($0) }) else { return }
        input.withUnsafeElements { elements in
            let source = Shared(elements.baseAddress!)
            parallel(elements.count / (rows * columns)) { map in
                transpose(
                    source.pointer + map * rows * columns, rows: rows, columns: columns,
                    into: output.pointer + map * rows * columns)
            }
        }
    }
}

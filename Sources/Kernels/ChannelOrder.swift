import Execution
import Tensors

/// `[count, channels, height, width]` → `[count, height, width, channels]`, or the same for a single map.
package func channelsLast(_ input: Tensor) -> Tensor {
    let shape = input.shape
    let (channels, height, width) = (shape[shape.count - 3], shape[shape.count - 2], shape[shape.count - 1])
    return transposedMaps(
        input, rows: channels, columns: height * width,
        shape: Array(shape.dropLast(3)) + [height, width, channels])
}

/// `[count, height, width, channels]` → `[count, channels, height, width]`, or the same for a single map: the
/// order of bundles and of most other frameworks.
///
/// Each of the two functions undoes the other, and each is the other's pullback, since a permutation is
/// orthogonal.
package func channelsFirst(_ input: Tensor) -> Tensor {
    let shape = input.shape
    let (height, width, channels) = (shape[shape.count - 3], shape[shape.count - 2], shape[shape.count - 1])
    return transposedMaps(
        input, rows: height * width, columns: channels,
        shape: Array(shape.dropLast(3)) + [channels, height, width])
}

/// Transposes each map, a matrix `[rows, columns]`.
private func transposedMaps(_ input: Tensor, rows: Int, columns: Int, shape: [Int]) -> Tensor {
    let count = rows * columns == 0 ? 0 : input.count / (rows * columns)
    let source = Matrix(input, rows: count * rows, columns: columns)
    let result = MutableMatrix(rows: count * columns, columns: rows)
    parallel(count) { map in
        transpose(source.stacked(map, rows: rows), into: result.stacked(map, rows: columns))
    }
    return result.tensor(shape: shape)
}

import Testing

import Execution
import Tensors

/// Expects a tensor of the given shape whose elements lie near the expected ones. Compares shapes first, then
/// where the NaNs are, then the errors, and reports the worst of them.
///
/// - Parameter allowed: the largest error allowed at an element, by its row-major index.
func expect(
    _ found: Tensor, hasShape shape: [Int], near expected: [Double], within allowed: (Int) -> Double,
    _ what: String = "", at location: SourceLocation = #_sourceLocation
) {
    let what = "\(what) (\(ExecutionContext.current.kernels) kernels)"
    guard found.shape == shape, found.count == expected.count else {
        Issue.record(
            "\(what): shape \(found.shape), expected \(shape) of \(expected.count) elements",
            sourceLocation: location)
        return
    }
    let elements = found.array
    if let index = elements.indices.first(where: { elements[$0].isNaN != expected[$0].isNaN }) {
        Issue.record(
            "\(what): \(elements[index]) at \(position(of: index, in: shape)), expected \(expected[index])",
            sourceLocation: location)
        return
    }
    var worst: (index: Int, error: Double, excess: Double)?
    for index in elements.indices where !expected[index].isNaN {
        let value = Double(elements[index])
        let error = value == expected[index] ? 0 : abs(value - expected[index])
        let excess = error - allowed(index)
        if excess > worst?.excess ?? 0 { worst = (index, error, excess) }
    }
    if let worst {
        Issue.record(
            """
            \(what): \(elements[worst.index]) at \(position(of: worst.index, in: shape)), expected \
            \(expected[worst.index]): off by \(worst.error), allowed \(allowed(worst.index))
            """, sourceLocation: location)
    }
}

/// The same with one absolute and one relative tolerance, which add up.
func expect(
    _ found: Tensor, hasShape shape: [Int], near expected: [Double], absolute: Double = 0,
    relative: Double = 0, _ what: String = "", at location: SourceLocation = #_sourceLocation
) {
    expect(
        found, hasShape: shape, near: expected,
        within: { absolute + (relative == 0 ? 0 : relative * abs(expected[$0])) }, what, at: location)
}

/// Expects the same shape and, NaNs apart, the same numbers.
func expect(
    _ found: Tensor, equals expected: Tensor, _ what: String = "",
    at location: SourceLocation = #_sourceLocation
) {
    expect(found, hasShape: expected.shape, near: expected.array.map(Double.init), what, at: location)
}

/// The index along each axis of the element at a row-major index.
private func position(of index: Int, in shape: [Int]) -> [Int] {
    var rest = index
    let reversed = shape.reversed().map { length in
        defer { rest /= length }
        return rest % length
    }
    return reversed.reversed()
}

/// Half the distance between 1 and the next Float: the relative error of one rounding.
let unitRoundoff = 0x1p-24

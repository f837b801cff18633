import Foundation
import Geometry

/// An option of a calculation refers to something that does not exist, or is invalid.
package struct CalculationError: Error, CustomStringConvertible {
    /// One line that names the option.
    package let description: String

    /// An error with a one-line description.
    package init(_ description: String) { self.description = description }
}

/// Checks an index whose upper bound depends on a run or a model.
package func checked(_ index: Int, below count: Int, _ option: String) throws -> Int {
    guard 0..<count ~= index else {
        throw CalculationError(
            count == 0
                ? "--\(option) \(index): there is none"
                : "--\(option) \(index): must be from 0 to \(count - 1)")
    }
    return index
}

extension BinaryFloatingPoint {
    /// The number with `count` decimals, and without a minus sign if all digits are zero.
    package func digits(_ count: Int) -> String {
        let text = String(format: "%.\(count)f", Double(self))
        return text.hasPrefix("-") && text.allSatisfy({ "-0.".contains($0) })
            ? String(text.dropFirst()) : text
    }
}

extension Box {
    /// The four edges with `count` decimals: `10.0 20.0 30.0 40.0`.
    package func digits(_ count: Int) -> String {
        [x1, y1, x2, y2].map { $0.digits(count) }.joined(separator: " ")
    }
}

import Foundation
import Geometry

/// What a calculation asks for does not exist, or makes no sense: one line that names the option.
package struct CalculationError: Error, CustomStringConvertible {
    /// The line.
    package let description: String

    /// The error with this text.
    package init(_ description: String) { self.description = description }
}

/// Checks an index of something that only a run or a model has so many of.
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
    /// The number with so many digits behind the point; no minus before zeros alone.
    package func digits(_ count: Int) -> String {
        let text = String(format: "%.\(count)f", Double(self))
        return text.hasPrefix("-") && text.allSatisfy({ "-0.".contains($0) })
            ? String(text.dropFirst()) : text
    }
}

extension Box {
    /// `10.0 20.0 30.0 40.0`.
    package func digits(_ count: Int) -> String {
        [x1, y1, x2, y2].map { $0.digits(count) }.joined(separator: " ")
    }
}

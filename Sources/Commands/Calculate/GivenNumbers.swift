import ArgumentParser
import Foundation
import Geometry

/// Numbers on the command line with commas between them: `1,2.5,-3`.
struct NumberList: ExpressibleByArgument {
    let values: [Float]

    /// So many numbers that no page has more.
    private static let largestCount = 10_000

    init?(argument: String) {
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
        let values = parts.compactMap { Float($0.trimmingCharacters(in: .whitespaces)) }
        guard parts.count <= Self.largestCount, values.count == parts.count,
            values.allSatisfy({ $0.isFinite && abs($0) <= 1e6 })
        else { return nil }
        self.values = values
    }
}

/// A box on the command line: left, upper, right and lower edge, `10,20,30,40`.
struct GivenBox: ExpressibleByArgument {
    let box: Box

    init?(argument: String) {
        guard let values = NumberList(argument: argument)?.values, values.count == 4,
            values[0] < values[2], values[1] < values[3]
        else { return nil }
        box = Box(x1: values[0], y1: values[1], x2: values[2], y2: values[3])
    }
}

/// Two whole numbers on the command line: `12,34`.
struct GivenPlace: ExpressibleByArgument {
    let x: Int
    let y: Int

    init?(argument: String) {
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
        let values = parts.compactMap { Int($0) }.filter { abs($0) <= 1_000_000 }
        guard parts.count == 2, values.count == 2 else { return nil }
        (x, y) = (values[0], values[1])
    }
}

extension BinaryFloatingPoint {
    /// The number with so many digits behind the point; no minus before zeros alone.
    func digits(_ count: Int) -> String {
        let text = String(format: "%.\(count)f", Double(self))
        return text.hasPrefix("-") && text.allSatisfy({ "-0.".contains($0) })
            ? String(text.dropFirst()) : text
    }
}

extension Box {
    /// `10.0 20.0 30.0 40.0`.
    func digits(_ count: Int) -> String { [x1, y1, x2, y2].map { $0.digits(count) }.joined(separator: " ") }
}

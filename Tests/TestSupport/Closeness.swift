import Testing

/// Expects as many numbers, each off by at most `relative` · |expected| + `absolute`, and reports the worst. Infinities
/// and what is not a number are close to nothing.
package func expectClose(
    _ found: [Float], _ expected: [Float], relative: Float = 0, absolute: Float = 0, _ what: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
) {
    compare(found, expected, relative, absolute, what, sourceLocation)
}

/// The same in Double.
package func expectClose(
    _ found: [Double], _ expected: [Double], relative: Double = 0, absolute: Double = 0, _ what: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
) {
    compare(found, expected, relative, absolute, what, sourceLocation)
}

private func compare<Number: BinaryFloatingPoint>(
    _ found: [Number], _ expected: [Number], _ relative: Number, _ absolute: Number, _ what: String,
    _ location: SourceLocation
) {
    guard found.count == expected.count else {
        Issue.record(
            "\(what): \(found.count) numbers, expected \(expected.count)", sourceLocation: location)
        return
    }
    var worst: (index: Int, excess: Number)?
    for index in found.indices {
        let excess = abs(found[index] - expected[index]) - (relative * abs(expected[index]) + absolute)
        if excess <= 0 || excess <= worst?.excess ?? 0 { continue }
        worst = (index, excess.isNaN ? .infinity : excess)
    }
    if let index = worst?.index {
        Issue.record(
            "\(what)[\(index)]: \(found[index]), expected \(expected[index])", sourceLocation: location)
    }
}

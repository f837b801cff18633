/// `1 box`, `2 boxes`.
package func counted(_ count: Int, _ one: String, _ several: String) -> String {
    "\(count) \(count == 1 ? one : several)"
}

/// A number that someone chose, with no more digits than it has: `0.7`, not `0.700`.
package func setting(_ number: Double) -> String {
    var text = figures(number)
    guard text.contains("."), !text.contains("e") else { return text }
    while text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
    return text
}

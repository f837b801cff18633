import Foundation

/// A number for a figure, with three significant digits: `0.0312`, `2.45`, `−17.3`, `1200`.
package func figures(_ number: Double) -> String {
    guard number.isFinite else { return number.isNaN ? "NaN" : number < 0 ? "−∞" : "∞" }
    if number == 0 { return "0" }
    let size = abs(number)
    let digits: String
    if size >= 1e6 || size < 1e-4 {
        digits = String(format: "%.2e", size)
    } else if size >= 100 || size == size.rounded() {
        digits = String(format: "%.0f", size)
    } else {
        // Rounding to three digits may add one before the point: 9.999 is 10.0.
        let rounded = Double(String(format: "%.2e", size)) ?? size
        digits = String(format: "%.\(max(0, 2 - Int(floor(log10(rounded)))))f", size)
    }
    return number < 0 ? "−" + digits : digits
}

/// A number beside a tick: the shortest that tells it from its neighbours, `0.5`, `2000`, `1e−5`.
func tickText(_ number: Double) -> String {
    String(format: "%.6g", number).replacingOccurrences(of: "-", with: "−")
        .replacingOccurrences(of: "e−0", with: "e−").replacingOccurrences(of: "e+0", with: "e")
        .replacingOccurrences(of: "e+", with: "e")
}

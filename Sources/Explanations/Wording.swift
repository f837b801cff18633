import Drawing
import Foundation

// The formats of numbers, shared by all screens and pages.

/// A shape: `256×200×304`.
package func wording(shape: [Int]) -> String {
    shape.isEmpty ? "scalar" : shape.map(String.init).joined(separator: "×")
}

/// A number with four significant digits, integers without decimals, and very large or small numbers with an exponent.
package func wording(number: Double) -> String {
    guard number.isFinite else { return "\(number)" }
    if number == number.rounded() && abs(number) < 1e6 { return String(Int(number)) }
    let size = abs(number)
    if size >= 1e5 || size < 1e-4 { return String(format: "%.3e", number) }
    let digits = max(0, 3 - Int(floor(log10(size))))
    return String(format: "%.\(digits)f", number)
}

/// A duration: `12 ms` or `1.23 s`.
package func wording(seconds: Double) -> String {
    seconds < 0.9995 ? String(format: "%.0f ms", seconds * 1000) : String(format: "%.2f s", seconds)
}

/// An amount of memory: `1.2 GB`.
package func wording(bytes: Int) -> String {
    let units = ["bytes", "kB", "MB", "GB"]
    var size = Double(bytes)
    var unit = 0
    while size >= 1000 && unit < units.count - 1 {
        size /= 1000
        unit += 1
    }
    return unit == 0 ? "\(bytes) bytes" : String(format: "%.1f %@", size, units[unit])
}

/// Wraps a text to lines of at most `width` columns, indenting all but the first.
package func wrapped(_ text: String, width: Int, indent: Int = 0) -> String {
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
        let room = lines.isEmpty ? width : width - indent
        if !line.isEmpty && line.count + 1 + word.count > room {
            lines.append(line)
            line = String(word)
        } else {
            line += (line.isEmpty ? "" : " ") + word
        }
    }
    lines.append(line)
    return lines.joined(separator: "\n" + String(repeating: " ", count: indent))
}

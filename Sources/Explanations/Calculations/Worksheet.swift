import Foundation

/// A calculation as text: headings, and steps that consist of a label and its working.
package struct Worksheet {
    private enum Line {
        case heading(String)
        case step(label: String, working: String)
        case gap
    }

    private var lines: [Line] = []

    /// Adds a heading, preceded by a blank line unless it is the first line.
    package mutating func heading(_ text: String) {
        if !lines.isEmpty { lines.append(.gap) }
        lines.append(.heading(text))
    }

    /// Adds a step of the calculation.
    package mutating func step(_ label: String, _ working: String) {
        lines.append(.step(label: label, working: working))
    }

    /// The lines; the workings of all steps under a heading are aligned in one column.
    package var text: String {
        var texts: [String] = []
        for (index, line) in lines.enumerated() {
            switch line {
            case .heading(let text): texts.append(text)
            case .step(let label, let working):
                texts.append("  " + padded(label, to: labelWidth(around: index)) + "  " + working)
            case .gap: texts.append("")
            }
        }
        return texts.joined(separator: "\n")
    }

    /// The length of the longest label under the same heading as a line.
    private func labelWidth(around index: Int) -> Int {
        func isHeading(_ line: Line) -> Bool { if case .heading = line { true } else { false } }
        let start = lines[..<index].lastIndex(where: isHeading) ?? 0
        let end = lines[index...].firstIndex(where: isHeading) ?? lines.endIndex
        return lines[start..<end].reduce(0) { width, line in
            if case .step(let label, _) = line { max(width, label.count) } else { width }
        }
    }
}

/// A number with at most `places` decimals, without trailing zeros: 22.6274, 0.5, 16.
package func short(_ number: Double, _ places: Int = 4) -> String {
    guard number.isFinite else { return "\(number)" }
    var text = String(format: "%.\(places)f", number)
    if text.contains(".") {
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
    }
    return text == "-0" ? "0" : text
}

/// The same for a Float.
package func short(_ number: Float, _ places: Int = 4) -> String { short(Double(number), places) }

/// A probability with six decimals, or in exponential notation if it is small: 0.982699, 2.97e-08.
package func probability(_ number: Float) -> String {
    number > 0 && number < 1e-4 ? String(format: "%.2e", number) : short(number, 6)
}

/// A number with exactly `places` decimals, right-aligned.
package func column(_ number: Float, _ places: Int, width: Int) -> String {
    let text = number.isFinite ? String(format: "%.\(places)f", number) : "\(number)"
    return String(repeating: " ", count: max(width - text.count, 0)) + text
}

/// A text, right-aligned.
package func column(_ text: String, width: Int) -> String {
    String(repeating: " ", count: max(width - text.count, 0)) + text
}

/// A text, left-aligned.
package func padded(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: max(width - text.count, 0))
}

/// A number as the second operand of a sum, with its sign: `- 3` or `+ 3`.
package func signed(_ number: Float, _ places: Int = 4) -> String {
    number < 0 ? "- \(short(-number, places))" : "+ \(short(number, places))"
}

/// A number as a factor: negative numbers in brackets.
package func factor(_ number: Float, _ places: Int = 4) -> String {
    number < 0 ? "(\(short(number, places)))" : short(number, places)
}

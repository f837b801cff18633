import Foundation

/// A calculation as text: headings, and steps that each have a label and the working behind it.
struct Worksheet {
    private enum Line {
        case heading(String)
        case step(label: String, working: String)
        case gap
    }

    private var lines: [Line] = []

    /// A line of its own, at the margin; a blank line comes before it unless it is the first.
    mutating func heading(_ text: String) {
        if !lines.isEmpty { lines.append(.gap) }
        lines.append(.heading(text))
    }

    /// One step of the calculation.
    mutating func step(_ label: String, _ working: String) {
        lines.append(.step(label: label, working: working))
    }

    /// The lines, with the workings of all steps in one column.
    var text: String {
        let width = lines.reduce(0) { width, line in
            if case .step(let label, _) = line { max(width, label.count) } else { width }
        }
        return lines.map { line in
            switch line {
            case .heading(let text): text
            case .step(let label, let working): "  " + padded(label, to: width) + "  " + working
            case .gap: ""
            }
        }
        .joined(separator: "\n")
    }
}

/// A number with at most so many decimal places, without zeros that say nothing: 22.6274, 0.5, 16.
func short(_ number: Double, _ places: Int = 4) -> String {
    guard number.isFinite else { return "\(number)" }
    var text = String(format: "%.\(places)f", number)
    if text.contains(".") {
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
    }
    return text == "-0" ? "0" : text
}

/// The same for a Float.
func short(_ number: Float, _ places: Int = 4) -> String { short(Double(number), places) }

/// A number with exactly so many decimal places, right-aligned: for columns.
func column(_ number: Float, _ places: Int, width: Int) -> String {
    let text = number.isFinite ? String(format: "%.\(places)f", number) : "\(number)"
    return String(repeating: " ", count: max(width - text.count, 0)) + text
}

/// A text, right-aligned.
func column(_ text: String, width: Int) -> String {
    String(repeating: " ", count: max(width - text.count, 0)) + text
}

/// A text, left-aligned.
func padded(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: max(width - text.count, 0))
}

/// A number as the second operand of a sum: `- 3` or `+ 3`.
func signed(_ number: Float, _ places: Int = 4) -> String {
    number < 0 ? "- \(short(-number, places))" : "+ \(short(number, places))"
}

/// A number as a factor: negative ones in brackets.
func factor(_ number: Float, _ places: Int = 4) -> String {
    number < 0 ? "(\(short(number, places)))" : short(number, places)
}

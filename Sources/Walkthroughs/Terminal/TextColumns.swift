/// How many columns of a terminal a text takes.
///
/// A character of East Asian scripts and an emoji take two, a mark that combines with the letter before it none
/// (Unicode Standard Annex #11). Where terminals disagree, as on emoji of several parts, the larger number is taken,
/// so that no line is longer than it seems.
package func terminalColumns(of text: some StringProtocol) -> Int {
    text.reduce(0) { $0 + terminalColumns(of: $1) }
}

/// The same of one character.
package func terminalColumns(of character: Character) -> Int {
    if character.isASCII { return 1 }
    return character.unicodeScalars.reduce(0) { $0 + columns(of: $1) }
}

private func columns(of scalar: Unicode.Scalar) -> Int {
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format:
        // The selector that asks for a sign in colour makes it wide.
        return scalar.value == 0xFE0F ? 1 : 0
    default: break
    }
    // Vowels and final consonants that join the syllable before.
    if 0x1160...0x11FF ~= scalar.value { return 0 }
    let isWide = scalar.properties.isEmojiPresentation || wide.contains { $0 ~= scalar.value }
    return isWide ? 2 : 1
}

/// The blocks whose characters are wide.
private let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x2329...0x232A, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0xA4CF,
    0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF01...0xFF60,
    0xFFE0...0xFFE6, 0x16FE0...0x1B2FF, 0x1F200...0x1F320, 0x20000...0x3FFFD,
]

/// The text with whatever would move the cursor or change the terminal written out, as `\u{1B}`: a file may be called
/// anything.
package func visible(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isControl) else { return text }
    var result = ""
    for scalar in text.unicodeScalars {
        if isControl(scalar) {
            result += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
        } else {
            result.unicodeScalars.append(scalar)
        }
    }
    return result
}

/// Control characters, line and paragraph separators, and those that turn the direction of writing.
private func isControl(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.generalCategory == .control
        || [0x2028...0x2029, 0x202A...0x202E, 0x2066...0x2069].contains { $0 ~= scalar.value }
}

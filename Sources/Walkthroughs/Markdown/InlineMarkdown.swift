import Foundation

extension StyledText {
    /// Parses inline Markdown: `**strong**`, `*emphasis*`, `` `code` ``, links and escapes.
    ///
    /// A link is shown as its text, followed by the address if it leads outside the project. Everything else, such as
    /// formulas, is unchanged.
    /// - Parameter keepsBackticks: whether backticks stay around code, for output without colours.
    init(markdown: String, keepsBackticks: Bool) {
        var reader = InlineReader(text: Array(markdown), keepsBackticks: keepsBackticks)
        reader.read()
        self.init(reader.spans)
    }
}

private struct InlineReader {
    let text: [Character]
    let keepsBackticks: Bool
    var style = StyledText.Style.plain
    var spans: [StyledText.Span] = []
    private var index = 0

    init(text: [Character], keepsBackticks: Bool, style: StyledText.Style = .plain) {
        self.text = text
        self.keepsBackticks = keepsBackticks
        self.style = style
    }

    mutating func read() {
        while index < text.count {
            if !(readEscape() || readCode() || readLink() || readTag() || readEmphasis()) {
                add(String(text[index]))
                index += 1
            }
        }
    }

    private mutating func add(_ piece: String) { spans.append(.init(text: piece, style: style)) }

    private mutating func readEscape() -> Bool {
        guard text[index] == "\\", index + 1 < text.count, text[index + 1].isASCII,
            text[index + 1].isPunctuation || text[index + 1].isSymbol
        else { return false }
        add(String(text[index + 1]))
        index += 2
        return true
    }

    private mutating func readCode() -> Bool {
        guard text[index] == "`" else { return false }
        let length = text[index...].prefix { $0 == "`" }.count
        let fence = [Character](repeating: "`", count: length)
        guard let end = find(fence, from: index + length) else {
            add(String(fence))
            index += length
            return true
        }
        var code = String(text[index + length..<end])
        if code.hasPrefix(" ") && code.hasSuffix(" ") && code.count > 2 {
            code = String(code.dropFirst().dropLast())
        }
        spans.append(.init(text: keepsBackticks ? "`\(code)`" : code, style: .code))
        index = end + length
        return true
    }

    private mutating func readLink() -> Bool {
        let start = text[index] == "!" ? index + 1 : index
        guard start < text.count, text[start] == "[", let middle = find(["]", "("], from: start),
            let end = find([")"], from: middle)
        else { return false }
        let address = String(text[middle + 2..<end])
        var inner = InlineReader(
            text: Array(text[start + 1..<middle]), keepsBackticks: keepsBackticks, style: style)
        inner.read()
        spans += inner.spans
        if address.hasPrefix("http") && address != String(text[start + 1..<middle]) {
            add(" (\(address))")
        }
        index = end + 1
        return true
    }

    /// Drops the HTML tags that the pages use, which have no effect in a terminal; `<https://…>` becomes its address.
    private mutating func readTag() -> Bool {
        guard text[index] == "<", let end = find([">"], from: index) else { return false }
        let inside = String(text[index + 1..<end])
        if inside.hasPrefix("http") {
            add(inside)
        } else if !["sub", "/sub", "sup", "/sup", "br", "kbd", "/kbd"].contains(inside) {
            return false
        }
        index = end + 1
        return true
    }

    private mutating func readEmphasis() -> Bool {
        let mark = text[index]
        guard mark == "*" || mark == "_" else { return false }
        let length = index + 1 < text.count && text[index + 1] == mark ? 2 : 1
        let start = index + length
        guard start < text.count, text[start] != " ", text[start] != mark else { return false }
        // An underscore within a word, as in x_k, is not a mark.
        if mark == "_" && index > 0 && (text[index - 1].isLetter || text[index - 1].isNumber) { return false }
        var end = start + 1
        while end + length <= text.count {
            let isMark = (end..<end + length).allSatisfy { text[$0] == mark }
            let isAlone = end + length == text.count || text[end + length] != mark || length == 2
            let after = end + length < text.count ? text[end + length] : " "
            let isOutside = mark == "*" || !(after.isLetter || after.isNumber)
            if isMark && isAlone && isOutside && text[end - 1] != " " && text[end - 1] != mark {
                var inner = InlineReader(
                    text: Array(text[start..<end]), keepsBackticks: keepsBackticks,
                    style: length == 2 ? .strong : .emphasis)
                inner.read()
                spans += inner.spans
                index = end + length
                return true
            }
            end += 1
        }
        return false
    }

    private func find(_ pattern: [Character], from start: Int) -> Int? {
        guard start + pattern.count <= text.count else { return nil }
        return (start...text.count - pattern.count).first {
            text[$0..<$0 + pattern.count].elementsEqual(pattern)
        }
    }
}

import Drawing
import Explanations
/// A line or a paragraph in which parts look different.
struct StyledText: Equatable {
    /// How a part looks.
    enum Style: Equatable {
        case plain, strong, emphasis, code, heading, faint, command
    }

    /// A run of characters of one look.
    struct Span: Equatable {
        var text: String
        var style: Style
    }

    var spans: [Span]

    init(_ spans: [Span]) { self.spans = spans }

    /// A text of one look. Whatever in it would move the cursor is written out.
    init(_ text: String, _ style: Style = .plain) { spans = [Span(text: visible(text), style: style)] }

    /// Columns that it takes.
    var width: Int { spans.reduce(0) { $0 + terminalColumns(of: $1.text) } }

    static func + (left: StyledText, right: StyledText) -> StyledText {
        StyledText(left.spans + right.spans)
    }

    /// The text with the terminal's codes for each look, or none.
    func encoded(isColoured: Bool) -> String {
        guard isColoured else { return spans.map(\.text).joined() }
        return spans.map { span in
            let code =
                switch span.style {
                case .plain: ""
                case .strong: "1"
                case .emphasis: "3"
                case .code: "36"
                case .heading: "1;36"
                case .faint: "2"
                case .command: "1;32"
                }
            return code.isEmpty || span.text.isEmpty ? span.text : "\u{1B}[\(code)m\(span.text)\u{1B}[0m"
        }.joined()
    }

    /// Breaks it at spaces into lines of at most `width` columns; a word that is longer is cut. Those after the first
    /// are indented.
    func wrapped(width: Int, indent: Int) -> [StyledText] {
        guard indent > 0 else { return wrapped(width: width) }
        let lines = wrapped(width: max(width - indent, 1), first: width)
        let space = StyledText(String(repeating: " ", count: indent))
        return lines.prefix(1) + lines.dropFirst().map { space + $0 }
    }

    /// Breaks it at spaces into lines of at most `width` columns, the first of at most `first`; a word that is longer
    /// is cut.
    func wrapped(width rest: Int, first: Int? = nil) -> [StyledText] {
        var lines: [StyledText] = []
        var line = StyledText([])
        for word in words {
            var word = word
            var width: Int { lines.isEmpty ? first ?? rest : rest }
            if line.width > 0 {
                if line.width + 1 + word.width <= width {
                    line.append(
                        " ", line.spans.last?.style == word.spans.first?.style ? word.spans[0].style : .plain)
                    line.spans += word.spans
                    continue
                }
                lines.append(line)
            }
            while word.width > width {
                let (head, tail) = word.split(at: width)
                lines.append(head)
                word = tail
            }
            line = word
        }
        return (lines + [line]).map(\.merged)
    }

    /// Cuts it into lines of at most `width` columns wherever that falls, spaces kept; those after the first are
    /// indented.
    func cut(width: Int, indent: Int) -> [StyledText] {
        guard self.width > width else { return [self] }
        let room = max(width - indent, 1)
        var (line, rest) = split(at: width)
        var lines = [line]
        while rest.width > 0 {
            (line, rest) = rest.split(at: room)
            lines.append(StyledText(String(repeating: " ", count: width - room)) + line)
        }
        return lines
    }

    /// Pieces between spaces, a piece being several spans where the look changes within it.
    private var words: [StyledText] {
        var words: [StyledText] = []
        var word = StyledText([])
        for span in spans {
            for character in span.text {
                if character == " " || character.isNewline {
                    if word.width > 0 { words.append(word) }
                    word = StyledText([])
                } else {
                    word.append(String(character), span.style)
                }
            }
        }
        if word.width > 0 { words.append(word) }
        return words
    }

    /// Neighbouring spans of one look as one.
    private var merged: StyledText {
        var text = StyledText([])
        for span in spans { text.append(span.text, span.style) }
        return text
    }

    private mutating func append(_ text: String, _ style: Style) {
        if let last = spans.indices.last, spans[last].style == style {
            spans[last].text += text
        } else {
            spans.append(Span(text: text, style: style))
        }
    }

    /// As much as fits into `width` columns, at least one character, and the rest.
    private func split(at width: Int) -> (StyledText, StyledText) {
        var (head, tail) = (StyledText([]), StyledText([]))
        var used = 0
        for span in spans {
            var end = span.text.startIndex
            while tail.spans.isEmpty, end < span.text.endIndex {
                let columns = terminalColumns(of: span.text[end])
                if used > 0 && used + columns > width { break }
                used += columns
                end = span.text.index(after: end)
            }
            head.append(String(span.text[..<end]), span.style)
            if end < span.text.endIndex { tail.append(String(span.text[end...]), span.style) }
        }
        return (head, tail)
    }
}

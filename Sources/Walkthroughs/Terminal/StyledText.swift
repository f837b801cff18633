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
    init(_ text: String, _ style: Style = .plain) { spans = [Span(text: text, style: style)] }

    /// Columns that it takes.
    var width: Int { spans.reduce(0) { $0 + $1.text.count } }

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

    /// Breaks it at spaces into lines of at most `width` columns; a word that is longer is cut.
    func wrapped(width: Int) -> [StyledText] {
        var lines: [StyledText] = []
        var line = StyledText([])
        for word in words {
            var word = word
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

    private func split(at width: Int) -> (StyledText, StyledText) {
        var (head, tail) = (StyledText([]), StyledText([]))
        for span in spans {
            let room = max(width - head.width, 0)
            head.append(String(span.text.prefix(room)), span.style)
            tail.append(String(span.text.dropFirst(room)), span.style)
        }
        return (head, tail)
    }
}

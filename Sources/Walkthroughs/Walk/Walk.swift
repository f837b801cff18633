/// Stepping through sections: where the reader is, and what each answer does.
///
/// It knows neither the terminal nor the pages, so that a test can hold the conversation.
package struct Walk {
    /// What to do after an answer.
    package enum Reaction: Equatable {
        /// Show the section at ``Walk/position``.
        case show
        /// Say a line and ask again.
        case say(String)
        /// It is over.
        case end
    }

    /// How many sections there are.
    package let count: Int
    /// Finds the section that a name stands for; nil if there is none.
    package let find: (String) -> Int?
    /// The section that is shown.
    package private(set) var position = 0

    package static let keys = """
        Enter goes on, b goes back, q quits; a page's name or number (rpn, 5) or a stage's (fpn.p3, mask) goes there.
        """

    package init(count: Int, find: @escaping (String) -> Int?) {
        self.count = count
        self.find = find
    }

    /// Takes what the reader typed; nil at the end of input.
    package mutating func answer(_ line: String?) -> Reaction {
        guard let line else { return .end }
        let word = line.split(whereSeparator: \.isWhitespace).joined(separator: " ").lowercased()
        switch word {
        case "":
            guard position + 1 < count else { return .end }
            position += 1
            return .show
        case "b", "back":
            guard position > 0 else { return .say("This is the beginning.") }
            position -= 1
            return .show
        case "q", "quit", "exit": return .end
        case "?", "h", "help": return .say(Self.keys)
        default:
            guard let target = find(word) else {
                // Whatever was pasted, the answer is one line that moves no cursor.
                let name = String(
                    word.prefix(30).map { $0.isASCII && $0.isPrintable || $0.isLetter ? $0 : "?" })
                return .say("“\(name)” is no key, page or stage of this walkthrough; ? lists the keys.")
            }
            position = target
            return .show
        }
    }
}

extension Character {
    fileprivate var isPrintable: Bool { asciiValue.map { 0x20...0x7E ~= $0 } ?? false }
}

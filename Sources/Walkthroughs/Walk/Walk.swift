/// Stepping through sections screen by screen: where the reader is, and what each answer does.
///
/// It knows neither the terminal nor the pages, so that a test can hold the conversation.
package struct Walk {
    /// What is walked through.
    package protocol Book {
        /// How many sections follow one another.
        var sectionCount: Int { get }
        /// The section with pages and keys, which is none of these.
        var help: Int { get }
        /// The screens of a section, at least one.
        func screens(of section: Int) -> [Screen]
        /// The place that a name stands for.
        func find(_ name: String) -> Finding
        /// The first screen after a position that has a text; the search goes round.
        func search(_ text: String, after position: Position) -> Position?
    }

    /// A screen of a section.
    package struct Position: Equatable, Sendable {
        package var section: Int
        package var screen: Int

        package init(section: Int, screen: Int = 0) {
            self.section = section
            self.screen = screen
        }
    }

    /// What a name led to.
    package enum Finding: Equatable {
        case position(Position)
        /// Nothing, and what to say of the name.
        case nothing(String)
    }

    /// What to do after an answer.
    package enum Reaction: Equatable {
        /// Show the screen at ``Walk/position``.
        case show
        /// Say a line and ask again.
        case say(String)
        /// It is over.
        case end
    }

    private let book: any Book
    /// The screen that is shown.
    package private(set) var position: Position
    /// The screens that were shown before, the last one last, by places that stay when the terminal changes its size.
    private var history: [(section: Int, place: Screen.Place)] = []
    private var sought = ""

    /// What each key does.
    package static let keys: [(key: String, action: String)] = [
        ("Space, Enter", "goes on"),
        ("b", "goes back, also after a jump"),
        ("g NAME", "goes to a page (rpn, 5), a stage (fpn.p3) or a figure (roialign)"),
        ("/TEXT", "searches forward through all pages; n goes to the next place"),
        ("?", "shows this"),
        ("q", "quits"),
    ]

    package init(_ book: any Book, at position: Position = Position(section: 0)) {
        self.book = book
        self.position = position
    }

    /// Takes what the reader typed; nil at the end of input.
    package mutating func answer(_ line: String?) -> Reaction {
        guard let line else { return .end }
        let text = line.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        if text.hasPrefix("/") {
            let word = text.dropFirst().trimmingPrefix(" ")
            if !word.isEmpty { sought = String(word) }
            return search()
        }
        switch text.lowercased() {
        case "": return goOn()
        case "b", "back": return goBack()
        case "n": return search()
        case "q", "quit", "exit": return .end
        case "?", "h", "help":
            if position.section != book.help { go(to: Position(section: book.help)) }
            return .show
        case "g": return .say("g goes to a page, a stage or a figure: g rpn, g fpn.p3, g roialign.")
        case let key where key.count == 1 && !key.allSatisfy(\.isNumber):
            return .say("“\(Self.shortened(key))” is no key; ? lists keys and pages.")
        default: return go(toName: text.lowercased().hasPrefix("g ") ? String(text.dropFirst(2)) : text)
        }
    }

    /// Keeps the place when the screens have become others.
    /// - Parameter place: where the screen that is shown began.
    package mutating func relocate(to place: Screen.Place) {
        position.screen = book.screens(of: position.section).index(of: place)
    }

    private mutating func go(to target: Position) {
        let screens = book.screens(of: position.section)
        let place = screens[min(position.screen, screens.count - 1)].start
        history.append((position.section, place))
        position = target
    }

    private mutating func goOn() -> Reaction {
        if position.screen + 1 < book.screens(of: position.section).count {
            go(to: Position(section: position.section, screen: position.screen + 1))
            return .show
        }
        // From the keys and pages back to where they were asked for.
        if position.section == book.help {
            while let last = history.last, last.section == book.help { history.removeLast() }
            return goBack()
        }
        guard position.section + 1 < book.sectionCount else { return .end }
        go(to: Position(section: position.section + 1))
        return .show
    }

    private mutating func goBack() -> Reaction {
        if let last = history.popLast() {
            position = Position(
                section: last.section, screen: book.screens(of: last.section).index(of: last.place))
        } else if position.screen > 0 {
            position.screen -= 1
        } else if position.section > 0 && position.section != book.help {
            position.section -= 1
            position.screen = book.screens(of: position.section).count - 1
        } else {
            return .say("This is the beginning.")
        }
        return .show
    }

    private mutating func search() -> Reaction {
        guard !sought.isEmpty else { return .say("/ and a text searches for it: /stride.") }
        guard let target = book.search(sought, after: position) else {
            return .say("“\(Self.shortened(sought))” is nowhere on the pages.")
        }
        guard target != position else { return .say("“\(Self.shortened(sought))” is nowhere else.") }
        go(to: target)
        return .show
    }

    private mutating func go(toName name: String) -> Reaction {
        switch book.find(name) {
        case .position(let target):
            if target != position { go(to: target) }
            return .show
        case .nothing(let fault):
            return .say("“\(Self.shortened(name))” \(fault)")
        }
    }

    /// Whatever was pasted, the answer is one line that moves no cursor.
    private static func shortened(_ text: String) -> String { visible(String(text.prefix(30))) }
}

/// "Did you mean a, b or c?"
package func didYouMean(_ names: [String]) -> String {
    let (last, others) = (names.last ?? "", names.dropLast())
    return "Did you mean \(others.isEmpty ? last : others.joined(separator: ", ") + " or " + last)?"
}

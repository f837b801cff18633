import Explanations
import Foundation
import Inference

/// The walkthrough's sections, laid out for the terminal at hand.
final class ScreenBook: Walk.Book {
    private let sections: [Section]
    private let stages: [Stage]
    /// Where it is shown; another one has other screens.
    var terminal: Terminal { didSet { layouts = [:] } }
    private var layouts: [Int: [Screen]] = [:]
    private var searched: [Int: String] = [:]

    /// - Parameters:
    ///   - sections: in order, the last of them help.
    ///   - stages: that the model at hand has.
    init(_ sections: [Section], stages: [Stage], on terminal: Terminal) {
        self.sections = sections
        self.stages = stages
        self.terminal = terminal
    }

    var sectionCount: Int { sections.count - 1 }
    var help: Int { sections.count - 1 }

    func section(_ index: Int) -> Section { sections[index] }

    /// Which part of its chapter a section is, from 1, and how many there are.
    func part(_ index: Int) -> (number: Int, count: Int) {
        let own = sections.indices.filter { sections[$0].place == sections[index].place }
        return ((own.firstIndex(of: index) ?? 0) + 1, own.count)
    }

    func screens(of index: Int) -> [Screen] {
        if let known = layouts[index] { return known }
        let blocks = sections[index].blocks(terminal, .reading)
        let mark = StyledText("(continued)", .faint).encoded(isColoured: terminal.isColoured)
        let layout = Walkthroughs.screens(of: blocks, height: terminal.screenHeight, mark: mark)
        layouts[index] = layout
        return layout
    }

    // MARK: Names

    func find(_ name: String) -> Walk.Finding {
        guard let destination = Destination(name, stages: stages),
            let chapter = destination.chapters.first,
            let opening = sections.firstIndex(where: { $0.chapter == chapter })
        else { return .nothing(Destination.fault(of: name, stages: stages)) }
        if let figure = destination.figure {
            guard
                let section = sections.firstIndex(where: {
                    $0.chapter == chapter && $0.figures.contains(figure)
                })
            else { return .position(.init(section: opening)) }
            return .position(place(of: "figures \(figure.rawValue)", in: section) ?? .init(section: section))
        }
        if let prefix = destination.prefix, let stage = stages.first(where: { $0.name.hasPrefix(prefix) }) {
            let screen = screens(of: opening).firstIndex { screen in
                screen.rows.contains { row in
                    guard case .content(let text) = row else { return false }
                    let line = plain(text)
                    return line == stage.name || line.hasPrefix(stage.name + "  ")
                }
            }
            return .position(.init(section: opening, screen: screen ?? 0))
        }
        return .position(.init(section: opening))
    }

    // MARK: Searching

    func search(_ text: String, after position: Walk.Position) -> Walk.Position? {
        let needle = Self.normalized(text)
        if let here = place(of: needle, in: position.section, from: position.screen + 1) { return here }
        let order =
            position.section < sectionCount
            ? Array(position.section + 1..<sectionCount) + Array(0..<position.section)
            : Array(0..<sectionCount)
        for section in order where searchedText(of: section).contains(needle) {
            // What commands print now may lack what the page says.
            return place(of: needle, in: section) ?? Walk.Position(section: section)
        }
        return place(of: needle, in: position.section)
    }

    private func searchedText(of section: Int) -> String {
        if let known = searched[section] { return known }
        let plain = Terminal(isTerminal: true, width: 1000, colorDepth: .none)
        let text = Self.normalized(sections[section].blocks(plain, .searching).text)
        searched[section] = text
        return text
    }

    /// The first screen from one on where a text begins.
    private func place(of text: String, in section: Int, from first: Int = 0) -> Walk.Position? {
        let screens = screens(of: section)
        guard first < screens.count else { return nil }
        // A text may go on over the end of a line or of a screen.
        var whole = ""
        var ends: [Int] = []
        for screen in screens[first...] {
            for case .content(let line) in screen.rows {
                let words = Self.normalized(plain(line))
                if !words.isEmpty { whole += words + " " }
            }
            ends.append(whole.utf8.count)
        }
        guard let range = whole.range(of: Self.normalized(text)) else { return nil }
        let offset = whole.utf8.distance(from: whole.startIndex, to: range.lowerBound)
        return Walk.Position(section: section, screen: first + (ends.firstIndex { offset < $0 } ?? 0))
    }

    private static func normalized(_ text: String) -> String {
        text.lowercased().filter { $0 != "`" }.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}

/// A line without the codes for colours.
func plain(_ line: String) -> String { line.replacing(/\u{1B}\[[0-9;]*m/, with: "") }

extension Terminal {
    /// Lines of a screen: below it stand an empty one and the prompt.
    var screenHeight: Int { max(height - 2, 2) }
}

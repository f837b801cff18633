import Drawing
import Explanations
import Figures
import Foundation

/// Shows a page's text in a terminal.
package struct MarkdownForTerminal {
    /// What stands where the page has a console block: the recorded commands and output, or what they print now.
    package typealias Console = (_ lines: [String], _ firstLine: Int) -> [ConsoleLine]

    /// A line of a console block.
    package enum ConsoleLine: Equatable {
        case command(String)
        case output(String)
        /// Said by the walkthrough, not by a command.
        case remark(String)

        fileprivate var isCommand: Bool { if case .command = self { true } else { false } }
    }

    package let terminal: Terminal
    /// The options to add where a command is named that draws a figure.
    package var figureOptions = ""
    package var console: Console = MarkdownForTerminal.recorded

    package init(terminal: Terminal) { self.terminal = terminal }

    /// The widest that text is set: longer lines are hard to read.
    private static let widestText = 100

    private var isColoured: Bool { terminal.isColoured }

    /// Console blocks as the page has them.
    package static func recorded(_ lines: [String], _ firstLine: Int) -> [ConsoleLine] {
        var isCommand = false
        return lines.map { line in
            isCommand = line.hasPrefix("$ ") || isCommand
            defer { isCommand = isCommand && line.hasSuffix("\\") }
            return isCommand ? .command(line) : .output(line)
        }
    }

    /// The lines of some blocks, without a line break at the end.
    package func text(_ blocks: [MarkdownBlock]) -> String { screenBlocks(blocks).text }

    /// The same, ready to be laid out on screens.
    package func screenBlocks(_ blocks: [MarkdownBlock]) -> [ScreenBlock] {
        blocks.flatMap { screenBlocks($0) }.filter { !$0.units.isEmpty }
    }

    private func screenBlocks(_ block: MarkdownBlock) -> [ScreenBlock] {
        let width = terminal.width
        switch block {
        case .heading: return [kept([block], leads: true)]
        case .paragraph(let text):
            var prose = kept([block], leads: text.hasSuffix(":"))
            prose.isKeptWhole = false
            return [prose]
        case .list(let items):
            let isLoose = isLoose(items)
            return items.enumerated().map { index, item in
                ScreenBlock(
                    encoded(self.item(item, isLoose: isLoose, width: width)), isKeptWhole: false,
                    isSetOff: index == 0)
            }
        case .table(let header, let rows, let isTrailing):
            let parts = table(header, rows, isTrailing).parts(width: width)
            return [
                ScreenBlock(
                    units: ([parts.header] + parts.rows).map(encoded),
                    headerUnits: parts.header.isEmpty ? 0 : 1)
            ]
        case .code("console", let lines, let number):
            // Each command with what it prints.
            var commands: [[ConsoleLine]] = []
            var isCommand = false
            for line in console(lines, number) {
                if line.isCommand && !isCommand { commands.append([]) }
                isCommand = line.isCommand
                if commands.isEmpty { commands.append([]) }
                commands[commands.count - 1].append(line)
            }
            return commands.enumerated().map { index, lines in
                ScreenBlock(
                    encoded(lines.flatMap { consoleLine($0, width: width) }), isSetOff: index == 0)
            }
        case .quote:
            var quote = kept([block])
            quote.isKeptWhole = false
            return [quote]
        case .code, .figure, .rule: return [kept([block])]
        }
    }

    private func kept(_ blocks: [MarkdownBlock], leads: Bool = false) -> ScreenBlock {
        ScreenBlock(encoded(lines(blocks, width: terminal.width)), leads: leads)
    }

    private func encoded(_ lines: [StyledText]) -> [String] {
        lines.map { $0.encoded(isColoured: isColoured) }
    }

    private func lines(_ blocks: [MarkdownBlock], width: Int) -> [StyledText] {
        blocks.map { lines($0, width: width) }.filter { !$0.isEmpty }
            .joined(separator: [StyledText("")]).map { $0 }
    }

    private func lines(_ block: MarkdownBlock, width: Int) -> [StyledText] {
        switch block {
        case .heading(let level, let text): heading(text, level: level, width: width)
        case .paragraph(let text):
            isNavigation(text) ? [] : styled(text).wrapped(width: min(width, Self.widestText))
        case .list(let items): items.flatMap { item($0, isLoose: isLoose(items), width: width) }
        case .table(let header, let rows, let isTrailing):
            table(header, rows, isTrailing).lines(width: width)
        case .code("console", let lines, let number):
            console(lines, number).flatMap { consoleLine($0, width: width) }
        case .code(_, let lines, _):
            lines.flatMap { line in
                StyledText(line, .code).cut(width: max(width - 4, 8), indent: 2).map {
                    indented($0, by: "    ")
                }
            }
        case .figure(let caption, let path): figure(caption, path, width: width)
        case .quote(let blocks): lines(blocks, width: width - 2).map { indented($0, by: "│ ") }
        case .rule: [StyledText(String(repeating: "─", count: min(width, 20)), .faint)]
        }
    }

    private func table(_ header: [String], _ rows: [[String]], _ isTrailing: [Bool]) -> TableForTerminal {
        TableForTerminal(
            header: header.map(styled), rows: rows.map { $0.map(styled) }, isTrailing: isTrailing)
    }

    private func styled(_ text: String) -> StyledText {
        StyledText(markdown: text, keepsBackticks: !isColoured)
    }

    private func indented(_ line: StyledText, by indent: String) -> StyledText {
        line.width == 0 ? line : StyledText(indent, .faint) + line
    }

    private func heading(_ text: String, level: Int, width: Int) -> [StyledText] {
        let lines = styled(text).wrapped(width: width)
            .map { StyledText($0.encoded(isColoured: false), .heading) }
        guard level <= 2 else { return lines }
        let length = lines.map(\.width).max() ?? 0
        return lines + [StyledText(String(repeating: level == 1 ? "═" : "─", count: length), .faint)]
    }

    /// Whether a paragraph only leads to other pages, which in a terminal the keys do.
    private func isNavigation(_ text: String) -> Bool {
        guard text.contains(".md)") else { return false }
        let rest = text.replacing(/\[[^\]]*\]\([\w.\/-]+\.md\)/, with: "")
        let words = rest.split { !$0.isLetter }.map { $0.lowercased() }
        return words.allSatisfy { ["next", "previous", "before", "back", "up", "index"].contains($0) }
    }

    private func isLoose(_ items: [MarkdownBlock.ListItem]) -> Bool {
        items.contains { $0.blocks.count > 1 && !$0.blocks.dropFirst().allSatisfy(\.isList) }
    }

    private func item(_ item: MarkdownBlock.ListItem, isLoose: Bool, width: Int) -> [StyledText] {
        let mark = (item.mark == "-" ? "•" : item.mark) + " "
        let indent = String(repeating: " ", count: mark.count)
        let room = max(min(width, Self.widestText) - mark.count, 10)
        let inside =
            isLoose ? lines(item.blocks, width: room) : item.blocks.flatMap { lines($0, width: room) }
        return inside.enumerated().map { index, line in
            index == 0 ? StyledText(mark) + line : line.width == 0 ? line : StyledText(indent) + line
        }
    }

    private func consoleLine(_ line: ConsoleLine, width: Int) -> [StyledText] {
        let room = max(width - 2, 8)
        let lines =
            switch line {
            case .command(let text): StyledText(text, .command).cut(width: room, indent: 4)
            case .output(let text): StyledText(text).cut(width: room, indent: 4)
            case .remark(let text): StyledText(text, .emphasis).wrapped(width: room)
            }
        return lines.map { indented($0, by: "  ") }
    }

    /// A terminal shows no pictures: the caption, and the command that draws it.
    private func figure(_ caption: String, _ path: String, width: Int) -> [StyledText] {
        let file = ((path as NSString).lastPathComponent as NSString).deletingPathExtension
        let name = file.replacing(/^[0-9]+-/, with: "")
        let source =
            FigureName(rawValue: name) == nil
            ? StyledText(" See ") + StyledText(path, .code)
            : StyledText(" Draw it: ") + StyledText("maskrcnn figures \(name)\(figureOptions)", .command)
        let text = StyledText("Figure: ", .strong) + styled(caption) + StyledText(".") + source
        return text.wrapped(width: min(width, Self.widestText))
    }
}

extension MarkdownBlock {
    fileprivate var isList: Bool { if case .list = self { true } else { false } }
}

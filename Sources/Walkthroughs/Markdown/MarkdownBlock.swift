import Foundation

/// A block of a Markdown page, in the subset of Markdown that the pages use.
package indirect enum MarkdownBlock: Equatable {
    /// A heading with its level, 1 to 6, and its text.
    case heading(Int, String)
    case paragraph(String)
    /// A list; each item has its marker, `-` or `1.`, and its blocks.
    case list([ListItem])
    case table(header: [String], rows: [[String]], isTrailing: [Bool])
    /// A fenced or indented code block. `line` is the line number of its first line on the page, from 0.
    case code(language: String, lines: [String], line: Int)
    /// An image on a line of its own.
    case figure(caption: String, path: String)
    case quote([MarkdownBlock])
    case rule

    package struct ListItem: Equatable {
        let mark: String
        let blocks: [MarkdownBlock]
    }

    /// A line with its number on the page, from 0.
    package typealias Line = (number: Int, text: String)

    /// Parses lines into blocks.
    package static func blocks(of lines: [Line]) -> [MarkdownBlock] {
        var reader = BlockReader(lines: lines)
        return reader.read()
    }
}

private struct BlockReader {
    let lines: [MarkdownBlock.Line]
    private var index = 0

    init(lines: [MarkdownBlock.Line]) { self.lines = lines }

    private var text: String { lines[index].text }

    mutating func read() -> [MarkdownBlock] {
        var blocks: [MarkdownBlock] = []
        while index < lines.count {
            let start = index
            if isBlank(text) || isTag(text) {
                index += 1
            } else {
                blocks.append(
                    fenced() ?? indented() ?? heading() ?? rule() ?? quote() ?? list() ?? table()
                        ?? paragraph())
            }
            // Guarantees progress for any input.
            if index == start { index += 1 }
        }
        return blocks
    }

    private func isBlank(_ text: String) -> Bool { text.allSatisfy(\.isWhitespace) }

    /// Whether the line is a comment, or a tag that only folds a section on a web page.
    private func isTag(_ text: String) -> Bool {
        text.hasPrefix("<details") || text.hasPrefix("</details") || text.hasPrefix("<summary")
            || text.hasPrefix("<!--")
    }

    private mutating func fenced() -> MarkdownBlock? {
        guard let fence = Fence(text) else { return nil }
        let indent = text.prefix { $0 == " " }.count
        index += 1
        let start = index
        while index < lines.count && !fence.isClosed(by: text) { index += 1 }
        let inside = lines[start..<index].map { line in
            String(line.text.dropFirst(min(indent, line.text.prefix { $0 == " " }.count)))
        }
        let line = start < lines.count ? lines[start].number : 0
        index += 1
        return .code(language: fence.language, lines: inside, line: line)
    }

    private mutating func indented() -> MarkdownBlock? {
        guard text.hasPrefix("    ") else { return nil }
        let start = index
        var end = index
        while index < lines.count, text.hasPrefix("    ") || isBlank(text) {
            index += 1
            if !isBlank(lines[index - 1].text) { end = index }
        }
        index = end
        return .code(
            language: "", lines: lines[start..<end].map { String($0.text.dropFirst(4)) },
            line: lines[start].number)
    }

    private mutating func heading() -> MarkdownBlock? {
        let level = text.prefix { $0 == "#" }.count
        guard 1...6 ~= level, text.dropFirst(level).hasPrefix(" ") else { return nil }
        defer { index += 1 }
        return .heading(level, text.dropFirst(level).trimmingCharacters(in: .whitespaces))
    }

    private mutating func rule() -> MarkdownBlock? {
        let marks = text.filter { $0 != " " }
        guard marks.count >= 3, marks.allSatisfy({ $0 == "-" }) || marks.allSatisfy({ $0 == "*" }) else {
            return nil
        }
        index += 1
        return .rule
    }

    private mutating func quote() -> MarkdownBlock? {
        guard text.hasPrefix(">") else { return nil }
        let start = index
        while index < lines.count && text.hasPrefix(">") { index += 1 }
        return .quote(
            MarkdownBlock.blocks(
                of: lines[start..<index].map {
                    ($0.number, String($0.text.dropFirst($0.text.hasPrefix("> ") ? 2 : 1)))
                }))
    }

    private mutating func list() -> MarkdownBlock? {
        guard Self.mark(of: text) != nil else { return nil }
        var items: [MarkdownBlock.ListItem] = []
        while index < lines.count, let mark = Self.mark(of: text) {
            let indent = mark.count + 1
            var inside: [MarkdownBlock.Line] = [(lines[index].number, String(text.dropFirst(indent)))]
            index += 1
            // An item continues over indented lines, lines directly below it, and blank lines before indented ones.
            while index < lines.count {
                if isBlank(text) {
                    guard index + 1 < lines.count, lines[index + 1].text.hasPrefix("  ") else { break }
                    inside.append((lines[index].number, ""))
                } else if text.hasPrefix("  ") {
                    let spaces = text.prefix { $0 == " " }.count
                    inside.append((lines[index].number, String(text.dropFirst(min(spaces, indent)))))
                } else if Self.mark(of: text) != nil || isBlank(lines[index - 1].text) || opens(text) {
                    break
                } else {
                    inside.append(lines[index])
                }
                index += 1
            }
            items.append(.init(mark: mark, blocks: MarkdownBlock.blocks(of: inside)))
            if index + 1 < lines.count, isBlank(text), Self.mark(of: lines[index + 1].text) != nil {
                index += 1
            }
        }
        return .list(items)
    }

    /// The marker `-`, `*` or `1.` if the line begins a list item, otherwise nil.
    private static func mark(of text: String) -> String? {
        if text.hasPrefix("- ") || text.hasPrefix("* ") { return "-" }
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard 1...3 ~= digits.count, text.dropFirst(digits.count).hasPrefix(". ") else { return nil }
        return digits + "."
    }

    private func opens(_ text: String) -> Bool {
        text.hasPrefix("#") || text.hasPrefix("|") || text.hasPrefix(">") || Fence(text) != nil || isTag(text)
    }

    private mutating func table() -> MarkdownBlock? {
        guard text.hasPrefix("|"), index + 1 < lines.count,
            lines[index + 1].text.wholeMatch(of: /\|[\s:|-]+/) != nil
        else { return nil }
        let header = Self.cells(of: text)
        let isTrailing = Self.cells(of: lines[index + 1].text).map { $0.hasSuffix(":") && !$0.hasPrefix(":") }
        index += 2
        var rows: [[String]] = []
        while index < lines.count, text.hasPrefix("|") {
            let cells = Self.cells(of: text)
            rows.append((0..<header.count).map { $0 < cells.count ? cells[$0] : "" })
            index += 1
        }
        return .table(
            header: header, rows: rows,
            isTrailing: (0..<header.count).map { $0 < isTrailing.count && isTrailing[$0] })
    }

    /// The cells between the bars; a bar within code or after a backslash does not separate cells.
    private static func cells(of line: String) -> [String] {
        var cells = [""]
        var isCode = false
        var isEscaped = false
        for character in line {
            if character == "|" && !isCode && !isEscaped {
                cells.append("")
            } else {
                if character == "|" && isEscaped { cells[cells.count - 1].removeLast() }
                cells[cells.count - 1].append(character)
            }
            if character == "`" { isCode.toggle() }
            isEscaped = character == "\\"
        }
        cells = cells.map { $0.trimmingCharacters(in: .whitespaces) }
        if cells.first == "" { cells.removeFirst() }
        if cells.last == "" { cells.removeLast() }
        return cells
    }

    private mutating func paragraph() -> MarkdownBlock {
        if let match = text.wholeMatch(of: /!\[(.*)\]\((\S+)\)\s*/) {
            index += 1
            return .figure(caption: String(match.1), path: String(match.2))
        }
        let start = index
        repeat {
            index += 1
        } while index < lines.count && !isBlank(text) && !opens(text)
            && !["-", "1."].contains(Self.mark(of: text)) && !text.hasPrefix("![")
        return .paragraph(
            lines[start..<index].map { $0.text.trimmingCharacters(in: .whitespaces) }.joined(separator: " "))
    }
}

import Formats
import Foundation

/// One page of the walkthroughs: Markdown, with blocks of commands that can be run again.
///
/// A fenced block marked `console` holds commands and what they print:
///
///     $ maskrcnn calculate iou 0,0,10,10 \
///         5,0,15,10
///     0.3333
///
/// A line that begins with `$ ` is a command, which a backslash at the end of the line carries on to the next.
/// What follows, to the next command or the end of the block, is its output, standard output and standard error
/// together. A line of output that is only `…` stands for any number of lines left out.
package struct Page: Sendable {
    /// The file's name without `.md`: `04-anchors`.
    package let name: String
    /// Where the page came from, for messages.
    package let path: String
    /// The text, line by line.
    package let lines: [String]
    /// Every command of the page, in order.
    package let commands: [RecordedCommand]

    /// Pages are texts for people; nothing near this size, in bytes, is one.
    private static let sizeLimit = 4_000_000

    /// Finds the commands of a page.
    /// - Throws: `FileError` for a block that does not end, or does not begin with a command.
    package init(path: String, text: String) throws {
        self.path = path
        name = (path as NSString).lastPathComponent.replacing(/\.md$/, with: "")
        // A line end may be written either way; `\r\n` is a single character in Swift.
        lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
        commands = try Self.commands(in: lines, of: path)
    }

    /// Reads a page.
    /// - Throws: `FileError` when that is not possible, and as above.
    package init(contentsOf path: String) throws {
        let bytes = try readFile(path, limit: Self.sizeLimit)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw FileError(path: path, fault: "is not text in UTF-8")
        }
        try self.init(path: path, text: text)
    }

    /// The page's title: its first heading.
    package var title: String {
        for line in lines where line.hasPrefix("# ") { return String(line.dropFirst(2)) }
        return name
    }

    private static func commands(in lines: [String], of path: String) throws -> [RecordedCommand] {
        var commands: [RecordedCommand] = []
        var open: (fence: Fence, line: Int)?
        for (index, line) in lines.enumerated() {
            if let block = open {
                guard block.fence.isClosed(by: line) else { continue }
                if block.fence.language == "console" {
                    commands += try recorded(in: lines, block.line + 1..<index, of: path)
                }
                open = nil
            } else if let fence = Fence(line) {
                open = (fence, index)
            }
        }
        if let open {
            throw FileError(path: path, fault: "line \(open.line + 1): the block that begins here has no end")
        }
        return commands
    }

    private static func recorded(in lines: [String], _ range: Range<Int>, of path: String) throws
        -> [RecordedCommand]
    {
        var commands: [RecordedCommand] = []
        var index = range.lowerBound
        while index < range.upperBound {
            guard lines[index].hasPrefix("$ ") else {
                throw FileError(
                    path: path, fault: "line \(index + 1): a console block begins with a command, $ …")
            }
            let start = index
            while lines[index].hasSuffix("\\") && index + 1 < range.upperBound { index += 1 }
            index += 1
            let text = lines[start..<index].joined(separator: "\n").dropFirst(2)
            let output = index
            while index < range.upperBound && !lines[index].hasPrefix("$ ") { index += 1 }
            commands.append(
                RecordedCommand(
                    text: String(text), line: start + 1, outputRange: output..<index,
                    output: Array(lines[output..<index])))
        }
        return commands
    }
}

/// A command on a page, and what the page says that it prints.
package struct RecordedCommand: Sendable {
    /// As it is given to the shell; several lines if the page has it on several.
    package let text: String
    /// Where it begins, from 1.
    package let line: Int
    /// Where its output stands among the page's lines, from 0.
    let outputRange: Range<Int>
    /// The output as the page has it.
    package let output: [String]
}

/// The line that opens a fenced block (CommonMark, section 4.5).
struct Fence: Equatable {
    /// The first word after the fence: `console`, `swift`, or nothing.
    let language: String
    private let mark: Character
    private let length: Int

    /// Nil when the line opens no block.
    init?(_ line: String) {
        let text = line.drop { $0 == " " }
        guard line.count - text.count <= 3, let first = text.first, first == "`" || first == "~" else {
            return nil
        }
        mark = first
        length = text.prefix { $0 == first }.count
        let information = text.dropFirst(length)
        guard length >= 3, first == "~" || !information.contains("`") else { return nil }
        language = information.split(separator: " ").first.map(String.init) ?? ""
    }

    /// Whether a line closes the block: the same mark, at least as often, and nothing else.
    func isClosed(by line: String) -> Bool {
        let text = line.drop { $0 == " " }
        let marks = text.prefix { $0 == mark }.count
        return line.count - text.count <= 3 && marks >= length
            && text.dropFirst(marks).allSatisfy { $0 == " " }
    }
}

import Inference

/// The part of YAML that configurations of detectron2 are written in: mappings and lists by indentation, lists in
/// brackets, numbers, words, quoted text, comments, and anchors with their aliases, which `yaml.safe_dump` writes
/// wherever one list of Python's stands twice. Tags, blocks of text and several documents are refused with their line.
package struct PlainYAML {
    private struct Line {
        var number: Int
        var indent: Int
        var text: Substring
    }

    private let lines: [Line]
    private var index = 0
    private static let deepest = 32
    /// What `&name` stood before.
    private var anchors: [Substring: ConfigurationValue] = [:]
    /// Values that aliases have repeated so far.
    private var repeated = 0
    /// No configuration repeats more; a hostile one could make a tree of billions of leaves in ten lines.
    private static let mostRepeated = 1 << 16

    /// Reads a text.
    /// - Throws: ``ConfigurationError``, which names the line, for unsupported or malformed text.
    package static func read(_ text: String) throws -> ConfigurationValue {
        var reader = try PlainYAML(text)
        guard let first = reader.lines.first else { return .members([:]) }
        let value = try reader.block(indent: first.indent, depth: 0)
        if reader.index < reader.lines.count { throw reader.fault("is indented in another way than before") }
        return value
    }

    private init(_ text: String) throws {
        var lines: [Line] = []
        for (number, raw) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = Self.withoutComment(raw)
            let content = line.drop { $0 == " " }
            guard !content.isEmpty else { continue }
            guard !content.hasPrefix("\t") else {
                throw ConfigurationError(description: "line \(number + 1) is indented by a tab")
            }
            if number == 0 || lines.isEmpty, content == "---" { continue }
            lines.append(
                Line(number: number + 1, indent: line.count - content.count, text: content))
        }
        self.lines = lines
    }

    /// Removes a comment, which begins with # at the start of the line or after a space, outside quotes.
    private static func withoutComment(_ line: Substring) -> Substring {
        var quote: Character?
        var previous: Character = " "
        for position in line.indices {
            let character = line[position]
            if let open = quote {
                if character == open { quote = nil }
            } else if character == "'" || character == "\"" {
                quote = character
            } else if character == "#", previous == " " {
                return Self.trimmed(line[..<position])
            }
            previous = character
        }
        return trimmed(line)
    }

    private static func trimmed(_ line: Substring) -> Substring {
        var line = line
        while let last = line.last, last.isWhitespace { line.removeLast() }
        return line
    }

    private func fault(_ text: String) -> ConfigurationError {
        let number = lines.indices.contains(index) ? lines[index].number : lines.last?.number ?? 1
        return ConfigurationError(description: "line \(number) \(text)")
    }

    private mutating func block(indent: Int, depth: Int) throws -> ConfigurationValue {
        guard depth < Self.deepest else { throw fault("is nested too deeply") }
        return lines[index].text == "-" || lines[index].text.hasPrefix("- ")
            ? try list(indent: indent, depth: depth) : try mapping(indent: indent, depth: depth)
    }

    private mutating func mapping(indent: Int, depth: Int) throws -> ConfigurationValue {
        var members: [String: ConfigurationValue] = [:]
        while index < lines.count, lines[index].indent == indent, !lines[index].text.hasPrefix("- ") {
            let text = lines[index].text
            guard let colon = Self.colon(in: text) else { throw fault("is no member: '\(text.prefix(40))'") }
            let name = Self.unquoted(text[..<colon])
            var rest = text[text.index(after: colon)...].drop { $0 == " " }
            guard members[name] == nil else { throw fault("has '\(name)' a second time") }
            let anchor = Self.takeAnchor(from: &rest)
            defer { if let anchor { anchors[anchor] = members[name] } }
            if rest.isEmpty {
                index += 1
                guard index < lines.count else {
                    members[name] = .null
                    break
                }
                // A list may have the same indentation as its key.
                let isList = lines[index].text == "-" || lines[index].text.hasPrefix("- ")
                if lines[index].indent > indent || (isList && lines[index].indent == indent) {
                    members[name] = try block(indent: lines[index].indent, depth: depth + 1)
                } else {
                    members[name] = .null
                }
            } else {
                members[name] = try inline(rest, depth: depth)
            }
        }
        if index < lines.count, lines[index].indent > indent {
            throw fault("is indented in another way than before")
        }
        return .members(members)
    }

    private mutating func list(indent: Int, depth: Int) throws -> ConfigurationValue {
        var values: [ConfigurationValue] = []
        while index < lines.count, lines[index].indent == indent {
            let text = lines[index].text
            guard text == "-" || text.hasPrefix("- ") else { break }
            var rest = text.dropFirst().drop { $0 == " " }
            let anchor = Self.takeAnchor(from: &rest)
            defer { if let anchor { anchors[anchor] = values.last } }
            if rest.isEmpty {
                index += 1
                let isDeeper = index < lines.count && lines[index].indent > indent
                values.append(isDeeper ? try block(indent: lines[index].indent, depth: depth + 1) : .null)
            } else if rest == "-" || rest.hasPrefix("- ") || Self.colon(in: rest) != nil {
                // A block begins after the dash, in the same line.
                var inner = self
                let offset = text.count - rest.count
                inner = inner.replacing(
                    Line(number: lines[index].number, indent: indent + offset, text: rest))
                values.append(try inner.block(indent: indent + offset, depth: depth + 1))
                index = inner.index
                anchors = inner.anchors
                repeated = inner.repeated
            } else {
                values.append(try inline(rest, depth: depth))
            }
        }
        return .list(values)
    }

    private func replacing(_ line: Line) -> PlainYAML {
        var lines = lines
        lines[index] = line
        var reader = PlainYAML(lines: lines, index: index)
        reader.anchors = anchors
        reader.repeated = repeated
        return reader
    }

    private init(lines: [Line], index: Int) {
        self.lines = lines
        self.index = index
    }

    /// Takes `&name` and the spaces after it from the beginning of a value.
    private static func takeAnchor(from text: inout Substring) -> Substring? {
        guard text.first == "&" else { return nil }
        let name = text.dropFirst().prefix { $0 != " " }
        text = text.dropFirst(1 + name.count).drop { $0 == " " }
        return name
    }

    /// What stood behind an anchor, repeated.
    private mutating func alias(_ name: Substring) throws -> ConfigurationValue {
        guard let value = anchors[name] else {
            throw fault("has '*\(name.prefix(20))', which no '&' came before")
        }
        repeated += value.leaves
        guard repeated <= Self.mostRepeated else { throw fault("repeats too much by '*\(name.prefix(20))'") }
        return value
    }

    /// A scalar, or a list in brackets, which may go on in further lines.
    private mutating func inline(_ text: Substring, depth: Int) throws -> ConfigurationValue {
        if text.first == "*" {
            let value = try alias(text.dropFirst())
            index += 1
            return value
        }
        var whole = String(text)
        if whole.hasPrefix("[") || whole.hasPrefix("(") {
            while Self.isOpen(whole) {
                index += 1
                guard index < lines.count else { throw fault("has a bracket that is not closed") }
                whole += " " + lines[index].text
                guard whole.utf8.count < 1 << 16 else { throw fault("has a list that is too long") }
            }
        }
        defer { index += 1 }
        return try scalar(whole)
    }

    private static func isOpen(_ text: String) -> Bool {
        text.count { $0 == "[" || $0 == "(" } > text.count { $0 == "]" || $0 == ")" }
    }

    private func scalar(_ text: String) throws -> ConfigurationValue {
        guard let first = text.first, !"&*!|>%@`{".contains(first) else {
            throw fault("has '\(text.prefix(20))', which is not read here")
        }
        switch text {
        case "null", "~", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        default: break
        }
        if first == "[" || first == "(" {
            // Lists of numbers, words and lists, as written in YAML and Python.
            var rest = Substring(text)
            let value = try flow(&rest, depth: 0)
            guard rest.allSatisfy(\.isWhitespace) else { throw fault("has something behind a list") }
            return value
        }
        if let number = Double(text.filter { $0 != "_" }), number.isFinite { return .number(number) }
        let word = Self.unquoted(Substring(text))
        // yacs stores tuples as quoted text.
        if word.hasPrefix("("), word.hasSuffix(")"), let value = try? scalar(word) { return value }
        return .string(word)
    }

    /// Reads a list in brackets or parentheses, or one of its members, from the start of `text` and removes
    /// it from `text`.
    private func flow(_ text: inout Substring, depth: Int) throws -> ConfigurationValue {
        guard depth < Self.deepest else { throw fault("is nested too deeply") }
        text = text.drop(while: \.isWhitespace)
        guard let open = text.first, open == "[" || open == "(" else {
            var quote: Character?
            let member = text.prefix { character in
                if let open = quote {
                    if character == open { quote = nil }
                    return true
                }
                if character == "'" || character == "\"" { quote = character }
                return !",])".contains(character)
            }
            text = text.dropFirst(member.count)
            return try scalar(String(Self.trimmed(member)))
        }
        text.removeFirst()
        var values: [ConfigurationValue] = []
        while true {
            text = text.drop { $0.isWhitespace || $0 == "," }
            guard let next = text.first else { throw fault("has a bracket that is not closed") }
            if next == "]" || next == ")" {
                text.removeFirst()
                return .list(values)
            }
            values.append(try flow(&text, depth: depth + 1))
        }
    }

    /// The colon that ends a key: the first one before a space or the end of the line.
    private static func colon(in text: Substring) -> Substring.Index? {
        var quote: Character?
        for position in text.indices {
            let character = text[position]
            if let open = quote {
                if character == open { quote = nil }
                continue
            }
            if character == "'" || character == "\"" { quote = character }
            if character == "[" || character == "(" { return nil }
            let next = text.index(after: position)
            if character == ":", next == text.endIndex || text[next] == " " { return position }
        }
        return nil
    }

    private static func unquoted(_ text: Substring) -> String {
        let text = trimmed(text)
        guard text.count >= 2, let first = text.first, first == text.last, first == "'" || first == "\""
        else {
            return String(text)
        }
        return String(text.dropFirst().dropLast())
    }
}

extension ConfigurationValue {
    /// The values in it, itself included.
    fileprivate var leaves: Int {
        switch self {
        case .list(let values): values.reduce(1) { $0 + $1.leaves }
        case .members(let members): members.values.reduce(1) { $0 + $1.leaves }
        default: 1
        }
    }
}

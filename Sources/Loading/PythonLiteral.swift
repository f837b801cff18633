/// A literal in the text of a Python program, as used in configurations. Nothing is executed; other
/// expressions are ``unknown``.
indirect enum PythonLiteral: Sendable {
    case none
    case bool(Bool)
    case number(Double)
    case string(String)
    /// A list or a tuple.
    case list([PythonLiteral])
    /// A dictionary, `dict(…)`, or the keyword arguments of another call.
    case dictionary([String: PythonLiteral])
    /// Any expression that would have to be evaluated: a name, a sum, a comprehension.
    case unknown

    /// The assignments at the top level of a program; the last one to each name counts.
    static func assignments(in text: String) -> [String: PythonLiteral] {
        var parser = Parser(Array(text.utf8))
        return parser.program()
    }

    /// A member, or a member of a member: `rpn_head.anchor_generator`. Nil if a part of the path is missing.
    func member(_ path: String) -> PythonLiteral? {
        var value: PythonLiteral? = self
        for name in path.split(separator: ".") {
            switch value {
            case .dictionary(let members)?: value = members[String(name)]
            case .list(let values)?:
                guard let index = Int(name), values.indices.contains(index) else { return nil }
                value = values[index]
            default: return nil
            }
        }
        return value
    }

    /// All dictionaries in this value, outermost first.
    var dictionaries: [[String: PythonLiteral]] {
        switch self {
        case .dictionary(let members):
            [members] + members.sorted { $0.key < $1.key }.flatMap { $0.value.dictionaries }
        case .list(let values): values.flatMap(\.dictionaries)
        default: []
        }
    }

    var number: Double? { if case .number(let number) = self { number } else { nil } }
    var whole: Int? { number.flatMap { Int(exactly: $0) } }
    var string: String? { if case .string(let text) = self { text } else { nil } }
    var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    var list: [PythonLiteral]? { if case .list(let values) = self { values } else { nil } }
    /// A list that consists only of numbers.
    var numbers: [Double]? {
        guard let list else { return nil }
        let numbers = list.compactMap(\.number)
        return numbers.count == list.count ? numbers : nil
    }
}

/// Reads literals from left to right. It skips what it does not understand, so it always terminates.
private struct Parser {
    private let bytes: [UInt8]
    private var index = 0
    private var depth = 0
    private static let deepest = 64

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func program() -> [String: PythonLiteral] {
        var result: [String: PythonLiteral] = [:]
        while index < bytes.count {
            skipSpace(withLines: true)
            let start = index
            if let name = word() {
                skipSpace(withLines: false)
                if peek == UInt8(ascii: "="), next != UInt8(ascii: "=") {
                    index += 1
                    result[name] = expression()
                }
            }
            skipLine()
            if index == start { index += 1 }
        }
        return result
    }

    private var peek: UInt8? { index < bytes.count ? bytes[index] : nil }
    private var next: UInt8? { index + 1 < bytes.count ? bytes[index + 1] : nil }

    /// A value and the operators that follow it, which make it unknown, except products and quotients of
    /// numbers.
    private mutating func expression() -> PythonLiteral {
        depth += 1
        defer { depth -= 1 }
        guard depth < Self.deepest else {
            index = bytes.count
            return .unknown
        }
        var value = operand()
        while true {
            skipSpace(withLines: depth > 1)
            guard let byte = peek, UInt8(ascii: "*") == byte || UInt8(ascii: "/") == byte else { break }
            index += 1
            let other = operand()
            if case .number(let a) = value, case .number(let b) = other {
                value = .number(byte == UInt8(ascii: "*") ? a * b : a / b)
            } else {
                value = .unknown
            }
        }
        // Anything else after it means that it is not a literal.
        if let byte = peek, !",)]}:\n\r#=".utf8.contains(byte) {
            value = .unknown
            skipToEndOfValue()
        }
        return value
    }

    private mutating func operand() -> PythonLiteral {
        skipSpace(withLines: depth > 1)
        guard let byte = peek else { return .unknown }
        switch byte {
        case UInt8(ascii: "["), UInt8(ascii: "("):
            return sequence(closedBy: byte == UInt8(ascii: "[") ? "]" : ")")
        case UInt8(ascii: "{"): return braces()
        case UInt8(ascii: "'"), UInt8(ascii: "\""): return text()
        case UInt8(ascii: "-"):
            index += 1
            guard let digit = peek,
                UInt8(ascii: "0")...UInt8(ascii: "9") ~= digit || digit == UInt8(ascii: ".")
            else {
                skipToEndOfValue()
                return .unknown
            }
            guard case .number(let number) = number() else { return .unknown }
            return .number(-number)
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."): return number()
        default:
            guard let name = word() else {
                skipToEndOfValue()
                return .unknown
            }
            switch name {
            case "None": return .none
            case "True": return .bool(true)
            case "False": return .bool(false)
            default:
                skipSpace(withLines: false)
                guard peek == UInt8(ascii: "(") else { return .unknown }
                return arguments(isDictionary: name == "dict")
            }
        }
    }

    private mutating func sequence(closedBy close: Unicode.Scalar) -> PythonLiteral {
        index += 1
        var values: [PythonLiteral] = []
        var hasComma = false
        while let byte = separator() {
            if byte == UInt8(ascii: close) {
                index += 1
                // Parentheses around one value do not make a tuple.
                if close == ")", values.count == 1, !hasComma { return values[0] }
                return .list(values)
            }
            let start = index
            values.append(expression())
            skipSpace(withLines: true)
            hasComma = hasComma || peek == UInt8(ascii: ",")
            if index == start { index += 1 }
        }
        return .unknown
    }

    private mutating func braces() -> PythonLiteral {
        index += 1
        var members: [String: PythonLiteral] = [:]
        while let byte = separator() {
            if byte == UInt8(ascii: "}") {
                index += 1
                return .dictionary(members)
            }
            let start = index
            let key = expression()
            skipSpace(withLines: true)
            if peek == UInt8(ascii: ":") {
                index += 1
                let value = expression()
                if case .string(let name) = key { members[name] = value }
            }
            if index == start { index += 1 }
        }
        return .unknown
    }

    private mutating func arguments(isDictionary: Bool) -> PythonLiteral {
        index += 1
        var members: [String: PythonLiteral] = [:]
        while let byte = separator() {
            if byte == UInt8(ascii: ")") {
                index += 1
                return isDictionary ? .dictionary(members) : .unknown
            }
            let start = index
            if let name = word() {
                skipSpace(withLines: true)
                if peek == UInt8(ascii: "=") {
                    index += 1
                    members[name] = expression()
                } else {
                    skipToEndOfValue()
                }
            } else {
                _ = expression()
            }
            if index == start { index += 1 }
        }
        return .unknown
    }

    /// The first byte of the next member or the closing bracket, after commas; nil at the end of the text.
    private mutating func separator() -> UInt8? {
        skipSpace(withLines: true)
        while peek == UInt8(ascii: ",") {
            index += 1
            skipSpace(withLines: true)
        }
        return peek
    }

    private mutating func text() -> PythonLiteral {
        let quote = bytes[index]
        let isLong = index + 2 < bytes.count && bytes[index + 1] == quote && bytes[index + 2] == quote
        index += isLong ? 3 : 1
        var content: [UInt8] = []
        while let byte = peek {
            if byte == UInt8(ascii: "\\"), let escaped = next {
                content.append(escaped)
                index += 2
                continue
            }
            if byte == quote {
                if !isLong {
                    index += 1
                    return .string(String(decoding: content, as: UTF8.self))
                }
                if index + 2 < bytes.count, bytes[index + 1] == quote, bytes[index + 2] == quote {
                    index += 3
                    return .string(String(decoding: content, as: UTF8.self))
                }
            }
            content.append(byte)
            index += 1
        }
        return .unknown
    }

    private mutating func number() -> PythonLiteral {
        let start = index
        while let byte = peek {
            let isExponent = byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E")
            guard Self.isPartOfWord(byte) || byte == UInt8(ascii: ".") else { break }
            index += 1
            if isExponent, let sign = peek, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
                index += 1
            }
        }
        let text = String(decoding: bytes[start..<index], as: UTF8.self).filter { $0 != "_" }
        return Double(text).map { .number($0) } ?? .unknown
    }

    private mutating func word() -> String? {
        let start = index
        guard let first = peek, Self.isPartOfWord(first), !(UInt8(ascii: "0")...UInt8(ascii: "9") ~= first)
        else { return nil }
        while let byte = peek, Self.isPartOfWord(byte) || byte == UInt8(ascii: ".") { index += 1 }
        return String(decoding: bytes[start..<index], as: UTF8.self)
    }

    private static func isPartOfWord(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "_") || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte
            || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
            || byte >= 0x80
    }

    private mutating func skipSpace(withLines: Bool) {
        while let byte = peek {
            if byte == UInt8(ascii: "#"), withLines {
                skipLine()
            } else if byte == 0x20 || byte == 0x09 || (withLines && (byte == 0x0A || byte == 0x0D)) {
                index += 1
            } else if byte == UInt8(ascii: "\\"), next == 0x0A {
                index += 2
            } else {
                return
            }
        }
    }

    private mutating func skipLine() {
        while index < bytes.count, bytes[index] != 0x0A { index += 1 }
    }

    /// Skips an expression that is not a literal, up to the comma, closing bracket or end of line that ends
    /// it.
    private mutating func skipToEndOfValue() {
        var open = 0
        while let byte = peek {
            switch byte {
            case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"): open += 1
            case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"):
                if open == 0 { return }
                open -= 1
            case UInt8(ascii: ","), UInt8(ascii: ":"): if open == 0 { return }
            case UInt8(ascii: "'"), UInt8(ascii: "\""):
                _ = text()
                continue
            case 0x0A: if open == 0 && depth <= 1 { return }
            default: break
            }
            index += 1
        }
    }
}

/// Reads the elements of tensor files' headers straight from the bytes: strings, unsigned integers and
/// punctuation.
///
/// The caller says what must come next, so nothing nests deeper than the format allows, and a hostile file
/// cannot make the reader build a huge tree. It reads the JSON of safetensors and the Python literals of npy,
/// which differ only in quotes and escapes.
struct HeaderScanner {
    enum Syntax {
        /// RFC 8259.
        case json
        /// A literal as written by Python's `repr`; strings in npy headers have no escapes.
        case python
    }

    private let reader: ByteReader
    private let syntax: Syntax
    private var position: Int

    /// Scans the remaining bytes of `reader`.
    init(_ reader: ByteReader, syntax: Syntax) {
        self.reader = reader
        self.syntax = syntax
        position = reader.position
    }

    /// An error about the header, with the current byte offset.
    func error(_ fault: String) -> FileError { reader.error("\(fault) (byte \(position))") }

    /// Skips white space and returns the next byte; nil at the end.
    mutating func peek() -> UInt8? {
        while let byte = current, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D {
            position += 1
        }
        return current
    }

    /// Skips `character` if it comes next, and returns whether it did.
    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard peek() == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    /// Skips `character`, which must come next.
    mutating func expect(_ character: Unicode.Scalar) throws {
        guard skip(character) else { throw error("lacks a '\(character)'") }
    }

    /// Checks that nothing but white space follows.
    mutating func expectEnd() throws {
        guard peek() == nil else { throw error("goes on after its end") }
    }

    /// Calls `entry` for every key of a braced object, which must then read the value.
    mutating func object(_ entry: (inout HeaderScanner, String) throws -> Void) throws {
        try expect("{")
        if skip("}") { return }
        while true {
            // Python allows a comma before the closing brace, and NumPy writes one.
            if syntax == .python, skip("}") { return }
            let key = try string()
            try expect(":")
            try entry(&self, key)
            if skip("}") { return }
            try expect(",")
        }
    }

    /// Reads a list of at most `limit` unsigned integers between `open` and `close`.
    mutating func integers(
        between open: Unicode.Scalar, and close: Unicode.Scalar, limit: Int = 64
    ) throws -> [Int] {
        try expect(open)
        var values: [Int] = []
        if skip(close) { return values }
        while true {
            if syntax == .python, !values.isEmpty, skip(close) { return values }
            guard values.count < limit else { throw error("has a list of more than \(limit) numbers") }
            values.append(try integer())
            if skip(close) { return values }
            try expect(",")
        }
    }

    /// Reads an unsigned decimal integer without leading zeros.
    mutating func integer() throws -> Int {
        guard let first = peek(), isDigit(first) else { throw error("lacks a number") }
        var value = 0
        let start = position
        while let byte = current, isDigit(byte) {
            let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, sumOverflow) = tens.addingReportingOverflow(Int(byte - UInt8(ascii: "0")))
            if overflow || sumOverflow { throw error("has a number that is too large") }
            value = sum
            position += 1
        }
        if first == UInt8(ascii: "0") && position > start + 1 {
            throw error("has a number with a leading zero")
        }
        return value
    }

    /// Reads a word of letters, such as `True`.
    mutating func word() throws -> String {
        _ = peek()
        let start = position
        while let byte = current, (byte | 0x20) >= UInt8(ascii: "a"), (byte | 0x20) <= UInt8(ascii: "z") {
            position += 1
        }
        return String(decoding: reader.file.bytes[start..<position], as: UTF8.self)
    }

    /// Reads a quoted string.
    mutating func string() throws -> String {
        let quote: UInt8
        if skip("\"") {
            quote = UInt8(ascii: "\"")
        } else if syntax == .python, skip("'") {
            quote = UInt8(ascii: "'")
        } else {
            throw error("lacks a string")
        }
        var decoded: [UInt8] = []
        while let byte = current {
            position += 1
            if byte == quote {
                let text = String(decoding: decoded, as: UTF8.self)
                guard text.utf8.elementsEqual(decoded) else { throw error("has a string that is not UTF-8") }
                return text
            }
            switch byte {
            case UInt8(ascii: "\\"):
                guard syntax == .json else { throw error("has a string with an escape") }
                decoded.append(contentsOf: String(try escape()).utf8)
            case 0..<0x20: throw error("has a control character in a string")
            default: decoded.append(byte)
            }
        }
        throw error("has a string without an end")
    }

    /// Skips a value of any kind, nested at most `depth` deep.
    mutating func skipValue(depth: Int = 8) throws {
        switch peek().map({ Character(Unicode.Scalar($0)) }) {
        case "{" where depth > 0: try object { scanner, _ in try scanner.skipValue(depth: depth - 1) }
        case "[" where depth > 0:
            try expect("[")
            if skip("]") { return }
            repeat { try skipValue(depth: depth - 1) } while skip(",")
            try expect("]")
        case "\"": _ = try string()
        default:
            let start = position
            while let byte = current, isDigit(byte) || "+-.".utf8.contains(byte) || Self.isLetter(byte) {
                position += 1
            }
            guard position > start else { throw error("lacks a value") }
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (byte | 0x20) >= UInt8(ascii: "a") && (byte | 0x20) <= UInt8(ascii: "z")
    }

    private var current: UInt8? { position < reader.end ? reader.file.bytes[position] : nil }

    private func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    /// Reads the rest of a JSON escape, after the backslash.
    private mutating func escape() throws -> Unicode.Scalar {
        guard let byte = current else { throw error("has a string without an end") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try unicodeEscape()
        default: throw error("has an unknown escape in a string")
        }
    }

    /// Reads the scalar after `\u`; one beyond U+FFFF is written as a surrogate pair.
    private mutating func unicodeEscape() throws -> Unicode.Scalar {
        let first = try fourHexadecimalDigits()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xDC00, current == UInt8(ascii: "\\") else { throw error("has half a surrogate pair") }
        position += 1
        guard current == UInt8(ascii: "u") else { throw error("has half a surrogate pair") }
        position += 1
        let second = try fourHexadecimalDigits()
        guard (0xDC00..<0xE000).contains(second),
            let scalar = Unicode.Scalar(0x1_0000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw error("has half a surrogate pair") }
        return scalar
    }

    private mutating func fourHexadecimalDigits() throws -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = current, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw error("has a malformed \\u escape")
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }
}

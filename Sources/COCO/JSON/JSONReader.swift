/// Reads JSON straight from the bytes of a file, in the order in which they come. No tree is built: a COCO file
/// is one huge list of small objects, and each is made a value of its own type as it is read.
///
/// The caller says what must come next. What the caller has no use for is stepped over by ``skipValue()``,
/// which checks its grammar, and has a bound on how deep values nest.
///
/// Beyond RFC 8259, `NaN`, `Infinity` and `-Infinity` are numbers: Python writes them. They are not lost on the
/// way to the checks of values, which can say what they stand for.
package struct JSONReader {
    let bytes: UnsafeRawBufferPointer
    /// The offset of the next byte.
    var position: Int

    /// Reads `bytes`, which must outlive the reader, from `position` on.
    package init(_ bytes: UnsafeRawBufferPointer, at position: Int = 0) {
        self.bytes = bytes
        self.position = position
    }

    /// How deep values may nest.
    static let deepestNesting = 64

    /// The next byte that is no white space; nil at the end.
    mutating func peek() -> UInt8? {
        while position < bytes.count {
            let byte = bytes[position]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
            position += 1
        }
        return nil
    }

    /// Nothing but white space may follow.
    package mutating func expectEnd() throws(JSONFault) {
        guard peek() == nil else { throw fault("goes on after its end") }
    }

    /// Steps over `null` if it comes next.
    mutating func skipNull() throws -> Bool {
        guard peek() == UInt8(ascii: "n") else { return false }
        try skipWord("null")
        return true
    }

    /// Calls `member` for every key of an object, which must then read or skip the value.
    package mutating func object(_ member: (inout JSONReader, String) throws -> Void) throws {
        guard skip("{") else { throw fault("is not an object") }
        if skip("}") { return }
        while true {
            guard peek() == UInt8(ascii: "\"") else { throw fault("lacks a key") }
            let key = try string()
            guard skip(":") else { throw fault("lacks a ':'") }
            try member(&self, key)
            if skip("}") { return }
            guard skip(",") else { throw fault("lacks a ',' or '}'") }
        }
    }

    /// Calls `element` for every element of a list, which must then read or skip it.
    package mutating func list(_ element: (inout JSONReader) throws -> Void) throws {
        guard skip("[") else { throw fault("is not a list") }
        if skip("]") { return }
        while true {
            try element(&self)
            if skip("]") { return }
            guard skip(",") else { throw fault("lacks a ',' or ']'") }
        }
    }

    /// The numbers of a list.
    mutating func numbers() throws -> [Double] {
        var values: [Double] = []
        values.reserveCapacity(8)
        try list { values.append(try $0.number()) }
        return values
    }

    /// A flag, as a word or as 0 and 1.
    mutating func flag() throws -> Bool {
        switch peek() {
        case UInt8(ascii: "t"):
            try skipWord("true")
            return true
        case UInt8(ascii: "f"):
            try skipWord("false")
            return false
        default: return try number() != 0
        }
    }

    /// An error about the place where the reader is.
    func fault(_ message: String) -> JSONFault { JSONFault(message: message, position: position) }

    /// Steps over `character` if it comes next.
    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard peek() == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    mutating func skipWord(_ word: StaticString) throws(JSONFault) {
        let length = word.utf8CodeUnitCount
        guard length <= bytes.count - position,
            bytes[position..<position + length].elementsEqual(
                UnsafeBufferPointer(start: word.utf8Start, count: length))
        else { throw fault("has a word that JSON does not know") }
        position += length
    }
}

/// What is wrong with a piece of JSON.
package struct JSONFault: Error {
    /// What is wrong; no full stop.
    let message: String
    /// The offset of the byte where it was noticed.
    let position: Int
}

// MARK: - Values that nobody asked for

extension JSONReader {
    /// Steps over any value, and checks its grammar.
    package mutating func skipValue() throws(JSONFault) {
        // What must close the values that are open: a byte each, the innermost last.
        var open: [UInt8] = []
        repeat {
            // Here a value begins.
            guard let byte = peek() else { throw fault("ends in the middle") }
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                guard open.count < Self.deepestNesting else {
                    throw fault("nests deeper than \(Self.deepestNesting) levels")
                }
                position += 1
                open.append(byte + 2)  // ASCII has ']' and '}' two after their partners.
                if peek() != byte + 2 {
                    if byte == UInt8(ascii: "{") { try skipKey() }
                    continue
                }
            case UInt8(ascii: "\""): try skipString()
            case UInt8(ascii: "t"): try skipWord("true")
            case UInt8(ascii: "f"): try skipWord("false")
            case UInt8(ascii: "n"): try skipWord("null")
            default: try skipNumber()
            }
            // Here one has ended, or an empty object or list can.
            while let close = open.last {
                guard let next = peek() else { throw fault("ends in the middle") }
                if next == close {
                    position += 1
                    open.removeLast()
                } else if next == UInt8(ascii: ",") {
                    position += 1
                    if close == UInt8(ascii: "}") { try skipKey() }
                    break
                } else {
                    throw fault("lacks a ',' or '\(Character(Unicode.Scalar(close)))'")
                }
            }
        } while !open.isEmpty
    }

    private mutating func skipKey() throws(JSONFault) {
        guard peek() == UInt8(ascii: "\"") else { throw fault("lacks a key") }
        try skipString()
        guard skip(":") else { throw fault("lacks a ':'") }
    }
}

// MARK: - Strings

extension JSONReader {
    /// A string.
    package mutating func string() throws(JSONFault) -> String {
        guard peek() == UInt8(ascii: "\"") else { throw fault("is not a string") }
        let start = position
        let isPlain = try skipString()
        let content = bytes[start + 1..<position - 1]
        let decoded = isPlain ? nil : try unescaped(content)
        let text =
            decoded.map { String(decoding: $0, as: UTF8.self) } ?? String(decoding: content, as: UTF8.self)
        return text
    }

    /// Steps over a string, and says whether it has no escapes.
    @discardableResult
    private mutating func skipString() throws(JSONFault) -> Bool {
        var isPlain = true
        position += 1
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if byte == UInt8(ascii: "\"") { return isPlain }
            if byte == UInt8(ascii: "\\") {
                isPlain = false
                position = min(position + 1, bytes.count)  // Whatever comes next does not end the string.
            } else if byte < 0x20 {
                throw fault("has a control character in a string")
            }
        }
        throw fault("ends in the middle of a string")
    }

    /// The bytes of a string with the escapes replaced by what they stand for.
    private func unescaped(_ content: Slice<UnsafeRawBufferPointer>) throws(JSONFault) -> [UInt8] {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(content.count)
        var rest = content
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), let escape = rest.popFirst() else {
                decoded.append(byte)
                continue
            }
            switch escape {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): decoded.append(escape)
            case UInt8(ascii: "b"): decoded.append(0x8)
            case UInt8(ascii: "f"): decoded.append(0xC)
            case UInt8(ascii: "n"): decoded.append(0xA)
            case UInt8(ascii: "r"): decoded.append(0xD)
            case UInt8(ascii: "t"): decoded.append(0x9)
            case UInt8(ascii: "u"): decoded.append(contentsOf: String(try scalar(&rest)).utf8)
            default: throw fault("has an unknown escape in a string")
            }
        }
        return decoded
    }

    /// The scalar after `\u`; one beyond U+FFFF is written as two halves. Half of one alone, which Python
    /// writes for names of files that are no text, becomes U+FFFD.
    private func scalar(_ rest: inout Slice<UnsafeRawBufferPointer>) throws(JSONFault) -> Unicode.Scalar {
        let first = try codeUnit(&rest)
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xDC00, rest.starts(with: "\\u".utf8) else { return "\u{FFFD}" }
        var ahead = rest.dropFirst(2)
        let second = try codeUnit(&ahead)
        guard (0xDC00..<0xE000).contains(second) else { return "\u{FFFD}" }
        rest = ahead
        return Unicode.Scalar(0x1_0000 + (first - 0xD800) << 10 + (second - 0xDC00)) ?? "\u{FFFD}"
    }

    private func codeUnit(_ rest: inout Slice<UnsafeRawBufferPointer>) throws(JSONFault) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = rest.popFirst(),
                let digit = Character(Unicode.Scalar(byte)).hexDigitValue
            else { throw fault("has a malformed \\u escape") }
            value = value << 4 | UInt32(digit)
        }
        return value
    }
}

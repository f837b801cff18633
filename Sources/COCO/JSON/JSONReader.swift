/// A streaming JSON reader over the bytes of a file. It builds no tree: a COCO file is one huge list of small
/// objects, and each is converted to a value of its own type as it is read.
///
/// The caller says which kind of value must come next. ``skipValue()`` skips values that are not needed; it
/// checks their grammar and limits their depth of nesting.
///
/// Beyond RFC 8259, `NaN`, `Infinity` and `-Infinity` are accepted as numbers, since Python writes them; the
/// later checks of values refuse them with a message that names the entry.
package struct JSONReader {
    let bytes: UnsafeRawBufferPointer
    /// The offset of the next byte.
    var position: Int

    /// Reads `bytes`, which must outlive the reader, from `position` on.
    package init(_ bytes: UnsafeRawBufferPointer, at position: Int = 0) {
        self.bytes = bytes
        self.position = position
    }

    /// The largest depth of nested values.
    static let deepestNesting = 64

    /// Skips white space and returns the next byte; nil at the end.
    mutating func peek() -> UInt8? {
        while position < bytes.count {
            let byte = bytes[position]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
            position += 1
        }
        return nil
    }

    /// Checks that nothing but white space follows.
    package mutating func expectEnd() throws(JSONFault) {
        guard peek() == nil else { throw fault("goes on after its end") }
    }

    /// Skips `null` if it comes next, and returns whether it did.
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

    /// Reads a list of numbers.
    mutating func numbers() throws -> [Double] {
        var values: [Double] = []
        values.reserveCapacity(8)
        try list { values.append(try $0.number()) }
        return values
    }

    /// Reads a flag: `true` or `false`, or 1 or 0.
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

    /// A fault at the current position.
    func fault(_ message: String) -> JSONFault { JSONFault(message: message, position: position) }

    /// Skips `character` if it comes next, and returns whether it did.
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

/// A fault in the JSON text.
package struct JSONFault: Error {
    /// The fault; no full stop.
    let message: String
    /// The byte offset at which it was noticed.
    let position: Int
}

// MARK: - Skipping values

extension JSONReader {
    /// Skips any value and checks its grammar.
    package mutating func skipValue() throws(JSONFault) {
        // The closing bytes of the values that are open, the innermost last.
        var open: [UInt8] = []
        repeat {
            // A value begins here.
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
            // A value has ended here, or an empty object or list may end.
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
    /// Reads a string.
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

    /// Skips a string, and returns whether it has no escapes.
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
                position = min(position + 1, bytes.count)  // The escaped byte does not end the string.
            } else if byte < 0x20 {
                throw fault("has a control character in a string")
            }
        }
        throw fault("ends in the middle of a string")
    }

    /// The bytes of a string with its escapes decoded.
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

    /// The scalar after `\u`; one beyond U+FFFF is written as a surrogate pair. A lone surrogate, which
    /// Python writes for file names that are not valid UTF-8, becomes U+FFFD.
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

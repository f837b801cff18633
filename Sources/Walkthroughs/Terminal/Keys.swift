/// A key, as a terminal sends it.
package enum Key: Equatable, Sendable {
    case character(Character)
    case enter, backspace, escape
    /// An arrow to the right or down, or Page Down.
    case forward
    /// An arrow to the left or up, or Page Up.
    case back
    /// Ctrl-D.
    case end
    /// Ctrl-U.
    case erase
    /// Ctrl-L.
    case redraw
}

/// Makes keys of the bytes that a terminal sends (ECMA-48, section 5.4; xterm's control sequences).
package struct KeyParser {
    private var bytes: [UInt8] = []

    package init() {}

    /// The keys that are complete with these bytes. What is incomplete waits for more.
    package mutating func keys(adding more: some Sequence<UInt8>) -> [Key] {
        bytes += more
        var keys: [Key] = []
        while !bytes.isEmpty, let (key, length) = first() {
            bytes.removeFirst(length)
            if let key { keys.append(key) }
        }
        return keys
    }

    /// Whether an Escape waits for what may follow it.
    package var isWaiting: Bool { !bytes.isEmpty }

    /// Nothing more came after an Escape: it was the key of that name.
    package mutating func flush() -> [Key] {
        defer { bytes = [] }
        return bytes.first == 0x1B ? [.escape] : []
    }

    /// The first key and its length in bytes; no key for a sequence that means nothing here; nil if bytes are missing.
    private func first() -> (Key?, Int)? {
        switch bytes[0] {
        case 0x1B: return sequence()
        case 0x0A, 0x0D: return (.enter, 1)
        case 0x08, 0x7F: return (.backspace, 1)
        case 0x04: return (.end, 1)
        case 0x15: return (.erase, 1)
        case 0x0C: return (.redraw, 1)
        case 0x00..<0x20: return (nil, 1)
        case 0x20..<0x80: return (.character(Character(Unicode.Scalar(bytes[0]))), 1)
        default: return letter()
        }
    }

    private func letter() -> (Key?, Int)? {
        let length = bytes[0] >= 0xF0 ? 4 : bytes[0] >= 0xE0 ? 3 : bytes[0] >= 0xC0 ? 2 : 1
        guard bytes.count >= length else { return nil }
        let text = String(validating: bytes.prefix(length), as: UTF8.self)
        return (text?.first.map { .character($0) }, text == nil ? 1 : length)
    }

    private func sequence() -> (Key?, Int)? {
        guard bytes.count > 1 else { return nil }
        if bytes[1] == 0x4F {
            guard bytes.count > 2 else { return nil }
            return (Self.arrow(bytes[2]), 3)
        }
        guard bytes[1] == 0x5B else { return (.escape, 1) }
        guard let end = bytes.dropFirst(2).firstIndex(where: { 0x40...0x7E ~= $0 }) else {
            return bytes.count > 32 ? (nil, bytes.count) : nil
        }
        let parameters = String(decoding: bytes[2..<end], as: UTF8.self)
        let key: Key? =
            switch (bytes[end], parameters) {
            case (0x7E, "5"): .back
            case (0x7E, "6"): .forward
            default: parameters.isEmpty ? Self.arrow(bytes[end]) : nil
            }
        return (key, end + 1)
    }

    private static func arrow(_ letter: UInt8) -> Key? {
        switch letter {
        case 0x41, 0x44: .back
        case 0x42, 0x43: .forward
        default: nil
        }
    }
}

/// Makes answers of keys: most are one by themselves; a name or a text to search for is typed in a line.
package struct LineComposer {
    /// What a key did.
    package enum Result: Equatable {
        case nothing
        /// The line being typed has changed: what to show in place of the prompt; nil when it was given up.
        case typing(String?)
        /// What ``Walk/answer(_:)`` takes.
        case answer(String?)
        case redraw
    }

    private var line: (start: String, text: String)?

    package init() {}

    /// Takes a key.
    package mutating func take(_ key: Key) -> Result {
        guard let (start, text) = line else { return command(key) }
        switch key {
        case .character(let character): line?.text.append(character)
        case .backspace where text.isEmpty, .escape, .end:
            line = nil
            return .typing(nil)
        case .backspace: line?.text.removeLast()
        case .erase: line?.text = ""
        case .enter:
            line = nil
            return text.isEmpty ? .typing(nil) : .answer(start + text)
        case .redraw: return .redraw
        case .forward, .back: return .nothing
        }
        return .typing(prompt)
    }

    private mutating func command(_ key: Key) -> Result {
        switch key {
        case .enter, .forward, .character(" "): return .answer("")
        case .backspace, .back: return .answer("b")
        case .end: return .answer(nil)
        case .redraw: return .redraw
        case .escape, .erase: return .nothing
        case .character("/"): line = ("/", "")
        case .character("g"): line = ("g ", "")
        case .character(let digit) where digit.isASCII && digit.isNumber: line = ("g ", String(digit))
        case .character(let letter): return .answer(String(letter))
        }
        return .typing(prompt)
    }

    private var prompt: String? { line.map { ($0.start == "/" ? "Search: " : "Go to: ") + $0.text } }
}

/// An id as a file writes it. COCO's own are whole numbers; other tools write text, or numbers that are not whole or too
/// large for 64 bits, which are kept as text too.
enum Identifier: Hashable, Sendable, CustomStringConvertible {
    case number(Int)
    case text(String)

    /// As the file has it, for people.
    var description: String {
        switch self {
        case .number(let number): String(number)
        case .text(let text): text.count > 80 ? "\(text.prefix(80))…" : text
        }
    }

    /// The other way of writing a whole number: `"7"` for 7, and 7 for `"7"`.
    var counterpart: Identifier? {
        switch self {
        case .number(let number): .text(String(number))
        case .text(let text): Int(text).flatMap { String($0) == text ? .number($0) : nil }
        }
    }
}

/// The numbers that stand for the ids of pictures or categories in memory: the ids themselves, and for text numbers that
/// no other entry has, in the order in which Python sorts text. That order decides between detections of equal scores.
struct IdentifierNumbers: Sendable {
    private let ofTexts: [String: Int]

    /// Numbers for the ids of all entries of a list.
    init(_ identifiers: some Sequence<Identifier>) {
        var largest = 0
        var texts: Set<String> = []
        for identifier in identifiers {
            switch identifier {
            case .number(let number): largest = max(largest, number)
            case .text(let text): texts.insert(text)
            }
        }
        // Numbers near the largest that there is leave no room above them; then there is room below.
        let first = largest < Int.max / 2 ? largest + 1 : Int.min
        let sorted = texts.sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
        ofTexts = Dictionary(uniqueKeysWithValues: zip(sorted, first...))
    }

    /// The number of an id that is among them.
    subscript(identifier: Identifier) -> Int? {
        switch identifier {
        case .number(let number): number
        case .text(let text): ofTexts[text]
        }
    }
}

extension JSONReader {
    /// An id: text or a number.
    mutating func identifier() throws(JSONFault) -> Identifier {
        if peek() == UInt8(ascii: "\"") { return .text(try string()) }
        let before = self
        if let number = try? integer() { return .number(number) }
        self = before
        guard try skipNumber() != nil else { throw fault("is not a number") }
        return .text(String(decoding: bytes[before.position..<position], as: UTF8.self))
    }
}

/// An id as written in a file. COCO's ids are integers; other tools write text, or numbers that are not
/// integers or exceed 64 bits, which are kept as text.
enum Identifier: Hashable, Sendable, CustomStringConvertible {
    case number(Int)
    case text(String)

    /// The id as written in the file, for messages.
    var description: String {
        switch self {
        case .number(let number): String(number)
        case .text(let text): text.count > 80 ? "\(text.prefix(80))…" : text
        }
    }

    /// The other spelling of an integer: `"7"` for 7, and 7 for `"7"`.
    var counterpart: Identifier? {
        switch self {
        case .number(let number): .text(String(number))
        case .text(let text): Int(text).flatMap { String($0) == text ? .number($0) : nil }
        }
    }
}

/// The numbers that represent image or category ids in memory: the ids themselves and, for ids that are text,
/// unused numbers in the order in which Python sorts the text. That order decides between detections of equal
/// score.
struct IdentifierNumbers: Sendable {
    private let ofTexts: [String: Int]

    /// Assigns numbers to the ids of all entries of a list.
    init(_ identifiers: some Sequence<Identifier>) {
        var largest = 0
        var texts: Set<String> = []
        for identifier in identifiers {
            switch identifier {
            case .number(let number): largest = max(largest, number)
            case .text(let text): texts.insert(text)
            }
        }
        // If the largest id is near `Int.max`, the unused numbers are taken from the negative end instead.
        let first = largest < Int.max / 2 ? largest + 1 : Int.min
        let sorted = texts.sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
        ofTexts = Dictionary(uniqueKeysWithValues: zip(sorted, first...))
    }

    /// The number of an id; nil if it is not among the ids of the list.
    subscript(identifier: Identifier) -> Int? {
        switch identifier {
        case .number(let number): number
        case .text(let text): ofTexts[text]
        }
    }
}

extension JSONReader {
    /// Reads an id: a string or a number.
    mutating func identifier() throws(JSONFault) -> Identifier {
        if peek() == UInt8(ascii: "\"") { return .text(try string()) }
        let before = self
        if let number = try? integer() { return .number(number) }
        self = before
        guard try skipNumber() != nil else { throw fault("is not a number") }
        return .text(String(decoding: bytes[before.position..<position], as: UTF8.self))
    }
}

/// Writes the JSON of COCO's files. The caller decides the order of keys, so equal values give equal bytes.
struct JSONWriter {
    private(set) var bytes: [UInt8] = []

    /// Writes `text` unchanged: braces, keys, commas.
    mutating func raw(_ text: StaticString) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    mutating func integer(_ value: Int) { bytes.append(contentsOf: String(value).utf8) }

    /// Writes the shortest number that reads back as `value`, integers without a fraction. `value` must be
    /// finite: JSON has no other numbers.
    mutating func number(_ value: Double) { number(value.description) }

    /// The same for single precision, whose shortest numbers are shorter.
    mutating func number(_ value: Float) { number(value.description) }

    private mutating func number(_ text: String) {
        var digits = text.utf8[...]
        if digits.suffix(2).elementsEqual(".0".utf8) { digits = digits.dropLast(2) }
        bytes.append(contentsOf: digits)
    }

    mutating func string(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0..<0x20, 0x7F:
                let hexadecimal = String(byte, radix: 16)
                bytes.append(contentsOf: (hexadecimal.count == 1 ? "\\u000" : "\\u00").utf8)
                bytes.append(contentsOf: hexadecimal.utf8)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Writes `[…]`, calling `element` for each element.
    mutating func list<Elements: Sequence>(
        _ elements: Elements, _ element: (inout JSONWriter, Elements.Element) throws -> Void
    ) rethrows {
        raw("[")
        var isFirst = true
        for value in elements {
            if !isFirst { raw(", ") }
            isFirst = false
            try element(&self, value)
        }
        raw("]")
    }

    /// Writes `[…]` with one element per line, so that files can be compared line by line.
    mutating func lines<Elements: Sequence>(
        _ elements: Elements, _ element: (inout JSONWriter, Elements.Element) throws -> Void
    ) rethrows {
        raw("[")
        var isFirst = true
        for value in elements {
            raw(isFirst ? "\n" : ",\n")
            isFirst = false
            try element(&self, value)
        }
        raw("\n]")
    }
}

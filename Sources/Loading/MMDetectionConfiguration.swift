import Inference

/// What the text of an MMDetection configuration says of the input and the backbone.
///
/// The text is Python, which is not run: a few assignments of literal values are looked up in it, wherever they
/// stand.
struct MMDetectionConfiguration {
    /// `mean`, `std` and `to_rgb` (version 2) or `bgr_to_rgb` (version 3); nil unless all are there.
    let channels: InputChannels?
    /// `style`: the stride is in the first convolution of a block for "caffe", in the second for "pytorch".
    let stridePlacement: Configuration.Backbone.StridePlacement?

    init(_ text: String) {
        let bytes = Array(text.utf8)
        func values(_ name: String) -> [Substring] { Self.values(of: name, in: bytes).map { Substring($0) } }
        func numbers(_ name: String) -> [Float]? {
            values(name).lazy.map(Self.numbers).first { $0.count == 3 }
        }
        let isReversed = (values("to_rgb") + values("bgr_to_rgb")).lazy.compactMap { value -> Bool? in
            value.hasPrefix("True") ? true : value.hasPrefix("False") ? false : nil
        }.first
        if let mean = numbers("mean"), let deviation = numbers("std"), let isReversed {
            channels = InputChannels(order: isReversed ? .rgb : .bgr, means: mean, deviations: deviation)
        } else {
            channels = nil
        }
        stridePlacement =
            values("style").lazy.compactMap { value -> Configuration.Backbone.StridePlacement? in
                let word = value.dropFirst().prefix { $0 != "'" && $0 != "\"" }
                return word == "caffe" ? .conv1 : word == "pytorch" ? .conv2 : nil
            }.first
    }

    /// The beginnings of all values that are given to `name`.
    private static func values(of name: String, in bytes: [UInt8]) -> [String] {
        let longest = 400
        let name = Array(name.utf8)
        var values: [String] = []
        var index = 0
        while let found = bytes[index...].firstIndex(of: name[0]) {
            index = found + 1
            let end = found + name.count
            guard end < bytes.count, bytes[found..<end].elementsEqual(name),
                found == 0 || !isPartOfName(bytes[found - 1])
            else { continue }
            let rest = bytes[end...].drop { isSpace($0) }
            guard rest.first == UInt8(ascii: "=") else { continue }
            let value = rest.dropFirst().drop { isSpace($0) }
            values.append(String(decoding: value.prefix(longest), as: UTF8.self))
        }
        return values
    }

    private static func isPartOfName(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
            || Character(Unicode.Scalar(byte)).isLetter || Character(Unicode.Scalar(byte)).isNumber
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }

    /// The numbers of a list or tuple that `value` begins with.
    private static func numbers(_ value: Substring) -> [Float] {
        guard let open = value.first, open == "[" || open == "(",
            let close = value.firstIndex(of: open == "[" ? "]" : ")")
        else { return [] }
        let members = value[value.index(after: value.startIndex)..<close].split(separator: ",")
        let numbers = members.map { $0.filter { !$0.isWhitespace } }.filter { !$0.isEmpty }
        let values = numbers.compactMap { Float($0) }
        return values.count == numbers.count ? values : []
    }
}

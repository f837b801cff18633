/// A pattern for the names of a network's modules, such as `backbone.body.layer{s-1}.{i}.conv{k}`.
///
/// Each pair of braces stands for a number: a variable, optionally times a factor, plus or minus a constant
/// (`{2k-2}`). Matching a name against one pattern gives the variables; filling them into another pattern
/// gives the name of the same module in another scheme.
struct ModulePattern: Sendable {
    private enum Piece: Sendable {
        case literal([UInt8])
        /// factor · variable + offset
        case number(variable: UInt8, factor: Int, offset: Int)
    }

    private let pieces: [Piece]

    /// - Parameter text: a pattern from the tables of this target; a malformed one is a programming error.
    init(_ text: String) {
        var pieces: [Piece] = []
        for part in text.split(separator: "{") {
            guard let close = part.firstIndex(of: "}") else {
                pieces.append(.literal(Array(part.utf8)))
                continue
            }
            pieces.append(Self.number(part[..<close]))
            let literal = part[part.index(after: close)...]
            if !literal.isEmpty { pieces.append(.literal(Array(literal.utf8))) }
        }
        self.pieces = pieces
    }

    /// Parses the contents of braces: `2k-2`, `s+1`, `i`.
    private static func number(_ text: Substring) -> Piece {
        let factor = text.prefix { $0.isNumber }
        let rest = text.dropFirst(factor.count)
        guard let variable = rest.utf8.first, let offset = rest.count == 1 ? 0 : Int(rest.dropFirst()) else {
            preconditionFailure("malformed pattern {\(text)}")
        }
        return .number(variable: variable, factor: Int(factor) ?? 1, offset: offset)
    }

    /// The values of the variables in `name`; nil when it does not match.
    func variables(in name: Substring) -> [UInt8: Int]? {
        var rest = name.utf8[...]
        var variables: [UInt8: Int] = [:]
        for piece in pieces {
            switch piece {
            case .literal(let literal):
                guard rest.starts(with: literal) else { return nil }
                rest = rest.dropFirst(literal.count)
            case .number(let variable, let factor, let offset):
                // At most four digits: no network has ten thousand of anything. A leading zero is refused,
                // since two names would then mean the same module.
                let digits = rest.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
                guard digits.count <= 4, let value = Int(Substring(digits)),
                    String(value).utf8.elementsEqual(digits),
                    (value - offset) % factor == 0, value >= offset
                else { return nil }
                variables[variable] = (value - offset) / factor
                rest = rest.dropFirst(digits.count)
            }
        }
        return rest.isEmpty ? variables : nil
    }

    /// The name with the given values of the variables; nil when a number would be negative.
    func filled(with variables: [UInt8: Int]) -> String? {
        var name: [UInt8] = []
        for piece in pieces {
            switch piece {
            case .literal(let literal): name.append(contentsOf: literal)
            case .number(let variable, let factor, let offset):
                guard let value = variables[variable], factor * value + offset >= 0 else { return nil }
                name.append(contentsOf: String(factor * value + offset).utf8)
            }
        }
        return String(decoding: name, as: UTF8.self)
    }
}

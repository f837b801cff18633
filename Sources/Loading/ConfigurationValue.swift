import Foundation

/// A value in a configuration file: any JSON value.
package enum ConfigurationValue: Hashable, Sendable {
    /// `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// Any number.
    case number(Double)
    /// Text.
    case string(String)
    /// A list.
    case list([ConfigurationValue])
    /// An object: members by name.
    case members([String: ConfigurationValue])

    /// A 32-bit number, as its shortest decimal.
    package init(_ number: Float) { self = .number(Double("\(number)") ?? Double(number)) }

    /// The value as JSON in one line, numbers with as few digits as possible.
    package var text: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .number(let number):
            number == number.rounded() && abs(number) < 1e15 ? String(Int(number)) : "\(number)"
        case .string(let text): Self.quoted(text)
        case .list(let values): "[" + values.map(\.text).joined(separator: ", ") + "]"
        case .members(let members):
            "{"
                + members.sorted { $0.key < $1.key }.map { "\(Self.quoted($0.key)): \($0.value.text)" }
                .joined(separator: ", ") + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        return (try? encoder.encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
    }

    /// Reads JSON5.
    /// - Throws: `DecodingError` when it is not JSON5.
    package init(json data: Data) throws {
        let decoder = JSONDecoder()
        decoder.allowsJSON5 = true
        self = try decoder.decode(Self.self, from: data)
    }

    /// A value from the command line: JSON5, or else a word without quotes.
    package init(argument: String) {
        self = (try? ConfigurationValue(json: Data(argument.utf8))) ?? .string(argument)
    }
}

extension ConfigurationValue: Decodable {
    private struct Name: CodingKey {
        let stringValue: String
        let intValue: Int? = nil
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// Decodes any JSON value.
    package init(from decoder: any Decoder) throws {
        if let container = try? decoder.container(keyedBy: Name.self) {
            var members: [String: ConfigurationValue] = [:]
            for name in container.allKeys {
                members[name.stringValue] = try container.decode(ConfigurationValue.self, forKey: name)
            }
            self = .members(members)
            return
        }
        if var container = try? decoder.unkeyedContainer() {
            var values: [ConfigurationValue] = []
            while !container.isAtEnd { values.append(try container.decode(ConfigurationValue.self)) }
            self = .list(values)
            return
        }
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else {
            self = .string(try container.decode(String.self))
        }
    }
}

/// A type that values of a configuration can have.
protocol ConfigurationConvertible: SendableMetatype {
    /// What a value must be, for messages: `a whole number`.
    static var expectation: String { get }
    var configurationValue: ConfigurationValue { get }
    /// Nil for a value of another type.
    init?(configurationValue: ConfigurationValue)
}

extension Int: ConfigurationConvertible {
    static var expectation: String { "a whole number" }
    var configurationValue: ConfigurationValue { .number(Double(self)) }
    init?(configurationValue value: ConfigurationValue) {
        guard case .number(let number) = value, let whole = Int(exactly: number) else { return nil }
        self = whole
    }
}

extension Double: ConfigurationConvertible {
    static var expectation: String { "a number" }
    var configurationValue: ConfigurationValue { .number(self) }
    init?(configurationValue value: ConfigurationValue) {
        guard case .number(let number) = value, number.isFinite else { return nil }
        self = number
    }
}

extension Float: ConfigurationConvertible {
    static var expectation: String { "a number" }
    var configurationValue: ConfigurationValue { ConfigurationValue(self) }
    init?(configurationValue value: ConfigurationValue) {
        guard case .number(let number) = value, Float(number).isFinite else { return nil }
        self = Float(number)
    }
}

extension Bool: ConfigurationConvertible {
    static var expectation: String { "true or false" }
    var configurationValue: ConfigurationValue { .bool(self) }
    init?(configurationValue value: ConfigurationValue) {
        guard case .bool(let truth) = value else { return nil }
        self = truth
    }
}

extension Array: ConfigurationConvertible where Element: ConfigurationConvertible {
    static var expectation: String {
        Element.self is any ListElement.Type ? "a list of lists of numbers" : "a list of numbers"
    }
    var configurationValue: ConfigurationValue { .list(map(\.configurationValue)) }
    init?(configurationValue value: ConfigurationValue) {
        guard case .list(let values) = value else { return nil }
        let elements = values.compactMap { Element(configurationValue: $0) }
        guard elements.count == values.count else { return nil }
        self = elements
    }
}

/// Marks arrays, to recognise arrays of arrays.
private protocol ListElement {}
extension Array: ListElement {}

extension ConfigurationConvertible where Self: RawRepresentable & CaseIterable, RawValue == String {
    static var expectation: String {
        let names = allCases.map { "\"\($0.rawValue)\"" }
        return names.dropLast().joined(separator: ", ") + (names.count > 1 ? " or " : "") + (names.last ?? "")
    }
    var configurationValue: ConfigurationValue { .string(rawValue) }
    init?(configurationValue value: ConfigurationValue) {
        guard case .string(let name) = value else { return nil }
        self.init(rawValue: name)
    }
}

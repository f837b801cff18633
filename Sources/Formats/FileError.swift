/// A fault of a file, in one line.
public struct FileError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file, as the caller named it.
    public let path: String
    /// The fault; no full stop, no line break.
    public let fault: String

    /// An error about the file at `path`.
    public init(path: String, fault: String) {
        self.path = path
        self.fault = fault
    }

    /// `path: fault`.
    public var description: String { "\(path): \(fault)" }
}

/// A name from a file, made safe for a one-line error: in quotes, with control characters replaced, and
/// truncated if it is long.
package func quoted(_ name: String) -> String {
    let limit = 100
    let shown = name.unicodeScalars.prefix(limit).map { scalar -> Character in
        scalar.properties.generalCategory == .control ? "\u{FFFD}" : Character(scalar)
    }
    return "'" + String(shown) + (name.unicodeScalars.count > limit ? "…'" : "'")
}

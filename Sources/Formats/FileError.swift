/// What is wrong with a file, in one line.
public struct FileError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file, as the caller named it.
    public let path: String
    /// What is wrong with it; no full stop, no line break.
    public let fault: String

    /// An error about the file at `path`.
    public init(path: String, fault: String) {
        self.path = path
        self.fault = fault
    }

    /// `path: fault`.
    public var description: String { "\(path): \(fault)" }
}

/// A name that came out of a file, made fit for one line of an error: in quotes, control characters
/// replaced, cut when it is long.
package func quoted(_ name: String) -> String {
    let limit = 100
    let shown = name.unicodeScalars.prefix(limit).map { scalar -> Character in
        scalar.properties.generalCategory == .control ? "\u{FFFD}" : Character(scalar)
    }
    return "'" + String(shown) + (name.unicodeScalars.count > limit ? "…'" : "'")
}

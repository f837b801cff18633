/// What is wrong with a file.
public struct FileError: Error, CustomStringConvertible, Equatable {
    /// The file, as the caller named it.
    public let path: String
    /// What is wrong with it, in a few words.
    public let fault: String

    /// A fault in the file at `path`.
    public init(path: String, fault: String) {
        self.path = path
        self.fault = fault
    }

    /// One line: the file and the fault.
    public var description: String { "\(path): \(fault)" }
}

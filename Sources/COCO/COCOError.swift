/// A fault of an annotation file, a results file, or an evaluation of them, in one line.
public struct COCOError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file, as the caller named it; nil for values in memory.
    public let path: String?
    /// The fault, with the name of the entry; no full stop, no line break.
    public let fault: String

    /// An error about the file at `path`, or about values in memory.
    public init(path: String? = nil, fault: String) {
        self.path = path
        self.fault = fault
    }

    /// `path: fault`, or the fault alone.
    public var description: String { path.map { "\($0): \(fault)" } ?? fault }
}

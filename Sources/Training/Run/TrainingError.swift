/// Why a run cannot start or continue.
public struct TrainingError: Error, Equatable, CustomStringConvertible {
    /// A one-line description.
    public let description: String

    /// An error with a one-line description.
    public init(_ description: String) { self.description = description }

    static func notFinite(_ subject: String, step: Int, layer: String?) -> TrainingError {
        let place = layer.map { "; the first fault is in \($0)" } ?? ""
        return TrainingError("step \(step): \(subject) is not a number or infinite\(place)")
    }
}

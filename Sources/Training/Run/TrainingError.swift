/// What keeps a run from starting or from going on.
public struct TrainingError: Error, Equatable, CustomStringConvertible {
    /// One line.
    public let description: String

    /// An error of that description.
    public init(_ description: String) { self.description = description }

    static func notFinite(_ subject: String, step: Int, layer: String?) -> TrainingError {
        let place = layer.map { "; the first fault is in \($0)" } ?? ""
        return TrainingError("step \(step): \(subject) is not a number or infinite\(place)")
    }
}

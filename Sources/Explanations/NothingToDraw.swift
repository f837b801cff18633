/// Why a figure cannot be drawn of a picture or a model, in one sentence: "the model has no mask head".
public struct NothingToDraw: Error, CustomStringConvertible {
    /// The sentence.
    public let description: String

    /// For the reason given.
    public init(_ description: String) { self.description = description }
}

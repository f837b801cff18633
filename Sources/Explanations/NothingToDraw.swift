/// Why a figure cannot be drawn of a picture or a model, in one sentence: "the model has no mask head".
package struct NothingToDraw: Error, CustomStringConvertible {
    /// The sentence.
    package let description: String

    /// For the reason given.
    package init(_ description: String) { self.description = description }
}

/// Why a figure cannot be drawn for an image or a model: "the model has no mask head".
package struct NothingToDraw: Error, CustomStringConvertible {
    /// The reason.
    package let description: String

    /// An error with the given reason.
    package init(_ description: String) { self.description = description }
}

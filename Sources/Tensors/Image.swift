/// A decoded image: 8-bit RGB, rows from top to bottom, channels interleaved.
public struct Image: Sendable, Equatable {
    /// Width in pixels.
    public let width: Int
    /// Height in pixels.
    public let height: Int
    /// `height · width · 3` values, row by row: red, green and blue of each pixel.
    public var pixels: [UInt8]

    /// - Precondition: both sizes are positive and `pixels.count` is `width · height · 3`.
    public init(width: Int, height: Int, pixels: [UInt8]) {
        precondition(width > 0 && height > 0 && pixels.count == width * height * 3)
        self.width = width
        self.height = height
        self.pixels = pixels
    }
}

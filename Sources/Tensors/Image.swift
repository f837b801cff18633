/// An image as decoded from a file: 8-bit RGB, rows from the top, the three channels interleaved.
public struct Image: Sendable, Equatable {
    /// Width in pixels.
    public let width: Int
    /// Height in pixels.
    public let height: Int
    /// `height · width · 3` values: red, green, blue of each pixel, row after row.
    public var pixels: [UInt8]

    /// - Precondition: `pixels.count` is `width · height · 3`.
    public init(width: Int, height: Int, pixels: [UInt8]) {
        precondition(width > 0 && height > 0 && pixels.count == width * height * 3)
        self.width = width
        self.height = height
        self.pixels = pixels
    }
}

/// The height and width of an image or a feature map, in pixels.
public struct PixelSize: Hashable, Sendable {
    /// The number of rows.
    public var height: Int
    /// The number of columns.
    public var width: Int

    /// A size of `height` rows and `width` columns.
    public init(height: Int, width: Int) {
        self.height = height
        self.width = width
    }
}

extension PixelSize: CustomStringConvertible {
    /// Height × width, the order of every shape in the project.
    public var description: String { "\(height)×\(width)" }
}

extension PixelSize {
    /// Width × height, the usual order for image sizes, for messages.
    public var widthByHeight: String { "\(width)×\(height)" }
}

import Tensors

/// A picture with opacity, to lay over others.
public struct TranslucentImage: Sendable, Equatable {
    /// Width in pixels.
    package let width: Int
    /// Height in pixels.
    package let height: Int
    /// `height · width · 4` values: red, green, blue and opacity of each pixel, row after row. Colours are not
    /// multiplied by the opacity.
    package var pixels: [UInt8]

    /// An image of the given pixels. `pixels.count` must be `width · height · 4`.
    package init(width: Int, height: Int, pixels: [UInt8]) {
        precondition(width > 0 && height > 0 && pixels.count == width * height * 4)
        self.width = width
        self.height = height
        self.pixels = pixels
    }
}

/// How an image is drawn in another size than its own.
package enum ImageFilter: Sendable {
    /// Each pixel becomes a rectangle: for what is to be looked at pixel by pixel.
    case nearest
    /// Smooth: bilinear where the image is enlarged, averages where it shrinks.
    case bilinear
}

extension Canvas {
    /// Draws an image so that it fills the rectangle.
    package func draw(_ image: Image, in rectangle: Rectangle, filter: ImageFilter) {
        draw(.opaque(image), in: rectangle, filter: filter)
    }

    /// Draws a translucent image so that it fills the rectangle.
    package func draw(_ image: TranslucentImage, in rectangle: Rectangle, filter: ImageFilter) {
        draw(.translucent(image), in: rectangle, filter: filter)
    }

    private func draw(_ picture: CanvasPicture, in rectangle: Rectangle, filter: ImageFilter) {
        guard rectangle.area > 0, rectangle.area.isFinite, rectangle.x.isFinite, rectangle.y.isFinite else {
            return
        }
        attempt("image") { try output.draw(picture, in: rectangle, filter: filter) }
    }
}

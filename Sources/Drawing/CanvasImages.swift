import CCairo
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
        draw(in: rectangle, width: image.width, height: image.height, filter: filter) {
            guard isVector, filter == .bilinear else { return try Surface(copying: image, name: "image") }
            if let drawn = photographs.first(where: { $0.image == image }) { return drawn.surface }
            let surface = try Surface(copying: image, name: "image")
            photographs.append((image, surface))
            return surface
        }
    }

    /// Draws a translucent image so that it fills the rectangle.
    package func draw(_ image: TranslucentImage, in rectangle: Rectangle, filter: ImageFilter) {
        draw(in: rectangle, width: image.width, height: image.height, filter: filter) {
            try Surface(copying: image, name: "image")
        }
    }

    private func draw(
        in rectangle: Rectangle, width: Int, height: Int, filter: ImageFilter, surface: () throws -> Surface
    ) {
        guard rectangle.area > 0, rectangle.area.isFinite, rectangle.x.isFinite, rectangle.y.isFinite else {
            return
        }
        do {
            var source = try surface()
            var (width, height) = (Double(width), Double(height))
            if filter == .nearest && isVector {
                // An SVG file cannot say that pixels are to stay sharp: they have to be made of many.
                let room = min((0x1p21 / (width * height)).squareRoot(), 0x1p14 / max(width, height))
                let factor = min(max(room.rounded(.down), 1), 8)
                source = try source.enlarged(by: factor)
                (width, height) = (width * factor, height * factor)
            }
            cairo_save(context)
            defer { cairo_restore(context) }
            cairo_translate(context, rectangle.x, rectangle.y)
            cairo_scale(context, rectangle.width / width, rectangle.height / height)
            cairo_set_source_surface(context, source.pointer, 0, 0)
            // Cairo's "good" is bilinear, but weighs in all pixels where there are several to one.
            cairo_pattern_set_filter(
                cairo_get_source(context), filter == .nearest ? CAIRO_FILTER_NEAREST : CAIRO_FILTER_GOOD)
            if isVector {
                cairo_paint(context)
            } else {
                // Beyond the edge the outermost pixels go on, else the edge would fade.
                cairo_pattern_set_extend(cairo_get_source(context), CAIRO_EXTEND_PAD)
                cairo_rectangle(context, 0, 0, width, height)
                cairo_fill(context)
            }
        } catch let error as FigureError {
            fail(error)
        } catch {
            fail(FigureError(subject: "image", fault: "\(error)"))
        }
    }
}

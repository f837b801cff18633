import Geometry
import Tensors

/// A part of a picture, and where its pixels lie in a drawing.
package struct PictureWindow {
    private let image: Image
    /// The part that is shown, in pixels of the picture.
    package let box: Box

    /// The part of a picture around a box, with a margin that is a share of the box's longer side; what would
    /// lie beyond the picture is left out.
    package init(_ image: Image, around box: Box, margin: Float = 0) {
        self.image = image
        let size = PixelSize(height: image.height, width: image.width)
        let finite = [box.x1, box.y1, box.x2, box.y2].allSatisfy(\.isFinite)
        let edge = max(box.width, box.height) * margin
        let part = Box(x1: box.x1 - edge, y1: box.y1 - edge, x2: box.x2 + edge, y2: box.y2 + edge)
            .clipped(to: size)
        let isThere = finite && part.width >= 1 && part.height >= 1
        self.box =
            isThere ? part : Box(x1: 0, y1: 0, x2: Float(image.width), y2: Float(image.height))
    }

    /// The whole picture.
    package init(_ image: Image) {
        self.image = image
        box = Box(x1: 0, y1: 0, x2: Float(image.width), y2: Float(image.height))
    }

    /// Height over width.
    package var aspect: Double { Double(box.height / box.width) }

    /// Points a pixel, in a drawing that fills the room.
    package func scale(in room: Rectangle) -> Double { room.width / Double(box.width) }

    /// Where a point of the picture lies.
    package func place(x: Float, y: Float, in room: Rectangle) -> Point {
        Point(
            x: room.x + Double(x - box.x1) * room.width / Double(box.width),
            y: room.y + Double(y - box.y1) * room.height / Double(box.height))
    }

    /// Where a box of the picture lies.
    package func place(_ other: Box, in room: Rectangle) -> Rectangle {
        let start = place(x: other.x1, y: other.y1, in: room), end = place(x: other.x2, y: other.y2, in: room)
        return Rectangle(x: start.x, y: start.y, width: end.x - start.x, height: end.y - start.y)
    }

    /// Draws the part so that it fills the room.
    package func draw(on canvas: Canvas, in room: Rectangle, theme: Theme) {
        let whole = place(Box(x1: 0, y1: 0, x2: Float(image.width), y2: Float(image.height)), in: room)
        canvas.clipped(to: room) {
            canvas.draw(image, in: whole, filter: scale(in: room) > 3 ? .nearest : .bilinear)
        }
        canvas.stroke(room, Stroke(theme.mutedInk, width: 0.75))
    }
}

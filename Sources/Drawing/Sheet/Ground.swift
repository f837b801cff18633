import Geometry
import Tensors

/// A picture, or a part of one, as the ground that boxes are drawn on.
package struct Ground: Sendable {
    /// The picture as decoded.
    package var image: Image
    /// The frame of the boxes: the resized picture, without padding. The picture is stretched to it.
    package var size: PixelSize
    /// The part that is shown, in the frame of the boxes; it may reach beyond the picture.
    package var view: Box
    /// How far the picture steps back behind the boxes: 0 not at all, 1 so far that only the paper is left.
    package var fade: Double

    /// The ground of boxes in a frame of the given size.
    /// - Parameter view: the part that is shown; nil for the whole picture.
    package init(_ image: Image, size: PixelSize, view: Box? = nil, fade: Double = 0.5) {
        self.image = image
        self.size = size
        self.view = view ?? Box(x1: 0, y1: 0, x2: Float(size.width), y2: Float(size.height))
        self.fade = fade
    }

    /// The same picture, another part of it.
    package func showing(_ view: Box, fade: Double? = nil) -> Ground {
        Ground(image, size: size, view: view, fade: fade ?? self.fade)
    }

    /// Height over width of what is shown.
    package var aspect: Double { Double(view.height) / Double(view.width) }

    /// Where boxes come to lie on a canvas.
    package struct Places {
        /// Where the ground lies.
        package let room: Rectangle
        /// Points on the canvas for one pixel of the boxes' frame.
        package let scale: Double
        private let origin: Point

        package init(room: Rectangle, view: Box) {
            self.room = room
            scale = room.width / Double(view.width)
            origin = Point(x: Double(view.x1), y: Double(view.y1))
        }

        /// The place of a point.
        package func point(_ x: Float, _ y: Float) -> Point {
            Point(
                x: room.x + (Double(x) - origin.x) * scale, y: room.y + (Double(y) - origin.y) * scale)
        }

        /// The place of a box. It is not drawn if the box has a coordinate that is not finite.
        package func rectangle(_ box: Box) -> Rectangle {
            let corner = point(box.x1, box.y1)
            return Rectangle(
                x: corner.x, y: corner.y, width: Double(box.width) * scale,
                height: Double(box.height) * scale)
        }

        /// The place of a box's middle.
        package func center(_ box: Box) -> Point { point((box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2) }
    }

    /// Draws the picture into a rectangle of the view's shape, then what `body` draws, all of it within the
    /// rectangle.
    package func draw(
        on canvas: Canvas, in room: Rectangle, theme: Theme, body: (Places) -> Void
    ) {
        let places = Places(room: room, view: view)
        canvas.clipped(to: room) {
            let whole = Box(x1: 0, y1: 0, x2: Float(size.width), y2: Float(size.height))
            let place = places.rectangle(whole)
            canvas.fill(room, theme.rule.withOpacity(0.45))
            canvas.draw(image, in: place, filter: places.scale > 4 ? .nearest : .bilinear)
            canvas.fill(place, theme.paper.withOpacity(fade))
            body(places)
        }
        canvas.stroke(room, Stroke(theme.rule, width: 0.75))
    }

    /// The ground as a panel of a grid, with what `body` draws on it.
    package func panel(
        _ title: String = "", note: String = "", theme: Theme,
        body: @escaping (Canvas, Places) -> Void
    ) -> Panel {
        Panel(title, note: note, aspect: aspect) { canvas, room in
            draw(on: canvas, in: room, theme: theme) { body(canvas, $0) }
        }
    }
}

extension Canvas {
    /// Draws a box's edges, set off from whatever is below by a line of the paper's colour.
    package func outline(
        _ rectangle: Rectangle, _ color: Color, width: Double = 1.5, dashes: [Double] = [],
        theme: Theme
    ) {
        stroke(rectangle, Stroke(theme.paper.withOpacity(0.6), width: width + 1.5))
        stroke(rectangle, Stroke(color, width: width, dashes: dashes))
    }

    /// Draws a line of text on a plate of the paper's colour, so that it reads on any ground; the plate is kept
    /// within `frame`.
    /// - Returns: the plate.
    @discardableResult
    package func tag(
        _ text: String, at point: Point, font: Font = Font(size: 9.5), color: Color, within frame: Rectangle,
        anchor: TextAnchor = TextAnchor(.leading, .top), theme: Theme
    ) -> Rectangle {
        let extents = extents(of: text, font: font)
        let (width, height) = (extents.width + 6, font.size + 4)
        let x =
            switch anchor.horizontal {
            case .leading: point.x
            case .center: point.x - width / 2
            case .trailing: point.x - width
            }
        let y =
            switch anchor.vertical {
            case .top: point.y
            case .middle: point.y - height / 2
            case .baseline, .bottom: point.y - height
            }
        let plate = Rectangle(x: x, y: y, width: width, height: height).moved(into: frame)
        fill(plate, theme.paper.withOpacity(0.85), cornerRadius: 2)
        self.text(
            text, at: Point(x: plate.x + 3, y: plate.y + height / 2), font: font, color: color,
            anchor: TextAnchor(.leading, .middle))
        return plate
    }
}

extension Canvas {
    /// Draws tags at boxes so that they do not cover each other; the first ones have the best places, and those
    /// that find none are left out.
    package func tag(
        _ boxes: [(text: String, place: Rectangle, color: Color)], font: Font = Font(size: 9.5),
        within frame: Rectangle, theme: Theme
    ) {
        var layout = LabelLayout(frame: frame.inset(by: 1))
        for box in boxes {
            let width = extents(of: box.text, font: font).width + 6
            guard let plate = layout.place(width: width, height: font.size + 4, at: box.place)?.plate else {
                continue
            }
            tag(
                box.text, at: Point(x: plate.x, y: plate.y), font: font, color: box.color, within: frame,
                theme: theme)
        }
    }

    /// Draws an arrow that ends a little before a point, or nothing where there is no room for one: arrows to
    /// the same point from all sides leave the point to be seen.
    package func arrow(from start: Point, towards end: Point, stoppingAt distance: Double, _ stroke: Stroke) {
        let (dx, dy) = (end.x - start.x, end.y - start.y)
        let length = (dx * dx + dy * dy).squareRoot()
        guard length > distance + 2 else { return }
        let share = 1 - distance / length
        arrow(from: start, to: Point(x: start.x + dx * share, y: start.y + dy * share), stroke)
    }
}

extension Box {
    /// The smallest box around this one and another.
    package func union(_ other: Box) -> Box {
        Box(
            x1: min(x1, other.x1), y1: min(y1, other.y1), x2: max(x2, other.x2), y2: max(y2, other.y2))
    }

    /// The box grown by a margin on every side, and on two sides further until its height is `aspect` times its
    /// width.
    package func grown(by margin: Float, aspect: Float) -> Box {
        let width = max(self.width + 2 * margin, (height + 2 * margin) / aspect)
        let (x, y) = ((x1 + x2) / 2, (y1 + y2) / 2)
        return Box(
            x1: x - width / 2, y1: y - width * aspect / 2, x2: x + width / 2, y2: y + width * aspect / 2)
    }

    /// The box moved, as little as needed, to lie in a frame; along an axis where it is longer than the frame it
    /// stays.
    package func moved(into size: PixelSize) -> Box {
        func shift(_ low: Float, _ high: Float, _ limit: Int) -> Float {
            high - low > Float(limit) ? 0 : low < 0 ? -low : min(0, Float(limit) - high)
        }
        let (dx, dy) = (shift(x1, x2, size.width), shift(y1, y2, size.height))
        return Box(x1: x1 + dx, y1: y1 + dy, x2: x2 + dx, y2: y2 + dy)
    }

    /// Whether all coordinates are finite.
    package var isFinite: Bool { x1.isFinite && y1.isFinite && x2.isFinite && y2.isFinite }
}

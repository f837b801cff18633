import Tensors

/// A matrix as a picture, with the colour bar and caption that every tensor of the figures gets.
package struct HeatMap {
    /// The numbers, row after row.
    package var values: [Float]
    /// Columns.
    package var width: Int
    /// Rows.
    package var height: Int
    /// Whether zero has a meaning of its own, so that colours go both ways from it.
    package var isSigned: Bool
    /// The number that takes the colour map's end; nil for the largest there is.
    package var limit: Float?
    /// How the numbers' squares are drawn where they are larger than half a point; smaller ones are averaged.
    package var filter: ImageFilter = .nearest

    /// The heat map of a matrix; `values.count` must be `width · height`.
    package init(values: [Float], width: Int, height: Int, isSigned: Bool, limit: Float? = nil) {
        precondition(values.count == width * height)
        self.values = values
        self.width = width
        self.height = height
        self.isSigned = isSigned
        self.limit = limit
    }

    /// One channel of a feature map, `[height, width, channels]`.
    package init(_ map: Tensor, channel: Int, isSigned: Bool, limit: Float? = nil) {
        let (height, width, channels) = (map.shape[0], map.shape[1], map.shape[2])
        let values = map.withUnsafeElements { elements in
            (0..<height * width).map { elements[$0 * channels + channel] }
        }
        self.init(values: values, width: width, height: height, isSigned: isSigned, limit: limit)
    }

    /// The number that takes the colour map's end.
    package var end: Float {
        if let limit, limit > 0 { return limit }
        let largest = values.reduce(0) { max($0, $1.isFinite ? abs($1) : 0) }
        return largest > 0 ? largest : 1
    }

    /// The magnitude that a share of the numbers does not exceed; where a few numbers stick out, a better end of the
    /// colours than the largest.
    package func magnitude(ofShare share: Double) -> Float {
        let sorted = values.map { $0.isFinite ? abs($0) : 0 }.sorted()
        guard let last = sorted.last else { return 0 }
        let value = sorted[min(max(Int(share * Double(sorted.count)), 0), sorted.count - 1)]
        return value > 0 ? value : last
    }

    /// The colours of a map on light or dark paper.
    package func colors(on background: Background) -> ColorMap {
        isSigned ? .diverging(background) : .sequential
    }

    /// The colours of a map in a theme.
    package func colors(in theme: Theme) -> ColorMap {
        isSigned ? theme.signedColors : .sequential
    }

    /// Draws the matrix alone, as large as the rectangle allows without bending it, at the rectangle's top left.
    /// - Returns: where it came to lie.
    @discardableResult
    package func draw(on canvas: Canvas, in room: Rectangle, theme: Theme) -> Rectangle {
        guard width > 0, height > 0 else { return Rectangle(x: room.x, y: room.y, width: 0, height: 0) }
        let scale = min(room.width / Double(width), room.height / Double(height))
        let place = Rectangle(
            x: room.x, y: room.y, width: Double(width) * scale, height: Double(height) * scale)
        let image = colors(in: theme).image(of: values, width: width, height: height, scale: end)
        // Where several numbers share a pixel, their mean is shown, not whichever comes first.
        canvas.draw(image, in: place, filter: scale < 0.5 ? .bilinear : filter)
        canvas.stroke(place, Stroke(theme.rule, width: 0.75))
        return place
    }
}

/// The scale beside a heat map: colours, with their numbers and unit.
package struct ColorBar {
    /// The colours.
    package var map: ColorMap
    /// The number at the end.
    package var end: Double
    /// What the numbers are: "logit", "probability", "pixels".
    package var unit: String
    /// Colours and letters.
    package var theme: Theme

    /// The bar of a colour map that ends at `end`.
    package init(_ map: ColorMap, end: Double, unit: String, theme: Theme) {
        self.map = map
        self.end = end
        self.unit = unit
        self.theme = theme
    }

    /// Draws the bar lying, numbers below: 26 points high.
    package func draw(on canvas: Canvas, in room: Rectangle) {
        let bar = Rectangle(x: room.x, y: room.y, width: room.width, height: 9)
        let isSigned = map != .sequential
        let steps = (0..<256).map { Float($0) / 255 }.map { isSigned ? 2 * $0 - 1 : $0 }
        canvas.draw(
            map.image(of: steps, width: 256, height: 1, scale: 1), in: bar, filter: .bilinear)
        canvas.stroke(bar, Stroke(theme.rule, width: 0.75))
        let font = Font(size: 10)
        let y = bar.maxY + 3
        canvas.text(
            isSigned ? "−" + figures(end) : "0", at: Point(x: bar.x, y: y), font: font,
            color: theme.mutedInk, anchor: TextAnchor(.leading, .top))
        canvas.text(
            unit, at: Point(x: bar.x + bar.width / 2, y: y), font: font, color: theme.mutedInk,
            anchor: TextAnchor(.center, .top))
        canvas.text(
            figures(end), at: Point(x: bar.maxX, y: y), font: font, color: theme.mutedInk,
            anchor: TextAnchor(.trailing, .top))
    }
}

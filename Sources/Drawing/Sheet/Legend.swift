/// A row of names with a short line of each one's colour.
package struct Legend {
    /// What the colours mean, from left to right.
    package var entries: [(name: String, color: Color)]
    /// Colours and letters.
    package var theme: Theme

    /// A legend.
    package init(_ entries: [(name: String, color: Color)], theme: Theme) {
        self.entries = entries
        self.theme = theme
    }

    private static let font = Font(size: 10.5)
    private static let (mark, gap, leading) = (14.0, 16.0, 16.0)

    /// The legend as a strip of a sheet, in as many rows as it takes.
    package var block: Sheet.Block {
        var places: [Point] = []
        var (x, row) = (0.0, 0.0)
        let ruler = TextRuler(theme.typeface)
        for entry in entries {
            let width = Self.mark + 5 + ruler.extents(of: entry.name, font: Self.font).width
            if x > 0 && x + width > Sheet.contentWidth { (x, row) = (0, row + 1) }
            places.append(Point(x: x, y: row * Self.leading))
            x += width + Self.gap
        }
        return Sheet.Block(height: (row + 1) * Self.leading, role: .key) { [entries, theme] canvas, room in
            for (entry, place) in zip(entries, places) {
                let left = Point(x: room.x + place.x, y: room.y + place.y + 8)
                canvas.fill(
                    Rectangle(x: left.x, y: left.y - 2, width: Self.mark, height: 4), entry.color,
                    cornerRadius: 2)
                canvas.text(
                    entry.name, at: Point(x: left.x + Self.mark + 5, y: left.y), font: Self.font,
                    color: theme.ink, anchor: TextAnchor(.leading, .middle))
            }
        }
    }
}

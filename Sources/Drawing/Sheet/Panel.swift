import Tensors

/// A drawing with a title above it and a note below: what grids on sheets are made of.
package struct Panel {
    /// Above the drawing, in a few words; broken into lines as the width demands. Empty for none.
    package var title: String
    /// Below the drawing, in small letters; broken into lines as well. Empty for none.
    package var note: String
    /// Height over width of the drawing.
    package var aspect: Double
    /// Draws into a rectangle of that shape.
    package var draw: (Canvas, Rectangle) -> Void

    /// A panel with a drawing of its own.
    package init(
        _ title: String = "", note: String = "", aspect: Double = 1,
        draw: @escaping (Canvas, Rectangle) -> Void
    ) {
        self.title = title
        self.note = note
        self.aspect = aspect.isFinite ? min(max(aspect, 0.02), 50) : 1
        self.draw = draw
    }

    /// A panel with a heat map.
    package init(_ title: String = "", note: String = "", _ map: HeatMap, theme: Theme) {
        let aspect = map.width > 0 ? Double(map.height) / Double(map.width) : 1
        self.init(title, note: note, aspect: aspect) { canvas, room in
            map.draw(on: canvas, in: room, theme: theme)
        }
    }

    /// A panel with a picture, smoothed where it is drawn smaller than it is.
    package init(_ title: String = "", note: String = "", _ image: Image, theme: Theme) {
        self.init(title, note: note, aspect: Double(image.height) / Double(image.width)) { canvas, room in
            canvas.draw(image, in: room, filter: .bilinear)
            canvas.stroke(room, Stroke(theme.rule, width: 0.75))
        }
    }
}

extension Sheet.Block {
    /// Panels side by side, and below each other where there are more than columns.
    ///
    /// - Parameters:
    ///   - columns: the width is divided for this many, even if there are fewer panels.
    ///   - tallest: how high a drawing may get, in points; narrower than its column then.
    ///   - gap: between neighbours.
    package static func grid(
        _ panels: [Panel], columns: Int, tallest: Double = 260, gap: Double = 12, theme: Theme
    ) -> Sheet.Block {
        let columns = max(columns, 1)
        let width = (Sheet.contentWidth - gap * Double(columns - 1)) / Double(columns)
        let rows = stride(from: 0, to: panels.count, by: columns).map {
            GridRow(
                panels[$0..<min($0 + columns, panels.count)], width: width, tallest: tallest, gap: gap,
                theme: theme)
        }
        let height = rows.reduce(0) { $0 + $1.height } + gap * Double(max(rows.count - 1, 0))
        return Sheet.Block(height: height, role: .panels(panels)) { canvas, room in
            var y = room.y
            for row in rows {
                row.draw(on: canvas, at: Point(x: room.x, y: y), theme: theme)
                y += row.height + gap
            }
        }
    }
}

/// One row of a grid: titles end right above the drawings, drawings are in line at the top, notes come right below
/// each.
private struct GridRow {
    /// A panel, and the room that its parts take.
    private struct Place {
        let panel: Panel
        let title: [String]
        let note: [String]
        let width: Double
        let height: Double
    }

    private let places: [Place]
    private let width: Double
    private let gap: Double
    private let titleLines: Int
    let height: Double

    private static let titleFont = Font(size: 11, isBold: true)
    private static let titleLeading = 14.0
    private static let noteFont = Font(size: 10)
    private static let noteLeading = 13.0
    /// Between a drawing and its texts.
    private static let textGap = 4.0

    init(_ panels: ArraySlice<Panel>, width: Double, tallest: Double, gap: Double, theme: Theme) {
        let ruler = TextRuler(theme.typeface)
        places = panels.map { panel in
            let height = min(width * panel.aspect, tallest)
            return Place(
                panel: panel,
                title: panel.title.isEmpty
                    ? [] : ruler.wrapped(panel.title, font: Self.titleFont, width: width),
                note: panel.note.isEmpty ? [] : ruler.wrapped(panel.note, font: Self.noteFont, width: width),
                width: height / panel.aspect, height: height)
        }
        (self.width, self.gap) = (width, gap)
        titleLines = places.map(\.title.count).max() ?? 0
        let below = places.map { place in
            place.height
                + (place.note.isEmpty ? 0 : Self.textGap + Self.noteLeading * Double(place.note.count))
        }
        height = Self.titleHeight(titleLines) + (below.max() ?? 0)
    }

    private static func titleHeight(_ lines: Int) -> Double {
        lines == 0 ? 0 : titleLeading * Double(lines) + textGap
    }

    func draw(on canvas: Canvas, at corner: Point, theme: Theme) {
        for (index, place) in places.enumerated() {
            let x = corner.x + (width + gap) * Double(index)
            let drawing = Rectangle(
                x: x, y: corner.y + Self.titleHeight(titleLines), width: place.width, height: place.height)
            for (line, text) in place.title.enumerated() {
                canvas.text(
                    text,
                    at: Point(
                        x: x,
                        y: corner.y + Self.titleLeading * Double(titleLines - place.title.count + line)),
                    font: Self.titleFont, within: width, color: theme.ink,
                    anchor: TextAnchor(.leading, .top))
            }
            place.panel.draw(canvas, drawing)
            for (line, text) in place.note.enumerated() {
                canvas.text(
                    text, at: Point(x: x, y: drawing.maxY + Self.textGap + Self.noteLeading * Double(line)),
                    font: Self.noteFont, within: width, color: theme.mutedInk,
                    anchor: TextAnchor(.leading, .top))
            }
        }
    }
}

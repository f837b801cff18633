import Tensors

/// A picture with a title above it and a note below: what grids on sheets are made of.
public struct Panel {
    /// Above the picture, in one line. Empty for none.
    public var title: String
    /// Below the picture, in small letters; broken into lines as the width demands. Empty for none.
    public var note: String
    /// Height over width of the picture.
    public var aspect: Double
    /// Draws the picture into a rectangle of that shape.
    public var draw: (Canvas, Rectangle) -> Void

    /// A panel with a drawing of its own.
    public init(
        _ title: String = "", note: String = "", aspect: Double, draw: @escaping (Canvas, Rectangle) -> Void
    ) {
        self.title = title
        self.note = note
        self.aspect = aspect
        self.draw = draw
    }

    /// A panel with a heat map.
    public init(_ title: String = "", note: String = "", _ map: HeatMap, background: Background) {
        let aspect = map.width > 0 ? Double(map.height) / Double(map.width) : 1
        self.init(title, note: note, aspect: aspect) { canvas, room in
            map.draw(on: canvas, in: room, background: background)
        }
    }

    /// A panel with a picture, smoothed where it is drawn smaller than it is.
    public init(_ title: String = "", note: String = "", _ image: Image, background: Background) {
        self.init(title, note: note, aspect: Double(image.height) / Double(image.width)) { canvas, room in
            canvas.draw(image, in: room, filter: .bilinear)
            canvas.stroke(room, Stroke(background.rule, width: 0.75))
        }
    }
}

extension Sheet.Block {
    /// Panels side by side, and below each other where there are more than columns.
    ///
    /// - Parameters:
    ///   - tallest: how high a picture may get, in points; narrower than its column then.
    ///   - gap: between neighbours.
    public static func grid(
        _ panels: [Panel], columns: Int, tallest: Double = 260, gap: Double = 12, background: Background
    ) -> Sheet.Block {
        let columns = max(columns, 1)
        let width = (Sheet.contentWidth - gap * Double(columns - 1)) / Double(columns)
        let rows = stride(from: 0, to: panels.count, by: columns).map {
            GridRow(panels[$0..<min($0 + columns, panels.count)], width: width, tallest: tallest, gap: gap)
        }
        let height = rows.reduce(0) { $0 + $1.height } + gap * Double(max(rows.count - 1, 0))
        return Sheet.Block(height: height) { canvas, room in
            var y = room.y
            for row in rows {
                row.draw(on: canvas, at: Point(x: room.x, y: y), background: background)
                y += row.height + gap
            }
        }
    }

    /// A line of bold text over the blocks that follow, with a muted one beside it.
    public static func heading(_ text: String, note: String = "", background: Background) -> Sheet.Block {
        Sheet.Block(height: 15) { canvas, room in
            let font = Font(size: 12, isBold: true)
            canvas.text(
                text, at: Point(x: room.x, y: room.y), font: font, color: background.ink,
                anchor: TextAnchor(.leading, .top))
            canvas.text(
                note, at: Point(x: room.x + canvas.extents(of: text, font: font).width + 8, y: room.y + 1),
                font: Font(size: 11), color: background.mutedInk, anchor: TextAnchor(.leading, .top))
        }
    }

    /// A colour bar at the left, or in the middle, of the sheet.
    public static func colorBar(_ bar: ColorBar, width: Double = 240, isCentered: Bool = false) -> Sheet.Block
    {
        Sheet.Block(height: 26) { canvas, room in
            let x = isCentered ? room.x + (room.width - width) / 2 : room.x
            bar.draw(on: canvas, in: Rectangle(x: x, y: room.y, width: width, height: 26))
        }
    }

    /// Text as wide as the sheet, broken into lines.
    public static func text(_ text: String, font: Font = Font(size: 12), color: Color) -> Sheet.Block {
        let lines = wrapped(text, font: font, width: Sheet.contentWidth)
        let leading = (font.size * 1.35).rounded()
        return Sheet.Block(height: leading * Double(lines.count)) { canvas, room in
            for (index, line) in lines.enumerated() {
                canvas.text(
                    line, at: Point(x: room.x, y: room.y + leading * Double(index)), font: font, color: color,
                    anchor: TextAnchor(.leading, .top))
            }
        }
    }
}

/// One row of a grid: titles in line with each other, pictures in line at the top, notes right below each.
private struct GridRow {
    let panels: ArraySlice<Panel>
    let width: Double
    let gap: Double
    let sizes: [(width: Double, height: Double)]
    let notes: [[String]]
    let titleHeight: Double
    let height: Double

    static let titleFont = Font(size: 11, isBold: true)
    static let noteFont = Font(size: 10)
    static let noteLeading = 13.0

    init(_ panels: ArraySlice<Panel>, width: Double, tallest: Double, gap: Double) {
        self.panels = panels
        self.width = width
        self.gap = gap
        sizes = panels.map { panel in
            let aspect = panel.aspect.isFinite && panel.aspect > 0 ? panel.aspect : 1
            let height = min(width * aspect, tallest)
            return (height / aspect, height)
        }
        notes = panels.map {
            $0.note.isEmpty ? [] : wrapped($0.note, font: Self.noteFont, width: width)
        }
        titleHeight = panels.contains { !$0.title.isEmpty } ? 17 : 0
        let below = zip(sizes, notes).map { size, note in
            size.height + (note.isEmpty ? 0 : 4 + Self.noteLeading * Double(note.count))
        }
        height = titleHeight + (below.max() ?? 0)
    }

    func draw(on canvas: Canvas, at corner: Point, background: Background) {
        for (index, panel) in panels.enumerated() {
            let x = corner.x + Double(index) * (width + gap)
            let size = sizes[index]
            canvas.text(
                panel.title, at: Point(x: x, y: corner.y), font: Self.titleFont, within: width,
                color: background.ink, anchor: TextAnchor(.leading, .top))
            let picture = Rectangle(x: x, y: corner.y + titleHeight, width: size.width, height: size.height)
            panel.draw(canvas, picture)
            for (line, text) in notes[index].enumerated() {
                canvas.text(
                    text, at: Point(x: x, y: picture.maxY + 4 + Self.noteLeading * Double(line)),
                    font: Self.noteFont, within: width, color: background.mutedInk,
                    anchor: TextAnchor(.leading, .top))
            }
        }
    }
}

/// One drawing among others in a row of a sheet: a title above it, a remark below.
public struct Panel {
    /// What it shows, in a few words. Empty for none; a long one is broken into lines.
    public var title: String
    /// What to read off it, in small letters below; broken into lines. Empty for none.
    public var note: String
    /// Height over width of the drawing.
    public var aspect: Double
    /// Its share of the row's width, compared with the other panels' shares.
    public var share: Double
    /// Draws into a rectangle of that aspect.
    public var draw: (Canvas, Rectangle) -> Void

    /// A panel of the given aspect.
    public init(
        title: String, note: String = "", aspect: Double = 1, share: Double = 1,
        draw: @escaping (Canvas, Rectangle) -> Void
    ) {
        self.title = title
        self.note = note
        self.aspect = aspect.isFinite ? min(max(aspect, 0.02), 50) : 1
        self.share = share
        self.draw = draw
    }

    fileprivate static let titleFont = Font(size: 11, isBold: true)
    fileprivate static let noteFont = Font(size: 10)
    fileprivate static let titleLine = 14.0
    fileprivate static let noteLine = 13.0
}

extension Sheet.Block {
    /// Panels side by side over the sheet's whole width, drawings at the same height.
    ///
    /// - Parameters:
    ///   - columns: the width is divided as for this many panels of share 1, if that is more than there are.
    ///   - highest: no drawing is higher; one that would be is drawn narrower.
    public static func panels(
        _ panels: [Panel], columns: Int = 0, highest: Double = 400, gap: Double = 12, background: Background
    ) -> Sheet.Block {
        let shares = max(panels.reduce(0) { $0 + $1.share }, Double(columns))
        let count = Double(max(panels.count, columns, 1))
        let unit = (Sheet.contentWidth - gap * (count - 1)) / max(shares, 1e-6)
        let placed = panels.map { panel -> (panel: Panel, title: [String], note: [String], size: Point) in
            let width = unit * panel.share
            let height = min(width * panel.aspect, highest)
            return (
                panel,
                panel.title.isEmpty ? [] : wrapped(panel.title, font: Panel.titleFont, width: width),
                panel.note.isEmpty ? [] : wrapped(panel.note, font: Panel.noteFont, width: width),
                Point(x: height / panel.aspect, y: height)
            )
        }
        let titleLines = placed.map(\.title.count).max() ?? 0
        let top = titleLines == 0 ? 0 : Double(titleLines) * Panel.titleLine + 3
        let heights = placed.map {
            $0.size.y + ($0.note.isEmpty ? 0 : 5 + Double($0.note.count) * Panel.noteLine)
        }
        return Sheet.Block(height: top + (heights.max() ?? 0)) { canvas, room in
            var x = room.x
            for (panel, title, note, size) in placed {
                // Titles end right above the drawings.
                for (index, line) in title.enumerated() {
                    canvas.text(
                        line,
                        at: Point(
                            x: x, y: room.y + Double(titleLines - title.count + index) * Panel.titleLine),
                        font: Panel.titleFont, color: background.ink, anchor: TextAnchor(.leading, .top))
                }
                let drawing = Rectangle(x: x, y: room.y + top, width: size.x, height: size.y)
                panel.draw(canvas, drawing)
                for (index, line) in note.enumerated() {
                    canvas.text(
                        line, at: Point(x: x, y: drawing.maxY + 5 + Double(index) * Panel.noteLine),
                        font: Panel.noteFont, color: background.mutedInk, anchor: TextAnchor(.leading, .top))
                }
                x += unit * panel.share + gap
            }
        }
    }

    /// A paragraph over the sheet's whole width, in letters of 11 points.
    public static func text(_ text: String, isBold: Bool = false, background: Background) -> Sheet.Block {
        let font = Font(size: 11, isBold: isBold)
        let lines = wrapped(text, font: font, width: Sheet.contentWidth)
        return Sheet.Block(height: 15 * Double(lines.count)) { canvas, room in
            for (index, line) in lines.enumerated() {
                canvas.text(
                    line, at: Point(x: room.x, y: room.y + 15 * Double(index)), font: font,
                    color: background.ink, anchor: TextAnchor(.leading, .top))
            }
        }
    }

    /// A table: the first row is the heading. The first column starts at the left of its room, the others end
    /// at the right of theirs.
    ///
    /// - Parameters:
    ///   - rows: cells; all rows as long as the first.
    ///   - shares: of the width, one for each column.
    ///   - marked: rows that are set in bold.
    public static func table(
        _ rows: [[String]], shares: [Double], marked: Set<Int> = [], background: Background
    ) -> Sheet.Block {
        let line = 15.0
        let total = shares.reduce(0, +)
        return Sheet.Block(height: line * Double(rows.count) + 4) { canvas, room in
            for (index, row) in rows.enumerated() {
                let isHeading = index == 0
                let font = Font(size: 10.5, isBold: isHeading || marked.contains(index))
                let y = room.y + line * Double(index) + (isHeading ? 0 : 4)
                var end = room.x
                for (column, (cell, share)) in zip(row, shares).enumerated() {
                    end += room.width * share / total
                    canvas.text(
                        cell, at: Point(x: column == 0 ? room.x : end, y: y), font: font,
                        color: isHeading ? background.mutedInk : background.ink,
                        anchor: TextAnchor(column == 0 ? .leading : .trailing, .top))
                }
            }
            canvas.line(
                from: Point(x: room.x, y: room.y + line), to: Point(x: room.maxX, y: room.y + line),
                Stroke(background.rule))
        }
    }
}

extension Background {
    /// What is exact, or true, or the reference.
    public var exactColor: Color { self == .light ? Color(hex: 0x0072b2) : Color(hex: 0x56b4e9) }
    /// What is rounded, or wrong, or lost.
    public var faultColor: Color { self == .light ? Color(hex: 0xd55e00) : Color(hex: 0xff8a3c) }
    /// What is sampled or kept.
    public var keptColor: Color { self == .light ? Color(hex: 0x00805c) : Color(hex: 0x2fc493) }
}

/// A small table: a row of column names and rows of text.
package struct TextTable {
    /// One column.
    package struct Column {
        /// Its name.
        package var name: String
        /// Its width in points.
        package var width: Double
        /// Whether its text ends at the right: numbers do.
        package var isNumber: Bool

        /// A column.
        package init(_ name: String, width: Double, isNumber: Bool = true) {
            self.name = name
            self.width = width
            self.isNumber = isNumber
        }
    }

    /// One row.
    package struct Row {
        /// A text for each column.
        package var cells: [String]
        /// The colour of the first one; nil for that of text.
        package var color: Color?
        /// Whether the row stands out.
        package var isBold: Bool

        /// A row.
        package init(_ cells: [String], color: Color? = nil, isBold: Bool = false) {
            self.cells = cells
            self.color = color
            self.isBold = isBold
        }
    }

    /// The columns, from left to right.
    package var columns: [Column]
    /// The rows, from top to bottom.
    package var rows: [Row]
    /// Colours and letters.
    package var theme: Theme

    /// A table.
    package init(_ columns: [Column], rows: [Row], theme: Theme) {
        self.columns = columns
        self.rows = rows
        self.theme = theme
    }

    private static let leading = 15.0

    /// The height in points.
    package var height: Double { Self.leading * Double(rows.count + 1) + 3 }

    /// The table as a strip of a sheet.
    package var block: Sheet.Block {
        Sheet.Block(height: height, role: .drawing("table")) { canvas, room in
            draw(on: canvas, at: Point(x: room.x, y: room.y))
        }
    }

    /// Draws the table with its upper left corner at a point.
    package func draw(on canvas: Canvas, at corner: Point) {
        let width = columns.reduce(0) { $0 + $1.width }
        draw(Row(columns.map(\.name)), colors: { _ in theme.mutedInk }, at: corner, on: canvas)
        let rule = corner.y + Self.leading + 1
        canvas.line(
            from: Point(x: corner.x, y: rule), to: Point(x: corner.x + width, y: rule),
            Stroke(theme.rule, width: 0.75))
        for (index, row) in rows.enumerated() {
            draw(
                row, colors: { $0 == 0 ? row.color ?? theme.ink : theme.ink },
                at: Point(x: corner.x, y: rule + 2 + Self.leading * Double(index)), on: canvas)
        }
    }

    private func draw(_ row: Row, colors: (Int) -> Color, at corner: Point, on canvas: Canvas) {
        var x = corner.x
        for (index, (column, cell)) in zip(columns, row.cells).enumerated() {
            canvas.text(
                cell,
                at: Point(
                    x: column.isNumber ? x + column.width - 2 : x, y: corner.y + Self.leading / 2),
                font: Font(size: 10, isBold: row.isBold), within: column.width - 4, color: colors(index),
                anchor: TextAnchor(column.isNumber ? .trailing : .leading, .middle))
            x += column.width
        }
    }
}

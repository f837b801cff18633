/// A text table: the first column is left-aligned, the others right-aligned.
package struct NumberTable {
    private var rows: [[String]]

    package init(_ titles: String...) { rows = [titles] }

    package init(_ titles: [String]) { rows = [titles] }

    package mutating func add(_ cells: String...) { rows.append(cells) }

    package mutating func add(_ cells: [String]) { rows.append(cells) }

    /// The table as lines, with two spaces between columns.
    package var text: String {
        let count = rows.map(\.count).max() ?? 0
        let widths = (0..<count).map { column in
            rows.map { $0.indices.contains(column) ? $0[column].count : 0 }.max() ?? 0
        }
        return rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                let blanks = String(repeating: " ", count: widths[column] - cell.count)
                line += column == 0 ? "  " + cell + blanks : "  " + blanks + cell
            }
            while line.last == " " { line.removeLast() }
            return line
        }.joined(separator: "\n")
    }
}

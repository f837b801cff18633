import Drawing
import Explanations
/// A table in columns as wide as their contents need; where the terminal is too narrow, cells are wrapped, and
/// where it is far too narrow, each row becomes a list.
struct TableForTerminal {
    let header: [StyledText]
    let rows: [[StyledText]]
    /// Whether each column's cells stand at its right edge.
    let isTrailing: [Bool]

    private static let gap = 2
    /// No column is made narrower.
    private static let narrowest = 9

    func lines(width: Int) -> [StyledText] {
        let parts = parts(width: width)
        return parts.header + parts.rows.flatMap { $0 }
    }

    /// The lines of the header, none in a list, and of each row.
    func parts(width: Int) -> (header: [StyledText], rows: [[StyledText]]) {
        guard let widths = columnWidths(fitting: width) else { return ([], list(width: width)) }
        let isBare = header.allSatisfy { $0.width == 0 }
        let title =
            isBare
            ? []
            : row(header.map { $0.inStyle(.strong) }, widths)
                + [
                    StyledText(
                        widths.map { String(repeating: "─", count: $0) }.joined(separator: "  "), .faint)
                ]
        return (title, rows.map { row($0, widths) })
    }

    /// Nil if that cannot be.
    private func columnWidths(fitting width: Int) -> [Int]? {
        var widths = header.indices.map { column in
            max(header[column].width, rows.map { $0[column].width }.max() ?? 0)
        }
        let room = width - Self.gap * (widths.count - 1)
        // The widest gives way, so that narrow columns stay whole.
        while widths.reduce(0, +) > room {
            guard let widest = widths.indices.max(by: { widths[$0] < widths[$1] }),
                widths[widest] > Self.narrowest
            else { return nil }
            widths[widest] -= 1
        }
        return widths
    }

    private func row(_ cells: [StyledText], _ widths: [Int]) -> [StyledText] {
        let wrapped = zip(cells, widths).map { $0.wrapped(width: max($1, 1)) }
        return (0..<(wrapped.map(\.count).max() ?? 0)).map { line in
            var text = StyledText([])
            for (column, cell) in wrapped.enumerated() {
                let part = line < cell.count ? cell[line] : StyledText([])
                let padding = StyledText(String(repeating: " ", count: widths[column] - part.width))
                let isLast = column == wrapped.count - 1
                text = text + (isTrailing[column] ? padding + part : isLast ? part : part + padding)
                if !isLast { text = text + StyledText(String(repeating: " ", count: Self.gap)) }
            }
            return text
        }
    }

    private func list(width: Int) -> [[StyledText]] {
        rows.enumerated().map { index, cells -> [StyledText] in
            let lines = cells.indices.flatMap { column -> [StyledText] in
                let name = header[column]
                if cells[column].width == 0 { return [] }
                if column == 0 { return cells[0].inStyle(.strong).wrapped(width: width) }
                let text = name.width == 0 ? cells[column] : name + StyledText(": ") + cells[column]
                return text.wrapped(width: width - 2).map { StyledText("  ") + $0 }
            }
            return (index == 0 ? [] : [StyledText("")]) + lines
        }
    }
}

extension StyledText {
    fileprivate func inStyle(_ style: Style) -> StyledText {
        StyledText(spans.map { Span(text: $0.text, style: $0.style == .plain ? style : $0.style) })
    }
}

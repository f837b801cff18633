extension Sheet.Block {
    /// A line of bold text over the blocks that follow, with a muted one beside it.
    package static func heading(_ text: String, note: String = "", theme: Theme) -> Sheet.Block {
        Sheet.Block(height: 15, role: .heading(text)) { canvas, room in
            let font = Font(size: 12, isBold: true)
            canvas.text(
                text, at: Point(x: room.x, y: room.y), font: font, color: theme.ink,
                anchor: TextAnchor(.leading, .top))
            canvas.text(
                note, at: Point(x: room.x + canvas.extents(of: text, font: font).width + 8, y: room.y + 1),
                font: Font(size: 11), color: theme.mutedInk, anchor: TextAnchor(.leading, .top))
        }
    }

    /// A colour bar at the left, or in the middle, of the sheet.
    package static func colorBar(_ bar: ColorBar, width: Double = 240, isCentered: Bool = false)
        -> Sheet.Block
    {
        Sheet.Block(height: 26, role: .key) { canvas, room in
            let x = isCentered ? room.x + (room.width - width) / 2 : room.x
            bar.draw(on: canvas, in: Rectangle(x: x, y: room.y, width: width, height: 26))
        }
    }

    /// A paragraph over the sheet's whole width.
    package static func text(
        _ text: String, size: Double = 11, isBold: Bool = false, theme: Theme
    ) -> Sheet.Block {
        let font = Font(size: size, isBold: isBold)
        let lines = wrapped(text, font: font, width: Sheet.contentWidth, in: theme)
        let leading = (size * 1.35).rounded()
        let role = isBold ? Sheet.Role.heading(text) : .text
        return Sheet.Block(height: leading * Double(lines.count), role: role) { canvas, room in
            for (index, line) in lines.enumerated() {
                canvas.text(
                    line, at: Point(x: room.x, y: room.y + leading * Double(index)), font: font,
                    color: theme.ink, anchor: TextAnchor(.leading, .top))
            }
        }
    }
}

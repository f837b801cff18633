/// A figure in the house style: a title, blocks one below the other, and a caption, 640 points wide, so that one
/// point is one pixel of the width at which figures are read.
///
/// Blocks say how high they are and draw themselves into the room that they are given; the sheet does the rest.
package struct Sheet {
    /// The width of all sheets, in points.
    package static let width = 640.0
    /// The margin on the left and on the right.
    package static let margin = 16.0
    /// What blocks have to themselves.
    package static let contentWidth = width - 2 * margin

    /// What it is, in a few words.
    package var title: String
    /// One or two sentences below the title: what to look for. Empty for none.
    package var subtitle: String
    /// What is drawn, from top to bottom.
    package var blocks: [Block]
    /// What the reader sees, in small letters at the end. Empty for none.
    package var caption: String
    /// The paper.
    package var background: Background

    /// One strip of a sheet, as wide as the sheet's content.
    package struct Block {
        /// The height in points, without the gap to the next block.
        package var height: Double
        /// Draws into a rectangle of that height.
        package var draw: (Canvas, Rectangle) -> Void

        /// A block of the given height.
        package init(height: Double, draw: @escaping (Canvas, Rectangle) -> Void) {
            self.height = height
            self.draw = draw
        }
    }

    /// A sheet.
    package init(
        title: String, subtitle: String = "", blocks: [Block], caption: String = "", background: Background
    ) {
        self.title = title
        self.subtitle = subtitle
        self.blocks = blocks
        self.caption = caption
        self.background = background
    }

    private static let titleFont = Font(size: 17, isBold: true)
    private static let textFont = Font(size: 12)
    private static let captionFont = Font(size: 11)
    private static let gap = 14.0

    /// The drawing.
    package var figure: Figure {
        let subtitleLines = subtitle.isEmpty ? [] : Self.lines(subtitle, font: Self.textFont)
        let captionLines = caption.isEmpty ? [] : Self.lines(caption, font: Self.captionFont)
        let top = 14 + 22 + Double(subtitleLines.count) * 16 + 8
        let content = blocks.reduce(0) { $0 + $1.height } + Self.gap * Double(max(blocks.count - 1, 0))
        let bottom = captionLines.isEmpty ? 16 : 12 + Double(captionLines.count) * 15 + 12
        return Figure(width: Self.width, height: (top + content + bottom).rounded(.up)) { canvas in
            canvas.fill(background.paper)
            canvas.text(
                title, at: Point(x: Self.margin, y: 14), font: Self.titleFont, color: background.ink,
                anchor: TextAnchor(.leading, .top))
            for (index, line) in subtitleLines.enumerated() {
                canvas.text(
                    line, at: Point(x: Self.margin, y: 38 + 16 * Double(index)), font: Self.textFont,
                    color: background.mutedInk, anchor: TextAnchor(.leading, .top))
            }
            var y = top
            for block in blocks {
                block.draw(
                    canvas,
                    Rectangle(x: Self.margin, y: y, width: Self.contentWidth, height: block.height))
                y += block.height + Self.gap
            }
            y = top + content + 12
            for line in captionLines {
                canvas.text(
                    line, at: Point(x: Self.margin, y: y), font: Self.captionFont, color: background.mutedInk,
                    anchor: TextAnchor(.leading, .top))
                y += 15
            }
        }
    }

    private static func lines(_ text: String, font: Font) -> [String] {
        wrapped(text, font: font, width: contentWidth)
    }
}

/// Breaks a text into lines that are at most `width` points wide. Breaks it has stay.
package func wrapped(_ text: String, font: Font, width: Double) -> [String] {
    // Text is measured by drawing on nothing.
    var lines: [String] = []
    let ruler = Figure(width: 1, height: 1) { canvas in
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { paragraph in
            var lines: [String] = []
            var line = ""
            for word in paragraph.split(separator: " ") {
                let longer = line.isEmpty ? String(word) : line + " " + word
                if !line.isEmpty && canvas.extents(of: longer, font: font).width > width {
                    lines.append(line)
                    line = String(word)
                } else {
                    line = longer
                }
            }
            return lines + [line]
        }
    }
    _ = try? ruler.image()
    return lines
}

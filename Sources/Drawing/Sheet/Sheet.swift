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

    /// What it is, in a few words. Empty for none.
    package var title: String
    /// One or two sentences below the title: what to look for. Empty for none.
    package var subtitle: String
    /// What is drawn, from top to bottom.
    package var blocks: [Block]
    /// What the reader sees, in small letters at the end. Empty for none.
    package var caption: String
    /// Colours and letters.
    package var theme: Theme
    /// What the figure is and shows, for files that say so in words; nil for title and sentences as they are drawn.
    package var description: (title: String, summary: String)?

    /// One strip of a sheet, as wide as the sheet's content.
    package struct Block {
        /// The height in points, without the gap to the next block.
        package var height: Double
        /// What it is for a reader who wants a part of the sheet alone.
        package var role: Role
        /// Draws into a rectangle of that height.
        package var draw: (Canvas, Rectangle) -> Void

        /// A block of the given height: a drawing of its own.
        package init(
            height: Double, role: Role = .drawing(""), draw: @escaping (Canvas, Rectangle) -> Void
        ) {
            self.height = height
            self.role = role
            self.draw = draw
        }
    }

    /// What a block is on its sheet.
    package enum Role {
        /// A drawing, with a name if that is not the heading above it.
        case drawing(String)
        /// Panels in a grid.
        case panels([Panel])
        /// The name of what follows.
        case heading(String)
        /// What colours mean: it goes with any part of the sheet.
        case key
        /// Sentences between drawings.
        case text
    }

    /// A sheet.
    package init(
        title: String, subtitle: String = "", blocks: [Block], caption: String = "", theme: Theme
    ) {
        self.title = title
        self.subtitle = subtitle
        self.blocks = blocks
        self.caption = caption
        self.theme = theme
    }

    private static let titleFont = Font(size: 17, isBold: true)
    private static let textFont = Font(size: 12)
    private static let captionFont = Font(size: 11)
    private static let gap = 14.0

    /// The drawing.
    package var figure: Figure {
        let ruler = TextRuler(theme.typeface)
        func lines(_ text: String, font: Font) -> [String] {
            text.isEmpty ? [] : ruler.wrapped(text, font: font, width: Self.contentWidth)
        }
        let titleLines = lines(title, font: Self.titleFont)
        let subtitleLines = lines(subtitle, font: Self.textFont)
        let captionLines = lines(caption, font: Self.captionFont)
        let titleHeight = 22 * Double(titleLines.count)
        let top = 14 + titleHeight + Double(subtitleLines.count) * 16 + (titleLines.isEmpty ? 2 : 8)
        let content = blocks.reduce(0) { $0 + $1.height } + Self.gap * Double(max(blocks.count - 1, 0))
        let bottom = captionLines.isEmpty ? 16 : 12 + Double(captionLines.count) * 15 + 12
        var figure = Figure(
            width: Self.width, height: (top + content + bottom).rounded(.up), typeface: theme.typeface
        ) { canvas in
            canvas.fill(theme.paper)
            func draw(_ lines: [String], from y: Double, leading: Double, _ font: Font, _ color: Color) {
                for (index, line) in lines.enumerated() {
                    canvas.text(
                        line, at: Point(x: Self.margin, y: y + leading * Double(index)), font: font,
                        color: color, anchor: TextAnchor(.leading, .top))
                }
            }
            draw(titleLines, from: 14, leading: 22, Self.titleFont, theme.ink)
            draw(
                subtitleLines, from: 14 + titleHeight + 2, leading: 16, Self.textFont, theme.mutedInk)
            var y = top
            for block in blocks {
                block.draw(
                    canvas,
                    Rectangle(x: Self.margin, y: y, width: Self.contentWidth, height: block.height))
                y += block.height + Self.gap
            }
            draw(captionLines, from: top + content + 12, leading: 15, Self.captionFont, theme.mutedInk)
        }
        figure.title = description?.title ?? title
        figure.summary = description?.summary ?? sentences
        return figure
    }

    /// The sentences above and below the drawings.
    private var sentences: String {
        [subtitle, caption].filter { !$0.isEmpty }.joined(separator: " ").split(separator: "\n").joined(
            separator: " ")
    }

    /// The sheet with another title.
    package func titled(_ title: String) -> Sheet {
        var sheet = self
        sheet.title = title
        sheet.description = (title.isEmpty ? self.title : title, sentences)
        return sheet
    }

    /// The sheet without the sentences above and below its drawings, which its files still hold.
    package var withoutSentences: Sheet {
        var sheet = self
        sheet.description = sheet.description ?? (title, sentences)
        (sheet.subtitle, sheet.caption) = ("", "")
        return sheet
    }
}

/// What draws a sheet.
package protocol SheetFigure {
    /// The sheet.
    var sheet: Sheet { get }
}

extension SheetFigure {
    /// The sheet as a drawing.
    package var figure: Figure { sheet.figure }
}

// A part of a sheet alone, for a slide.
extension Sheet {
    /// The names of the drawings that a sheet is made of, in order, no two of them the same.
    package var partNames: [String] { parts.map(\.name) }

    /// One of the drawings alone, over the whole width, with its name as title and what explains its colours.
    /// - Parameter index: into ``partNames``.
    package func part(_ index: Int) -> Sheet {
        let part = parts[index]
        let keys = blocks.filter { if case .key = $0.role { true } else { false } }
        var sheet = self
        sheet.title = part.name
        sheet.subtitle = ""
        switch part.content {
        case .panel(var panel):
            sheet.caption = panel.note
            (panel.title, panel.note) = ("", "")
            sheet.blocks = [.grid([panel], columns: 1, tallest: 560, theme: theme)] + keys
        case .block(let block): sheet.blocks = [block] + keys
        }
        return sheet
    }

    private enum PartContent {
        case panel(Panel)
        case block(Block)
    }

    /// The text without the number of a step before it, `3. `, which means nothing without the other steps.
    private func unnumbered(_ text: String) -> String {
        let digits = text.prefix { $0.isNumber }
        let rest = text.dropFirst(digits.count)
        return !digits.isEmpty && rest.hasPrefix(". ") ? String(rest.dropFirst(2)) : text
    }

    private var parts: [(name: String, content: PartContent)] {
        var parts: [(name: String, content: PartContent)] = []
        var heading = ""
        for block in blocks {
            switch block.role {
            case .heading(let text): heading = text
            case .key, .text: break
            case .drawing(let name):
                let own = name.isEmpty ? heading : name
                parts.append((own.isEmpty ? "drawing" : own, .block(block)))
            case .panels(let panels):
                for panel in panels {
                    let words = panel.title.isEmpty ? panel.note : panel.title
                    let name = unnumbered(words.split(separator: "\n").first.map(String.init) ?? "")
                    let isNamed = !panel.title.isEmpty
                    let full = [isNamed ? "" : heading, name].filter { !$0.isEmpty }.joined(separator: ", ")
                    parts.append((full.isEmpty ? "panel" : full, .panel(panel)))
                }
            }
        }
        // Equal names get a number.
        var counts: [String: Int] = [:]
        let totals = Dictionary(grouping: parts, by: \.name).mapValues(\.count)
        return parts.map { part in
            guard totals[part.name, default: 0] > 1 else { return part }
            counts[part.name, default: 0] += 1
            return ("\(part.name) (\(counts[part.name, default: 0]))", part.content)
        }
    }
}

/// Breaks a text into lines that are at most `width` points wide. Breaks it has stay.
package func wrapped(_ text: String, font: Font, width: Double, in theme: Theme) -> [String] {
    TextRuler(theme.typeface).wrapped(text, font: font, width: width)
}

extension TextRuler {
    /// Breaks a text into lines that are at most `width` points wide. Breaks it has stay.
    package func wrapped(_ text: String, font: Font, width: Double) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { paragraph in
            var lines: [String] = []
            var line = ""
            for word in paragraph.split(separator: " ") {
                let longer = line.isEmpty ? String(word) : line + " " + word
                if !line.isEmpty && extents(of: longer, font: font).width > width {
                    lines.append(line)
                    line = String(word)
                } else {
                    line = longer
                }
            }
            return lines + [line]
        }
    }
}

extension Canvas {
    /// Breaks a text into lines that are at most `width` points wide. Breaks it has stay.
    package func wrapped(_ text: String, font: Font, width: Double) -> [String] {
        ruler.wrapped(text, font: font, width: width)
    }
}

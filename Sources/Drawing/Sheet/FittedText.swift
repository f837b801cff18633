extension Canvas {
    /// Draws one line of text that is at most `width` points wide: where it is not, the letters get smaller,
    /// down to 9 points, and then the end is left out.
    package func text(
        _ text: String, at point: Point, font: Font, within width: Double, color: Color,
        anchor: TextAnchor = TextAnchor(.leading, .baseline)
    ) {
        let (fitted, font) = fitting(text, font: font, width: width)
        self.text(fitted, at: point, font: font, color: color, anchor: anchor)
    }

    /// The text and the font that fit a width.
    package func fitting(_ text: String, font: Font, width: Double) -> (String, Font) {
        let natural = extents(of: text, font: font).width
        guard natural > width, natural > 0 else { return (text, font) }
        var font = font
        font.size = max(min(9, font.size), font.size * width / natural)
        var kept = text[...]
        var line = text
        while extents(of: line, font: font).width > width, !kept.isEmpty {
            kept.removeLast()
            line = kept + "…"
        }
        return (line, font)
    }
}

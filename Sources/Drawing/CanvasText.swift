import CCairo

/// DejaVu Sans, the one typeface of the figures (Debian's `fonts-dejavu-core`), at a size.
package struct Font: Sendable, Equatable {
    /// The size in points: the distance between lines set tight.
    package var size: Double
    /// Whether the letters are bold.
    package var isBold: Bool
    /// Whether all letters are equally wide, for code and columns of numbers.
    package var isMonospaced: Bool

    /// The font at a size in points.
    package init(size: Double, isBold: Bool = false, isMonospaced: Bool = false) {
        self.size = size
        self.isBold = isBold
        self.isMonospaced = isMonospaced
    }
}

/// How much room a line of text takes, in points.
package struct TextExtents: Sendable, Equatable {
    /// From the line's start to where further text would go on.
    package let width: Double
    /// How far the font's letters rise above the base line.
    package let ascent: Double
    /// How far the font's letters reach below the base line.
    package let descent: Double
}

/// Which point of a line of text is put where the caller says.
package struct TextAnchor: Sendable, Equatable {
    /// Places along the line.
    package enum Horizontal: Sendable { case leading, center, trailing }
    /// Places across it: the font's ascent, half the height of a capital, the base line, the font's descent.
    package enum Vertical: Sendable { case top, middle, baseline, bottom }

    /// The place along the line.
    package var horizontal: Horizontal
    /// The place across the line.
    package var vertical: Vertical

    /// The point at the given places.
    package init(_ horizontal: Horizontal, _ vertical: Vertical) {
        self.horizontal = horizontal
        self.vertical = vertical
    }
}

extension Canvas {
    /// Draws one line of text. Line breaks and other control characters are drawn as spaces.
    package func text(
        _ text: String, at point: Point, font: Font, color: Color,
        anchor: TextAnchor = TextAnchor(.leading, .baseline)
    ) {
        guard point.x.isFinite, point.y.isFinite, select(font) else { return }
        let extents = extents(of: text, font: font)
        let left =
            switch anchor.horizontal {
            case .leading: 0.0
            case .center: extents.width / 2
            case .trailing: extents.width
            }
        let capitalHeight = 0.729 * font.size  // DejaVu Sans: 1493 of 2048 units.
        let rise =
            switch anchor.vertical {
            case .top: extents.ascent
            case .middle: capitalHeight / 2
            case .baseline: 0.0
            case .bottom: -extents.descent
            }
        setSource(color)
        cairo_move_to(context, point.x - left, point.y + rise)
        cairo_show_text(context, text.onOneLine)
        cairo_new_path(context)
    }

    /// The room that a line of text takes.
    package func extents(of text: String, font: Font) -> TextExtents {
        guard select(font) else { return TextExtents(width: 0, ascent: 0, descent: 0) }
        var line = cairo_text_extents_t()
        cairo_text_extents(context, text.onOneLine, &line)
        var letters = cairo_font_extents_t()
        cairo_font_extents(context, &letters)
        return TextExtents(width: line.x_advance, ascent: letters.ascent, descent: letters.descent)
    }

    /// Letters are placed and drawn alike at every scale and on every machine: no hinting, grey edges.
    func configureText() {
        let options = cairo_font_options_create()
        defer { cairo_font_options_destroy(options) }
        cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE)
        cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF)
        cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY)
        cairo_set_font_options(context, options)
    }

    /// Makes the font the current one; answers whether anything can be drawn with it.
    private func select(_ font: Font) -> Bool {
        guard font.size > 0, font.size <= 10_000 else { return false }
        cairo_select_font_face(
            context, font.isMonospaced ? "DejaVu Sans Mono" : "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL,
            font.isBold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL)
        cairo_set_font_size(context, font.size)
        return true
    }
}

extension String {
    /// The text with a space for each character that breaks lines, turns the direction of writing round, or is
    /// otherwise no letter or sign: a zero byte would even end it.
    package var onOneLine: String {
        var line = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            let isVisible =
                switch scalar.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned: false
                default: true
                }
            line.append(isVisible ? scalar : " ")
        }
        return String(line)
    }
}

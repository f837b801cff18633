import CCairo

/// The letters of a figure: a family for words and one for columns of numbers.
public struct Typeface: Sendable, Equatable {
    /// Proportional letters.
    public var sans: String
    /// Letters of equal width.
    public var monospaced: String

    /// DejaVu Sans and DejaVu Sans Mono (Debian's `fonts-dejavu-core`).
    public static let standard = Typeface(sans: "DejaVu Sans", monospaced: "DejaVu Sans Mono")

    /// A typeface of two families.
    public init(sans: String, monospaced: String) {
        self.sans = sans
        self.monospaced = monospaced
    }

    /// The standard typeface with words in another family, which is installed.
    /// - Throws: ``FigureError`` when no font of that name is.
    public init(family: String) throws {
        guard let name = installedFamily(family) else {
            throw FigureError(subject: "font", fault: "no font named “\(family.onOneLine)” is installed")
        }
        self.init(sans: name, monospaced: Self.standard.monospaced)
    }

    func family(_ font: Font) -> String { font.isMonospaced ? monospaced : sans }
}

/// The name of an installed family as the font has it, whatever the case it is asked for in.
private func installedFamily(_ name: String) -> String? {
    guard !name.isEmpty, let pattern = FcPatternCreate() else { return nil }
    defer { FcPatternDestroy(pattern) }
    FcPatternAddString(pattern, FC_FAMILY, name)
    guard let wanted = FcObjectSetCreate() else { return nil }
    defer { FcObjectSetDestroy(wanted) }
    FcObjectSetAdd(wanted, FC_FAMILY)
    guard let found = FcFontList(nil, pattern, wanted) else { return nil }
    defer { FcFontSetDestroy(found) }
    guard found.pointee.nfont > 0, let fonts = found.pointee.fonts, let first = fonts[0] else { return nil }
    // A font may have several names: the one that was asked for, else the first.
    var names: [String] = []
    var text: UnsafeMutablePointer<FcChar8>?
    while FcPatternGetString(first, FC_FAMILY, Int32(names.count), &text) == FcResultMatch, let text {
        names.append(String(cString: text))
    }
    return names.first { $0.lowercased() == name.lowercased() } ?? names.first
}

/// A figure's typeface at a size.
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
        guard point.x.isFinite, point.y.isFinite, font.isDrawable else { return }
        let extents = extents(of: text, font: font)
        let left =
            switch anchor.horizontal {
            case .leading: 0.0
            case .center: extents.width / 2
            case .trailing: extents.width
            }
        let rise =
            switch anchor.vertical {
            case .top: extents.ascent
            case .middle: ruler.capitalHeight(font) / 2
            case .baseline: 0.0
            case .bottom: -extents.descent
            }
        output.text(
            TextLine(
                text: text.onOneLine, start: Point(x: point.x - left, y: point.y + rise), font: font,
                typeface: ruler.typeface, color: color, width: extents.width))
    }

    /// The room that a line of text takes.
    package func extents(of text: String, font: Font) -> TextExtents { ruler.extents(of: text, font: font) }
}

extension Font {
    fileprivate var isDrawable: Bool { size > 0 && size <= 10_000 }
}

/// Measures text without drawing it. The measures are the same at every scale and for every kind of file.
package final class TextRuler {
    let typeface: Typeface
    private let surface: OpaquePointer?
    private let context: OpaquePointer?

    package init(_ typeface: Typeface) {
        self.typeface = typeface
        surface = cairo_image_surface_create(CAIRO_FORMAT_A8, 1, 1)
        context = cairo_create(surface)
        context.configureText()
    }

    deinit {
        cairo_destroy(context)
        cairo_surface_destroy(surface)
    }

    /// The room that a line of text takes.
    package func extents(of text: String, font: Font) -> TextExtents {
        guard font.isDrawable else { return TextExtents(width: 0, ascent: 0, descent: 0) }
        context.select(font, typeface)
        var line = cairo_text_extents_t()
        cairo_text_extents(context, text.onOneLine, &line)
        var letters = cairo_font_extents_t()
        cairo_font_extents(context, &letters)
        return TextExtents(width: line.x_advance, ascent: letters.ascent, descent: letters.descent)
    }

    /// The height of a capital.
    func capitalHeight(_ font: Font) -> Double {
        if typeface == .standard { return 0.729 * font.size }  // DejaVu Sans: 1493 of 2048 units.
        context.select(font, typeface)
        var letter = cairo_text_extents_t()
        cairo_text_extents(context, "H", &letter)
        return letter.height
    }
}

// A Cairo context.
extension OpaquePointer? {
    /// Letters are placed and drawn alike at every scale and on every machine: no hinting, grey edges.
    func configureText() {
        let options = cairo_font_options_create()
        defer { cairo_font_options_destroy(options) }
        cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE)
        cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF)
        cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY)
        cairo_set_font_options(self, options)
    }

    /// Makes the font the current one.
    func select(_ font: Font, _ typeface: Typeface) {
        cairo_select_font_face(
            self, typeface.family(font), CAIRO_FONT_SLANT_NORMAL,
            font.isBold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL)
        cairo_set_font_size(self, font.size)
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

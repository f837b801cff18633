/// What figures look like: paper, inks, the colours of classes, and letters. Each figure takes one and is drawn in
/// it as a whole.
public struct Theme: Sendable, Equatable {
    /// The paper.
    public var background: Background
    /// Whether colours that mean different things differ in lightness, and so still differ when printed in grey.
    public var isGreySafe: Bool
    /// The colours of classes and instances.
    public var palette: Palette
    /// The letters.
    public var typeface: Typeface

    /// A theme.
    public init(
        background: Background, isGreySafe: Bool = false, palette: Palette = .okabeIto,
        typeface: Typeface = .standard
    ) {
        self.background = background
        self.isGreySafe = isGreySafe
        self.palette = palette
        self.typeface = typeface
    }

    /// Dark on white, for pages and documents.
    public static let light = Theme(background: .light)
    /// Light on near-black, for slides and dark pages.
    public static let dark = Theme(background: .dark)
    /// Black on white, to be printed in grey or copied: meaning is carried by lightness.
    public static let print = Theme(background: .light, isGreySafe: true, palette: .print)

    /// All three.
    package static let all: [Theme] = [.light, .dark, .print]
}

/// Whether a figure is drawn on light or on dark paper.
public enum Background: Sendable, CaseIterable {
    /// White.
    case light
    /// Near-black.
    case dark
}

// Every text colour has a contrast of at least 4.5 with the paper (WCAG 2.2, level AA).
extension Theme {
    /// The colour of the light theme, of the dark one, or of the one for print.
    private func color(_ light: UInt32, dark: UInt32, print: UInt32) -> Color {
        Color(hex: background == .dark ? dark : isGreySafe ? print : light)
    }

    /// What the figure is filled with first.
    package var paper: Color { color(0xffffff, dark: 0x16181d, print: 0xffffff) }
    /// Text, axes and outlines.
    package var ink: Color { color(0x1b1f24, dark: 0xe8eaed, print: 0x000000) }
    /// Captions and what matters less.
    package var mutedInk: Color { color(0x5c6670, dark: 0x9aa4af, print: 0x4a4a4a) }
    /// Grid lines and frames.
    package var rule: Color { color(0xd5dae0, dark: 0x3a4048, print: 0xc4c4c4) }

    // The same in every figure: blue for what is right, orange for what is not.

    /// What is kept, found or agreed upon; what is exact, or the reference.
    package var keptColor: Color { color(0x0072b2, dark: 0x56b4e9, print: 0x002f55) }
    /// What is suppressed, dropped or refused; what is rounded, wrong or lost.
    package var droppedColor: Color { color(0xd55e00, dark: 0xff8a3c, print: 0xc85f10) }
    /// What agrees where blue is taken; a third curve.
    package var thirdColor: Color { color(0x00805c, dark: 0x2fc493, print: 0x2a6b52) }

    /// The colours of signed numbers.
    package var signedColors: ColorMap { isGreySafe ? .monotone : .diverging(background) }

    /// The colour of a pyramid level, the same in every figure: 2 for p2 (or c2), 6 for p6.
    package func color(ofLevel index: Int) -> Color {
        let step = min(max(index - 2, 0), 4)
        if palette == .okabeIto {
            let color = Color(hex: [0x0072b2, 0x009e73, 0xd68f00, 0xd55e00, 0xb8629a][step])
            return background == .light ? color : Palette.shade(color, by: 0.1)
        }
        return readable(palette.hue(step))
    }

    /// The colour of a class where it has to stand out from the paper as a thin line: yellow on white does not.
    package func lineColor(ofClass index: Int) -> Color { readable(palette.color(ofClass: index)) }

    /// The colour made dark, or light, enough to be seen on the paper.
    private func readable(_ color: Color) -> Color {
        let lab = OKLab(color)
        switch background {
        case .light where lab.lightness > 0.72: return Palette.shade(color, by: 0.72 - lab.lightness)
        case .dark where lab.lightness < 0.62: return Palette.shade(color, by: 0.62 - lab.lightness)
        default: return color
        }
    }
}

extension Color {
    /// The contrast ratio of two opaque colours, from 1 to 21 (WCAG 2.2).
    package func contrast(with other: Color) -> Double {
        let (first, second) = (luminance + 0.05, other.luminance + 0.05)
        return max(first, second) / min(first, second)
    }
}

extension Palette {
    /// The colour of a pyramid level, the same in every figure: 2 for p2 (or c2), 6 for p6.
    package static func color(ofLevel index: Int, on background: Background) -> Color {
        let colors: [UInt32] = [0x0072b2, 0x009e73, 0xd68f00, 0xd55e00, 0xb8629a]
        let color = Color(hex: colors[min(max(index - 2, 0), colors.count - 1)])
        return background == .light ? color : shade(color, by: 0.1)
    }
}

extension Background {
    /// The colour of a class where it has to stand out from the paper as a thin line: yellow on white does not.
    package func lineColor(ofClass index: Int) -> Color {
        let color = Palette.color(ofClass: index)
        let lab = OKLab(color)
        switch self {
        case .light where lab.lightness > 0.72: return Palette.shade(color, by: 0.72 - lab.lightness)
        case .dark where lab.lightness < 0.62: return Palette.shade(color, by: 0.62 - lab.lightness)
        default: return color
        }
    }
}

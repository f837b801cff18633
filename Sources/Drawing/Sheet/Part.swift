/// The parts of the pipeline, each with its colour in diagrams, plots and tables.
package enum Part: String, CaseIterable, Sendable {
    /// Resize, normalise, pad.
    case input
    /// Stem and residual stages.
    case backbone
    /// Lateral, top-down, smoothing.
    case pyramid
    /// Anchors, region proposal network, selection of proposals.
    case proposals
    /// Box head and selection of detections.
    case boxes
    /// Mask head.
    case masks
    /// Keypoint head.
    case keypoints
    /// Back to the picture.
    case output

    /// Lines and small areas, readable on the background.
    package func color(in theme: Theme) -> Color {
        let base =
            switch self {
            case .input: Color(hex: 0x7b838c)
            case .backbone: Color(hex: 0x0072b2)
            case .pyramid: Color(hex: 0x3a9fdb)
            case .proposals: Color(hex: 0xd68f00)
            case .boxes: Color(hex: 0xd55e00)
            case .masks: Color(hex: 0x009e73)
            case .keypoints: Color(hex: 0xb8629a)
            case .output: Color(hex: 0x7b838c)
            }
        if theme.background == .dark { return Palette.shade(base, by: 0.1) }
        // In grey, a heading is told from the paper by lightness alone.
        return theme.isGreySafe ? Palette.shade(base, by: min(0, 0.5 - OKLab(base).lightness)) : base
    }

    /// Areas with text on them.
    package func fill(in theme: Theme) -> Color {
        color(in: theme).withOpacity(theme.background == .light ? 0.13 : 0.22)
    }
}

extension Canvas {
    /// Draws a box with a name and lines below it, all centred. Lines that do not fit are broken, as far as the box
    /// has room for more; a name that does not fit gets smaller.
    package func node(
        _ room: Rectangle, _ title: String, _ lines: [String] = [], part: Part, theme: Theme
    ) {
        let color = part.color(in: theme)
        fill(room, theme.paper, cornerRadius: 5)
        fill(room, part.fill(in: theme), cornerRadius: 5)
        stroke(room, Stroke(color, width: 1.25), cornerRadius: 5)
        let (titleFont, lineFont) = (Font(size: 11, isBold: true), Font(size: 10))
        let (titleHeight, leading) = (title.isEmpty ? 0 : 14.0, 12.5)
        let most = max(lines.count, Int((room.height - 4 - titleHeight) / leading))
        let broken = lines.flatMap { wrapped($0, font: lineFont, width: room.width - 6) }
        let shown = broken.count <= most ? broken : lines
        let height = titleHeight + leading * Double(shown.count)
        var y = room.y + (room.height - height) / 2
        let x = room.x + room.width / 2
        text(
            title, at: Point(x: x, y: y), font: titleFont, within: room.width - 8, color: theme.ink,
            anchor: TextAnchor(.center, .top))
        y += titleHeight
        for line in shown {
            text(
                line, at: Point(x: x, y: y), font: lineFont, within: room.width - 6, color: theme.ink,
                anchor: TextAnchor(.center, .top))
            y += leading
        }
    }
}

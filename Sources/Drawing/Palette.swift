/// The paper that a figure is drawn on.
public enum Background: Sendable, CaseIterable {
    /// Black on white.
    case light
    /// White on black.
    case dark

    /// What the figure is filled with first.
    package var paper: Color { self == .light ? Color(hex: 0xffffff) : Color(hex: 0x16181d) }
    /// Text, axes and outlines.
    package var ink: Color { self == .light ? Color(hex: 0x1b1f24) : Color(hex: 0xe8eaed) }
    /// Captions and what matters less.
    package var mutedInk: Color { self == .light ? Color(hex: 0x5c6670) : Color(hex: 0x9aa4af) }
    /// Grid lines and frames.
    package var rule: Color { self == .light ? Color(hex: 0xd5dae0) : Color(hex: 0x3a4048) }
}

/// The colours of classes and instances: the same in every figure, and distinct without red–green vision.
package enum Palette {
    /// Okabe and Ito's colours (*Color universal design*, 2008) without black, in an order that keeps similar
    /// ones apart.
    package static let hues: [Color] = [
        0xd55e00, 0x56b4e9, 0x009e73, 0xf0e442, 0xcc79a7, 0x0072b2, 0xe69f00,
    ].map(Color.init(hex:))

    /// The colour of a class. Class 0, background, is grey. Classes further apart than the seven base colours
    /// share a hue and differ in lightness; from the 22nd on colours repeat.
    package static func color(ofClass index: Int) -> Color {
        if index == 0 { return Color(hex: 0x8a8f96) }
        let position = modulo(index &- 1, 3 * hues.count)
        return shade(hues[position % hues.count], by: [0, 0.13, -0.13][position / hues.count])
    }

    /// A colour for each of several instances: its class's, or a lighter or darker shade of it where a
    /// neighbour already has a colour that looks much the same.
    ///
    /// Instances are served in the order given; each takes the first shade that is far enough from all
    /// neighbours served before it, or else the farthest one. Complexity: O(n²) for n instances.
    /// - Parameter areNeighbors: whether the instances at two indices touch or overlap.
    package static func colors(
        ofInstancesWithClasses classes: [Int], areNeighbors: (Int, Int) -> Bool
    ) -> [Color] {
        let distinct = 0.09  // Somewhat less than from one shade to the next.
        var labs: [OKLab] = []
        return classes.indices.map { index in
            let base = color(ofClass: classes[index])
            let taken = labs.indices.filter { areNeighbors($0, index) }.map { labs[$0] }
            var best = (color: base, clearance: -Double.infinity)
            for (lightness, hue) in [(0.0, 0.0), (0.1, 18), (-0.1, -18), (0.2, -6), (-0.2, 6)] {
                let candidate = shade(base, by: lightness, turningHueBy: hue)
                let clearance = taken.map { $0.distance(to: OKLab(candidate)) }.min() ?? .infinity
                if clearance > best.clearance { best = (candidate, clearance) }
                if clearance >= distinct { break }
            }
            labs.append(OKLab(best.color))
            return best.color
        }
    }

    /// The colour made lighter, or darker by a negative amount, of OKLab's lightness, and with its hue turned by
    /// an angle in degrees.
    package static func shade(_ color: Color, by amount: Double, turningHueBy angle: Double = 0) -> Color {
        if amount == 0 && angle == 0 { return color }
        let lab = OKLab(color)
        return OKLab(
            lightness: min(max(lab.lightness + amount, 0.25), 0.97), chroma: lab.chroma, hue: lab.hue + angle
        ).color
    }

    private static func modulo(_ value: Int, _ divisor: Int) -> Int {
        let remainder = value % divisor
        return remainder < 0 ? remainder + divisor : remainder
    }
}

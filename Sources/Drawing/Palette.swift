/// The colours of classes and instances: the same in every figure.
public struct Palette: Sendable, Equatable {
    /// The base colours, of which further ones are lighter and darker shades. At least one.
    package let hues: [Color]

    /// Okabe and Ito's colours (*Color universal design*, 2008) without black, in an order that keeps similar
    /// ones apart: distinct without red–green vision.
    public static let okabeIto = Palette(hex: [
        0xd55e00, 0x56b4e9, 0x009e73, 0xf0e442, 0xcc79a7, 0x0072b2, 0xe69f00,
    ])
    /// Paul Tol's bright scheme (*Colour schemes*, 2021) without grey: distinct without red–green vision, and
    /// further from each other on a screen.
    public static let tol = Palette(hex: [0xee6677, 0x4477aa, 0x228833, 0xccbb44, 0x66ccee, 0xaa3377])
    /// Each as much lighter than another that grey tells them apart, with a hue besides for those who see it.
    public static let print = Palette(
        hues: [0.30, 0.58, 0.44, 0.72, 0.37, 0.65, 0.51].enumerated().map { index, lightness in
            OKLab(lightness: lightness, chroma: 0.09, hue: [35, 250, 165, 95, 345, 230, 60][index]).color
        })

    package init(hues: [Color]) {
        precondition(!hues.isEmpty)
        self.hues = hues
    }

    private init(hex: [UInt32]) { self.init(hues: hex.map(Color.init(hex:))) }

    /// A palette of the writer's own: `d55e00,56b4e9,…`, each a colour as on the web, with or without `#`; nil if
    /// it is anything else.
    public init?(colors text: String) {
        let colors = text.split(separator: ",", omittingEmptySubsequences: false).map { part -> Color? in
            let digits = part.drop { $0 == " " || $0 == "#" }
            return digits.count == 6 ? UInt32(digits, radix: 16).map(Color.init(hex:)) : nil
        }
        guard !colors.contains(nil) else { return nil }
        self.init(hues: colors.compactMap { $0 })
    }

    /// A base colour, by any number from 0 on.
    package func hue(_ index: Int) -> Color { hues[Self.modulo(index, hues.count)] }

    /// The colour of a class. Class 0, background, is grey. Classes further apart than there are base colours
    /// share a hue and differ in lightness; after three times as many, colours repeat.
    package func color(ofClass index: Int) -> Color {
        if index == 0 { return Color(hex: 0x8a8f96) }
        let position = Self.modulo(index &- 1, 3 * hues.count)
        return Self.shade(hues[position % hues.count], by: [0, 0.13, -0.13][position / hues.count])
    }

    /// A colour for each of several instances: its class's, or a lighter or darker shade of it where a
    /// neighbour already has a colour that looks much the same.
    ///
    /// Instances are served in the order given; each takes the first shade that is far enough from all
    /// neighbours served before it, or else the farthest one. Complexity: O(n²) for n instances.
    /// - Parameter areNeighbors: whether the instances at two indices touch or overlap.
    package func colors(
        ofInstancesWithClasses classes: [Int], areNeighbors: (Int, Int) -> Bool
    ) -> [Color] {
        let distinct = 0.09  // Somewhat less than from one shade to the next.
        var labs: [OKLab] = []
        return classes.indices.map { index in
            let base = color(ofClass: classes[index])
            let taken = labs.indices.filter { areNeighbors($0, index) }.map { labs[$0] }
            var best = (color: base, clearance: -Double.infinity)
            for (lightness, hue) in [(0.0, 0.0), (0.1, 18), (-0.1, -18), (0.2, -6), (-0.2, 6)] {
                let candidate = Self.shade(base, by: lightness, turningHueBy: hue)
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

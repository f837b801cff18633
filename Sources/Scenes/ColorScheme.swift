import Drawing
import Tensors

/// The colours of one object.
struct ColorScheme {
    /// A shape's main colour, or a person's shirt.
    var main: Color
    /// A shape's stripes or dots, or a person's trousers.
    var second: Color
    /// A person's skin.
    var skin: Color
    /// A person's hair.
    var hair: Color
    /// A person's shoes.
    var shoes: Color

    /// For drawings whose coverage alone is used.
    static let silhouette = ColorScheme(
        main: .black, second: .black, skin: .black, hair: .black, shoes: .black)

    static let skins = [0xf2cfb0, 0xe3ac84, 0xc68a5e, 0x9a6440, 0x6b4229, 0x4a2d1e].map { Color(hex: $0) }
    static let hairs = [0x20191a, 0x3d2a1d, 0x6e4a2a, 0xa9793f, 0xd9bd7c, 0x8c8a88, 0xa5452a].map {
        Color(hex: $0)
    }
}

/// Chooses colours that contrast with those around an object, so that its whole outline is visible.
struct ColorChooser {
    private let surroundings: [OKLab]
    private let contrast: Double

    init(surroundings: [OKLab], contrast: Double) {
        self.surroundings = surroundings
        self.contrast = contrast
    }

    /// A random scheme; each colour has enough contrast, or the most among a few candidates.
    func scheme(_ random: inout SeededGenerator) -> ColorScheme {
        let main = color(&random) { $0.vivid() }
        let shift = random.number(in: 0.1...0.22)
        // Stripes are lighter or darker than the object, whichever contrasts more with the surroundings.
        let second = farthest(of: [main.shifted(by: shift), main.shifted(by: -shift)])
        let skin = color(&random) { $0.element(of: ColorScheme.skins) }
        // Hair must be distinguishable from skin.
        let hairs = ColorScheme.hairs.filter { OKLab($0).distance(to: OKLab(skin)) > 0.15 }
        return ColorScheme(
            main: main, second: second, skin: skin, hair: color(&random) { $0.element(of: hairs) },
            shoes: color(&random) { $0.color(lightness: 0.15...0.85, chroma: 0...0.06) })
    }

    /// The same for a person, whose trousers are independent of the shirt.
    func clothing(_ random: inout SeededGenerator) -> ColorScheme {
        var scheme = scheme(&random)
        scheme.second = color(&random) { $0.color(lightness: 0.2...0.85, chroma: 0.02...0.12) }
        return scheme
    }

    /// The first of 14 candidates that has enough contrast, or else the one with the most.
    private func color(
        _ random: inout SeededGenerator, _ candidate: (inout SeededGenerator) -> Color
    ) -> Color {
        var best = (color: Color.black, clearance: -1.0)
        for _ in 0..<14 {
            let color = candidate(&random)
            let clearance = clearance(of: color)
            if clearance > best.clearance { best = (color, clearance) }
            if clearance >= contrast { break }
        }
        return best.color
    }

    private func farthest(of colors: [Color]) -> Color {
        var best = (color: Color.black, clearance: -1.0)
        for color in colors {
            let clearance = clearance(of: color)
            if clearance > best.clearance { best = (color, clearance) }
        }
        return best.color
    }

    /// The 5th percentile of the distances to the surrounding colours, in OKLab.
    private func clearance(of color: Color) -> Double {
        let lab = OKLab(color)
        var distances = surroundings.map { lab.distance(to: $0) }
        if distances.isEmpty { return .infinity }
        distances.sort()
        return distances[distances.count / 20]
    }
}

extension SeededGenerator {
    /// A colour for an object: mostly saturated, sometimes almost grey.
    fileprivate mutating func vivid() -> Color {
        color(lightness: 0.3...0.9, chroma: chance(0.8) ? 0.09...0.2 : 0...0.05)
    }
}

extension Color {
    /// The colour with `amount` added to its OKLab lightness.
    func shifted(by amount: Double) -> Color {
        let lab = OKLab(self)
        return OKLab(lightness: min(max(lab.lightness + amount, 0.12), 0.97), a: lab.a, b: lab.b).color
    }
}

import Drawing
import Foundation
import Testing

struct ColorTests {
    /// CSS Color 4 gives red as oklab(0.62796 0.22486 0.12585); white has lightness 1 and no colour.
    @Test func oklabHasThePublishedValues() {
        let red = OKLab(Color(hex: 0xff0000))
        #expect(abs(red.lightness - 0.62796) < 1e-4)
        #expect(abs(red.a - 0.22486) < 1e-4)
        #expect(abs(red.b - 0.12585) < 1e-4)
        let white = OKLab(.white)
        #expect(abs(white.lightness - 1) < 1e-5 && white.chroma < 1e-5)
        let green = Color(hex: 0x2f8040)
        #expect(OKLab(green).color.bytes == green.bytes)
    }

    /// WCAG: black on yellow and on orange, white on blue and on dark red. Black's contrast with a colour is
    /// (Y + 0.05) / 0.05, white's is 1.05 / (Y + 0.05): they are equal at Y = 0.179, a grey of 117.9.
    @Test func inkContrasts() {
        #expect(Color(hex: 0xf0e442).ink == .black && Color(hex: 0xe69f00).ink == .black)
        #expect(Color(hex: 0x0000c0).ink == .white && Color(hex: 0x801010).ink == .white)
        #expect(Color(hex: 0x757575).ink == .white && Color(hex: 0x767676).ink == .black)
    }

    @Test func bytesAreRoundedAndClipped() {
        let bytes = Color(red: -1, green: 0.5, blue: 2).bytes
        #expect(bytes == (0, 128, 255))
    }
}

struct PaletteTests {
    @Test func theFirstClassesHaveOkabeAndItosColors() {
        #expect(Palette.okabeIto.color(ofClass: 1) == Color(hex: 0xd55e00))
        #expect(Palette.okabeIto.color(ofClass: 7) == Color(hex: 0xe69f00))
        #expect(Palette.okabeIto.color(ofClass: 0).bytes == (0x8a, 0x8f, 0x96))
    }

    @Test func twentyOneClassesAreDistinct() {
        let colors = (1...21).map { OKLab(Palette.okabeIto.color(ofClass: $0)) }
        for first in colors.indices {
            for second in colors.indices where second < first {
                #expect(
                    colors[first].distance(to: colors[second]) > 0.04, "classes \(first + 1), \(second + 1)")
            }
        }
        #expect(Palette.okabeIto.color(ofClass: 22) == Palette.okabeIto.color(ofClass: 1))
    }

    @Test func anyIntegerHasAColor() {
        for index in [Int.min, -1, .max] {
            let color = Palette.okabeIto.color(ofClass: index)
            #expect([color.red, color.green, color.blue].allSatisfy { (0...1).contains($0) })
        }
    }

    @Test func neighborsOfAClassDiffer() {
        // A row of instances of one class, each the neighbour of the next two.
        let colors = Palette.okabeIto.colors(ofInstancesWithClasses: [Int](repeating: 3, count: 12)) {
            abs($0 - $1) <= 2
        }
        #expect(colors.count == 12)
        #expect(colors[0] == Palette.okabeIto.color(ofClass: 3))
        for index in 2..<12 {
            for other in [index - 1, index - 2] {
                #expect(OKLab(colors[index]).distance(to: OKLab(colors[other])) > 0.08)
            }
        }
        let apart = Palette.okabeIto.colors(ofInstancesWithClasses: [3, 3, 5]) { _, _ in false }
        #expect(
            apart == [
                Palette.okabeIto.color(ofClass: 3), Palette.okabeIto.color(ofClass: 3),
                Palette.okabeIto.color(ofClass: 5),
            ])
    }
}

struct ThemeTests {
    /// WCAG 2.2, level AA: 4.5 for text; 3 for lines and areas that mean something.
    @Test(arguments: Theme.all) func contrastIsEnough(theme: Theme) {
        #expect(theme.ink.contrast(with: theme.paper) >= 12)
        #expect(theme.mutedInk.contrast(with: theme.paper) >= 4.5)
        for color in [theme.keptColor, theme.droppedColor, theme.thirdColor] {
            #expect(color.contrast(with: theme.paper) >= 3.5)
        }
        for level in 2...6 { #expect(theme.color(ofLevel: level).contrast(with: theme.paper) >= 2.3) }
    }

    @Test func contrastIsThatOfTheStandard() {
        #expect(abs(Color.black.contrast(with: .white) - 21) < 1e-9)
        #expect(Color(hex: 0x777777).contrast(with: .white) < 4.5)
        #expect(Color(hex: 0x767676).contrast(with: .white) >= 4.5)
    }

    /// In print, whatever means something else has another lightness, and signed numbers grow steadily lighter.
    @Test func printIsReadInGrey() {
        let print = Theme.print
        func isApart(_ first: Color, _ second: Color) -> Bool {
            abs(OKLab(first).lightness - OKLab(second).lightness) > 0.05
        }
        #expect(isApart(print.keptColor, print.droppedColor))
        #expect(abs(OKLab(print.keptColor).lightness - OKLab(print.droppedColor).lightness) > 0.2)
        let hues = (0..<7).map(print.palette.hue)
        for first in hues.indices {
            for second in hues.indices where second < first { #expect(isApart(hues[first], hues[second])) }
        }
        let steps = (-20...20).map { OKLab(print.signedColors.color(of: Double($0) / 20)).lightness }
        #expect(zip(steps, steps.dropFirst()).allSatisfy { $0 < $1 })
        // The light theme's colours do not do that: both signs are equally light.
        let light = Theme.light.signedColors
        #expect(!isApart(light.color(of: -1), light.color(of: 1)))
    }

    @Test func palettesAreReadFromText() throws {
        let own = try #require(Palette(colors: "#d55e00, 56B4E9"))
        #expect(own.hues == [Color(hex: 0xd55e00), Color(hex: 0x56b4e9)])
        #expect(own.color(ofClass: 3) != own.color(ofClass: 1), "further classes are shades")
        for text in ["", "red", "d55e0", "d55e00,", "d55e00;56b4e9", "+55e000"] {
            #expect(Palette(colors: text) == nil, "\(text)")
        }
    }

    /// With red–green blindness (Machado, Oliveira and Fernandes, 2009, deuteranopia) base colours stay apart.
    @Test(arguments: [Palette.okabeIto, .tol]) func huesAreApartWithoutGreen(palette: Palette) {
        func linear(_ value: Double) -> Double {
            value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
        }
        func encoded(_ value: Double) -> Double {
            let light = min(max(value, 0), 1)
            return light <= 0.0031308 ? 12.92 * light : 1.055 * pow(light, 1 / 2.4) - 0.055
        }
        func seen(_ color: Color) -> OKLab {
            let (r, g, b) = (linear(color.red), linear(color.green), linear(color.blue))
            return OKLab(
                Color(
                    red: encoded(0.367322 * r + 0.860646 * g - 0.227968 * b),
                    green: encoded(0.280085 * r + 0.672501 * g + 0.047413 * b),
                    blue: encoded(-0.011820 * r + 0.042940 * g + 0.968881 * b)))
        }
        let hues = palette.hues.map(seen)
        for first in hues.indices {
            for second in hues.indices where second < first {
                #expect(hues[first].distance(to: hues[second]) > 0.06, "\(first), \(second)")
            }
        }
    }

    @Test func aFontThatIsNotInstalledIsRefused() throws {
        #expect(try Typeface(family: "dejavu serif").sans == "DejaVu Serif")
        let error = #expect(throws: FigureError.self) { try Typeface(family: "No Such Font 17") }
        #expect(error?.description == "font: no font named “No Such Font 17” is installed")
    }
}

struct ColorMapTests {
    /// Matplotlib 3's viridis at steps of 1/255 that lie between the anchors.
    @Test(arguments: [
        (0, 0x440154), (20, 0x481d6f), (100, 0x2a768e), (150, 0x21a585), (200, 0x70cf57), (230, 0xbddf26),
        (255, 0xfde725),
    ])
    func sequentialIsViridis(step: Int, hex: UInt32) {
        let found = ColorMap.sequential.color(of: Double(step) / 255).bytes
        let expected = Color(hex: hex).bytes
        expectClose(
            [Int(found.red), Int(found.green), Int(found.blue)],
            [Int(expected.red), Int(expected.green), Int(expected.blue)], within: 3)
    }

    @Test func sequentialGrowsLighter() {
        let lightness = (0...64).map { OKLab(ColorMap.sequential.color(of: Double($0) / 64)).lightness }
        #expect(zip(lightness, lightness.dropFirst()).allSatisfy { $0 < $1 })
    }

    @Test(arguments: [Theme.light, .dark])
    func divergingIsEvenAroundANeutralZero(theme: Theme) {
        let map = ColorMap.diverging(theme.background)
        #expect(OKLab(map.color(of: 0)).chroma < 0.01)
        let contrast = abs(OKLab(map.color(of: 0)).lightness - OKLab(theme.paper).lightness)
        #expect(contrast < 0.12, "zero is near the paper")
        for step in 0...50 {
            let size = Double(step) / 50
            let (below, above) = (OKLab(map.color(of: -size)), OKLab(map.color(of: size)))
            // Clipping to sRGB would break the evenness; so this says too that nothing is clipped.
            #expect(abs(below.lightness - above.lightness) < 1e-3)
            #expect(abs(below.chroma - above.chroma) < 1e-3)
            let start = OKLab(map.color(of: 0)).lightness
            let end = OKLab(map.color(of: 1)).lightness
            #expect(abs(above.lightness - (start + size * (end - start))) < 1e-3)
        }
        #expect(
            map.color(of: -1).blue > map.color(of: -1).red && map.color(of: 1).red > map.color(of: 1).blue)
    }

    @Test func imagesMapEachElement() {
        let values: [Float] = [-2, 0, 2, 5, .nan, -.infinity]
        let map = ColorMap.diverging(.light)
        let image = map.image(of: values, width: 3, height: 2, scale: 2)
        #expect(image.width == 3 && image.height == 2)
        for (index, value) in [-1, 0, 1, 1, .nan, -1].enumerated() {
            let expected = map.color(of: value).bytes
            #expect(
                image.rgb(index % 3, index / 3) == [
                    Int(expected.red), Int(expected.green), Int(expected.blue),
                ])
        }
        let ramp = ColorMap.sequential.image(of: [0, 3], width: 2, height: 1, scale: 3)
        #expect(ramp.pixels == [0x44, 0x01, 0x54, 0xfd, 0xe7, 0x25])
    }
}

import Drawing
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
        #expect(Palette.color(ofClass: 1) == Color(hex: 0xd55e00))
        #expect(Palette.color(ofClass: 7) == Color(hex: 0xe69f00))
        #expect(Palette.color(ofClass: 0).bytes == (0x8a, 0x8f, 0x96))
    }

    @Test func twentyOneClassesAreDistinct() {
        let colors = (1...21).map { OKLab(Palette.color(ofClass: $0)) }
        for first in colors.indices {
            for second in colors.indices where second < first {
                #expect(
                    colors[first].distance(to: colors[second]) > 0.04, "classes \(first + 1), \(second + 1)")
            }
        }
        #expect(Palette.color(ofClass: 22) == Palette.color(ofClass: 1))
    }

    @Test func anyIntegerHasAColor() {
        for index in [Int.min, -1, .max] {
            let color = Palette.color(ofClass: index)
            #expect([color.red, color.green, color.blue].allSatisfy { (0...1).contains($0) })
        }
    }

    @Test func neighborsOfAClassDiffer() {
        // A row of instances of one class, each the neighbour of the next two.
        let colors = Palette.colors(ofInstancesWithClasses: [Int](repeating: 3, count: 12)) {
            abs($0 - $1) <= 2
        }
        #expect(colors.count == 12)
        #expect(colors[0] == Palette.color(ofClass: 3))
        for index in 2..<12 {
            for other in [index - 1, index - 2] {
                #expect(OKLab(colors[index]).distance(to: OKLab(colors[other])) > 0.08)
            }
        }
        let apart = Palette.colors(ofInstancesWithClasses: [3, 3, 5]) { _, _ in false }
        #expect(apart == [Palette.color(ofClass: 3), Palette.color(ofClass: 3), Palette.color(ofClass: 5)])
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

    @Test(arguments: Background.allCases)
    func divergingIsEvenAroundANeutralZero(background: Background) {
        let map = ColorMap.diverging(background)
        #expect(OKLab(map.color(of: 0)).chroma < 0.01)
        let contrast = abs(OKLab(map.color(of: 0)).lightness - OKLab(background.paper).lightness)
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

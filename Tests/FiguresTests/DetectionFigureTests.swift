import Drawing
import Figures
import Foundation
import Geometry
import Tensors
import Testing

/// The figures between anchors and detections, drawn of made-up data.
struct DetectionFigureTests {
    private typealias Examples = DetectionFigureExamples

    /// Where drawing is intricate, against pictures that were looked at by eye.
    @Test(arguments: ["suppression", "provenance-dark"])
    func goldenPictures(name: String) throws {
        let figure =
            name == "suppression" ? Examples.suppression().figure : Examples.provenance(.dark).figure
        let golden = try #require(Bundle.module.resourceURL)
            .appendingPathComponent("Fixtures/figure-\(name).png").path
        try expectSamePicture(try figure.image(), goldenAt: golden)
    }

    /// A square of 16 and one of 8 around the same point: 64 of 256. One of 32: 256 of 1024. By hand.
    @Test func coverageIsTheOverlapOfCentredSquares() {
        let shapes = [Box(x1: -8, y1: -8, x2: 8, y2: 8)]
        #expect(AnchorsFigure.overlap(of: shapes, withSquareOf: 16) == 1)
        #expect(AnchorsFigure.overlap(of: shapes, withSquareOf: 8) == 0.25)
        #expect(AnchorsFigure.overlap(of: shapes, withSquareOf: 32) == 0.25)
        // 8 × 16 covers half of the square; the better of two anchors counts.
        let flat = Box(x1: -8, y1: -4, x2: 8, y2: 4)
        #expect(AnchorsFigure.overlap(of: [flat], withSquareOf: 16) == 0.5)
        #expect(AnchorsFigure.overlap(of: [flat] + shapes, withSquareOf: 16) == 1)
    }

    @Test func everyLevelHasItsColour() throws {
        let third = Theme.light.color(ofLevel: 5)
        #expect(try Examples.anchors(levels: 2).figure.image().count(of: third) == 0)
        #expect(try Examples.anchors(levels: 3).figure.image().count(of: third) > 200)
    }

    /// The first panel is 298 points wide for 192 pixels and begins at 16.
    @Test func aPositiveAnchorIsDrawnInItsPlace() throws {
        let without = try Examples.matching(positives: []).figure.image()
        let with = try Examples.matching(positives: [Examples.box(50, 60, 150, 130)]).figure.image()
        func changes(nearColumn x: Double) -> Int {
            let columns = Int(x.rounded()) - 1...Int(x.rounded()) + 1
            // Below the title and above the panels' notes.
            return columns.reduce(0) { sum, column in
                sum + (100..<310).count { with.rgb(column, $0) != without.rgb(column, $0) }
            }
        }
        let scale = 298.0 / 192
        #expect(changes(nearColumn: 16 + 50 * scale) > 90)
        #expect(changes(nearColumn: 16 + 150 * scale) > 90)
        #expect(changes(nearColumn: 16 + 20 * scale) == 0)
    }

    /// The colour map's end is where the probability is 1, and nowhere else.
    @Test func aProbableCellShinesInItsPlace() throws {
        func centre(_ row: Int, _ column: Int) throws -> (x: Double, y: Double) {
            let picture = try Examples.objectness(row: row, column: column).figure.image()
            let yellow = picture.places(of: ColorMap.sequential.color(of: 1)).filter { $0.x > 320 }
            try #require(yellow.count > 100)
            let count = Double(yellow.count)
            return (
                Double(yellow.reduce(0) { $0 + $1.x }) / count, Double(yellow.reduce(0) { $0 + $1.y }) / count
            )
        }
        // The map is 200 × 150 points, limited by its height: cells of 25 points.
        let (first, second) = (try centre(1, 2), try centre(3, 6))
        #expect(abs(second.x - first.x - 4 * 25) < 1)
        #expect(abs(second.y - first.y - 2 * 25) < 1)
    }

    @Test func theLargestOfACellCounts() {
        func map(_ values: [Float]) -> HeatMap {
            HeatMap(values: values, width: 3, height: 1, isSigned: false)
        }
        #expect(ObjectnessFigure.largest([map([1, 5, 0]), map([2, 4, 0])]) == [2, 5, 0])
        #expect(ObjectnessFigure.largest([]) == [])
    }

    /// Only what lies beyond the picture's right edge, 192, is shaded.
    @Test func whatClippingTakesIsShaded() throws {
        let whole = Examples.box(150, 40, 190, 80), wide = Examples.box(158, 40, 222, 80)
        let cut = Examples.box(158, 40, 192, 80)
        // Dropped colour at 0.35 on the rule's grey at 0.45 on paper.
        let paper = Theme.light.paper
        let beyond = paper.mixed(with: Theme.light.rule, 0.45)
        let shade = beyond.mixed(with: Theme.light.droppedColor, 0.35)
        let kept = try Examples.decoding(decoded: whole, clipped: whole).figure.image()
        let clipped = try Examples.decoding(decoded: wide, clipped: cut).figure.image()
        #expect(kept.count(of: shade, within: 3) < 50)
        #expect(clipped.count(of: shade, within: 3) > 1000)
    }

    @Test(
        arguments: [
            (0, "0.0"), (1.25, "1.3"), (-0.04, "0.0"), (-12.34, "−12.3"), (99.96, "100.0"), (.nan, "NaN"),
            (.infinity, "∞"),
        ] as [(Float, String)])
    func coordinatesHaveOneDecimal(value: Float, expected: String) {
        #expect(DecodingFigure.decimal(value) == expected)
    }

    /// Equation 1 of FPN at powers of two of 224.
    @Test func levelsFollowTheFormula() {
        for (side, level) in [(28.0, 1.0), (56, 2), (112, 3), (224, 4), (448, 5)] {
            #expect(LevelsFigure.level(ofSide: side) == level)
        }
    }

    @Test func onlyLevelsInUseHaveAPicture() {
        let one = Examples.levels([(40, 2), (60, 2)]).figure
        let three = Examples.levels([(40, 2), (150, 3), (300, 4)]).figure
        // Two columns or three: pictures in narrower columns are lower.
        #expect(one.height > three.height)
    }

    /// A bar's length is the probability: twice as much, twice as long.
    @Test func barsAreAsLongAsProbable() throws {
        func length(_ share: Double) throws -> Int {
            let picture = try Examples.classes([1 - share, share]).figure.image()
            let places = picture.places(of: Theme.light.lineColor(ofClass: 1)).filter { $0.x > 410 }
            let row = Dictionary(grouping: places, by: \.y).values.map(\.count).max()
            return try #require(row)
        }
        let (small, large) = (try length(0.3), try length(0.6))
        #expect(small > 30)
        #expect(abs(large - 2 * small) <= 2)
    }

    /// Bars beyond the cut are pale.
    @Test func theCutTakesTheColour() throws {
        let scores = [0.9, 0.8, 0.7, 0.6, 0.5]
        let color = Palette.okabeIto.color(ofClass: 3)
        let all = try Examples.detections(scores: scores, limit: 100).figure.image()
        let some = try Examples.detections(scores: scores, limit: 2).figure.image()
        let none = try Examples.detections(scores: scores, limit: 0).figure.image()
        // The plot is 116 points high and 554 wide for ten ranks, a bar taking 0.8 of its room: 44 by 58 points
        // and more for each of three bars.
        #expect(all.count(of: color) - some.count(of: color) > 3 * 40 * 55)
        #expect(some.count(of: color) - none.count(of: color) > 2 * 40 * 80)
    }

    /// The picture is as wide as the sheet's content, and a box lies where it lies in the picture.
    @Test func theResultIsEnlargedWithItsBoxes() throws {
        let instance = DrawnInstance(
            box: Examples.box(24, 12, 72, 60), classIndex: 3, className: "rod", score: 0.5)
        let figure = ResultFigure(
            image: Examples.image, instances: [instance], leftOut: 0, parts: [], theme: .light)
        let picture = try figure.figure.image()
        let places = picture.places(of: Palette.okabeIto.color(ofClass: 3))
        let scale = 608.0 / 96
        let (left, right) = (places.map(\.x).min() ?? 0, places.map(\.x).max() ?? 0)
        // Half a line's width to each side.
        #expect(abs(Double(left) - (16 + 24 * scale)) < 4)
        #expect(abs(Double(right) - (16 + 72 * scale)) < 4)
    }

    /// The end of the colour map fills the mask, which lies in its box.
    @Test func theMaskIsShownIfThereIsOne() throws {
        let yellow = ColorMap.sequential.color(of: 1)
        // The last cells of the pooled map are yellow too.
        let with = try Examples.provenance().figure.image().count(of: yellow)
        let without = try Examples.provenance(hasMask: false).figure.image().count(of: yellow)
        #expect(with - without > 1000)
    }

    @Test func viewsStayInThePictureWherePossible() {
        let size = PixelSize(height: 100, width: 200)
        #expect(Examples.box(-30, 20, 30, 60).moved(into: size) == Examples.box(0, 20, 60, 60))
        #expect(Examples.box(180, 70, 240, 130).moved(into: size) == Examples.box(140, 40, 200, 100))
        // As high as the picture and wider.
        let wide = Examples.box(-50, 0, 250, 100)
        #expect(wide.moved(into: size) == wide)
    }

    @Test(arguments: [(0.7, "0.7"), (0.05, "0.05"), (1, "1"), (512, "512"), (0.5, "0.5"), (1e-7, "1.00e-07")])
    func settingsHaveNoZerosAtTheEnd(number: Double, expected: String) {
        #expect(setting(number) == expected)
    }

    /// Nothing that a model could give makes drawing fail.
    @Test func strangeNumbersAreHarmless() throws {
        let strange = Box(x1: .nan, y1: -.infinity, x2: 1e30, y2: 5)
        _ = try Examples.matching(positives: [strange]).figure.image()
        _ = try Examples.decoding(decoded: strange, clipped: strange).figure.image()
        _ = try Examples.classes([.nan, .infinity, -1]).figure.image()
        _ = try Examples.levels([(.nan, 2), (-1, 3), (.infinity, 9)]).figure.image()
        _ = try Examples.detections(scores: [.nan, 2], limit: 1).figure.image()
    }
}

extension Color {
    fileprivate func mixed(with other: Color, _ share: Double) -> Color {
        func mix(_ component: KeyPath<Color, Double>) -> Double {
            self[keyPath: component] * (1 - share) + other[keyPath: component] * share
        }
        return Color(red: mix(\.red), green: mix(\.green), blue: mix(\.blue))
    }
}

extension Image {
    /// The pixels of a colour, each channel within a tolerance.
    fileprivate func places(of color: Color, within tolerance: Int = 1) -> [(x: Int, y: Int)] {
        let (red, green, blue) = color.bytes
        let wanted = [Int(red), Int(green), Int(blue)]
        return (0..<width * height).compactMap { index in
            let isClose = (0..<3).allSatisfy {
                abs(Int(pixels[3 * index + $0]) - wanted[$0]) <= tolerance
            }
            return isClose ? (index % width, index / width) : nil
        }
    }

    fileprivate func count(of color: Color, within tolerance: Int = 1) -> Int {
        places(of: color, within: tolerance).count
    }
}

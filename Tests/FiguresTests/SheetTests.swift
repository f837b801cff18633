import Drawing
import Tensors
import TestSupport
import Testing

/// The kit that figures are made of. Expected values by hand.
struct SheetTests {
    @Test func ticksAreRoundNumbers() {
        #expect(Axis("", 0...10).ticks(about: 5) == [0, 2, 4, 6, 8, 10])
        #expect(Axis("", -1...1).ticks(about: 4) == [-1, -0.5, 0, 0.5, 1])
        expectClose(Axis("", 0.001...1, isLogarithmic: true).ticks(), [0.001, 0.01, 0.1, 1], relative: 1e-9)
        // Less than two powers of ten: their doubles and fivefolds as well.
        expectClose(Axis("", 0.3...6, isLogarithmic: true).ticks(), [0.5, 1, 2, 5], relative: 1e-9)
    }

    @Test func numbersHaveThreeDigits() {
        let expected: [(Double, String)] = [
            (0, "0"), (0.0312, "0.0312"), (2.449, "2.45"), (-17.28, "−17.3"), (1200, "1200"), (9.999, "10.0"),
            (0.999999, "1.00"), (99.97, "100"), (7, "7"), (1.5e7, "1.50e+07"), (.infinity, "∞"),
        ]
        for (number, text) in expected { #expect(figures(number) == text) }
    }

    @Test func anAxisPlacesNumbers() {
        let linear = Axis("", 10...30)
        #expect(linear.position(of: 10) == 0 && linear.position(of: 25) == 0.75)
        let logarithmic = Axis("", 0.01...100, isLogarithmic: true)
        #expect(abs(logarithmic.position(of: 1) - 0.5) < 1e-12)
    }

    @Test(arguments: [false, true])
    func anAxisOfOneNumberIsWidened(isLogarithmic: Bool) {
        let axis = Axis("", 2...2, isLogarithmic: isLogarithmic)
        #expect(axis.range.lowerBound < 2 && axis.range.upperBound > 2)
        #expect(abs(axis.position(of: 2) - 0.5) < 1e-12)
        let infinite = Axis("", 0...Double.infinity, isLogarithmic: isLogarithmic)
        #expect(infinite.range.upperBound == 1)
    }

    @Test func aSummaryHasTheChannelsFirst() {
        let map = Tensor(shape: [2, 3, 1], elements: [1, 2, 3, 4, 5, -9])
        let summary = TensorSummary("x", map: map)
        #expect(summary.shape == [1, 2, 3])
        #expect(summary.text == "x 1×2×3, min −9, mean 1, max 5")
        let regions = TensorSummary("y", map: Tensor(shape: [5, 2, 3, 4]))
        #expect(regions.shape == [5, 4, 2, 3])
        #expect(TensorSummary("z", table: Tensor(shape: [0, 4])).text == "z 0×4, min 0, mean 0, max 0")
    }

    /// A grid of three 100 × 50 pictures in two columns of 298 points: two rows of 149 points, each with a title of
    /// 18, and 12 between the rows.
    @Test func aGridIsAsHighAsItsRows() {
        let image = Image(width: 100, height: 50, pixels: [UInt8](repeating: 9, count: 15_000))
        let panels = ["a", "b", "c"].map { Panel($0, image, theme: .light) }
        let grid = Sheet.Block.grid(panels, columns: 2, theme: .light)
        #expect(grid.height == 2 * (18 + 149) + 12)
        let low = Sheet.Block.grid(panels, columns: 2, tallest: 40, theme: .light)
        #expect(low.height == 2 * (18 + 40) + 12)
    }

    /// Of 100 numbers, 95 are 1 and 5 are −50.
    @Test func aFewLargeNumbersNeedNotEndTheColours() {
        let values = (0..<100).map { Float($0 % 20 == 7 ? -50 : 1) }
        let map = HeatMap(values: values, width: 10, height: 10, isSigned: true)
        #expect(map.end == 50 && map.magnitude(ofShare: 0.9) == 1 && map.magnitude(ofShare: 0.95) == 50)
        let zeros = HeatMap(values: [0, 0, 0, 3], width: 2, height: 2, isSigned: false)
        #expect(zeros.magnitude(ofShare: 0.5) == 3)
    }

    /// Of an 8×8 map with three channels, the first varies only at the border, the second little, the third much.
    @Test func channelsAreChosenByTheirInterior() {
        let map = Tensor(
            shape: [8, 8, 3],
            elements: (0..<64).flatMap { index -> [Float] in
                let (y, x) = index.quotientAndRemainder(dividingBy: 8)
                let isBorder = x == 0 || y == 0 || x == 7 || y == 7
                return [isBorder ? Float(100 * x) : 5, Float(x % 2), Float(10 * (y % 2))]
            })
        #expect(map.mostVaryingChannels(2) == [2, 1])
        #expect(map.mostVaryingChannels(9) == [2, 1, 0])
    }

    /// An arrow to the right ends at its tip, and its head is wider than its line.
    @Test func anArrowEndsAtItsTip() throws {
        let figure = Figure(width: 40, height: 21) { canvas in
            canvas.fill(.white)
            canvas.arrow(from: Point(x: 2, y: 10.5), to: Point(x: 30, y: 10.5), Stroke(.black, width: 1))
            canvas.arrow(from: Point(x: 5, y: 5), to: Point(x: 5, y: 5), Stroke(.black))
            canvas.arrow(from: Point(x: 5, y: 5), to: Point(x: .nan, y: 5), Stroke(.black))
        }
        let picture = try figure.image()
        func isDark(_ x: Int, _ y: Int) -> Bool { picture.rgb(x, y)[0] < 200 }
        #expect(isDark(29, 10) && !isDark(31, 10))
        #expect(isDark(25, 8) && !isDark(15, 8))
        #expect(!isDark(5, 5))
    }

    /// Letters are made smaller down to nine points; what is too long even then ends with three dots.
    @Test func textStaysWithinItsWidth() throws {
        let figure = Figure(width: 120, height: 60) { canvas in
            canvas.fill(.white)
            let font = Font(size: 14)
            for (index, text) in ["short", "somewhat too long", "a great deal too long for that"].enumerated()
            {
                canvas.text(
                    text, at: Point(x: 10, y: 15 + 18 * Double(index)), font: font, within: 80, color: .black)
            }
        }
        let picture = try figure.image()
        for y in 0..<60 { for x in 91..<120 { #expect(picture.rgb(x, y) == [255, 255, 255]) } }
    }
}

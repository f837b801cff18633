import Drawing
import Foundation
import Tensors
import Testing

/// The ways out of a figure: pixels, whole files' bytes, or an error that says what is wrong.
struct FigureTests {
    private let figure = Figure(width: 40, height: 30) { canvas in
        canvas.fill(Color(hex: 0x336699))
        canvas.fill(Rectangle(x: 10, y: 10, width: 20, height: 10), Color(hex: 0xffcc00))
        canvas.text("Ag", at: Point(x: 12, y: 18), font: Font(size: 8), color: .black)
    }

    @Test func anSVGHasShapesTextAndPixelsForUnits() throws {
        let text = String(decoding: try figure.svg(), as: UTF8.self)
        #expect(text.contains("width=\"40px\" height=\"30px\" viewBox=\"0 0 40 30\""))
        #expect(text.contains("<rect x=\"10\" y=\"10\" width=\"20\" height=\"10\" fill=\"#ffcc00\"/>"))
        // DejaVu Sans's A and g are 1401 and 1300 of 2048 units wide: at 8 points 5.473 and 5.078.
        #expect(
            text.contains(
                "<text x=\"12\" y=\"18\" font-size=\"8\" textLength=\"10.551\" "
                    + "lengthAdjust=\"spacingAndGlyphs\" fill=\"#000000\">Ag</text>"))
        #expect(text.contains("font-family=\"'DejaVu Sans', 'Verdana', 'Arial', sans-serif\""))
        #expect(!text.contains("<title>") && !text.contains("<desc>"), "nothing to say")
        #expect(text.hasSuffix("</svg>\n"))
    }

    @Test func anSVGSaysWhatItIs() throws {
        var figure = figure
        figure.title = "A < B & \"C\"\u{1}"
        figure.summary = "What is seen."
        let text = String(decoding: try figure.svg(), as: UTF8.self)
        #expect(text.contains("<title>A &lt; B &amp; &quot;C&quot; </title>\n<desc>What is seen.</desc>"))
    }

    /// Groups, clips and gradients are there once, and what is clipped away is not written.
    @Test func anSVGHasGroups() throws {
        let figure = Figure(width: 40, height: 30) { canvas in
            canvas.clipped(to: Rectangle(x: 1, y: 2, width: 3, height: 4)) {
                canvas.rotated(by: 30, about: Point(x: 5, y: 6)) {
                    canvas.fill(circleAt: Point(x: 7, y: 8), radius: 2, Color.black.withOpacity(0.5))
                }
            }
            canvas.clipped(to: Rectangle(x: 20, y: 2, width: 3, height: 4)) {}
            canvas.fill(
                Path(polygon: [Point(x: 0, y: 0), Point(x: 9, y: 0), Point(x: 0, y: 9)]),
                .linearGradient(from: Point(x: 0, y: 0), to: Point(x: 9, y: 0), [.black, .white]))
            canvas.line(
                from: Point(x: 0.12345, y: -1), to: Point(x: 2, y: 3),
                Stroke(.black, width: 2, dashes: [4, 2], isRound: true))
        }
        let text = String(decoding: try figure.svg(), as: UTF8.self)
        for part in [
            "<clipPath id=\"clip1\"><rect x=\"1\" y=\"2\" width=\"3\" height=\"4\"/>",
            "<g clip-path=\"url(#clip1)\">",
            "<g transform=\"rotate(30 5 6)\">",
            "<circle cx=\"7\" cy=\"8\" r=\"2\" fill=\"#000000\" fill-opacity=\"0.5\"/>",
            "<linearGradient id=\"paint", "<stop offset=\"1\" stop-color=\"#ffffff\"/>",
            "<path d=\"M0 0L9 0L0 9Z\" fill=\"url(#paint",
            "<polyline points=\"0.123,-1 2,3\" fill=\"none\" stroke=\"#000000\" stroke-width=\"2\" "
                + "stroke-dasharray=\"4 2\" stroke-linecap=\"round\" stroke-linejoin=\"round\"/>",
        ] { #expect(text.contains(part), "\(part) in \(text)") }
        #expect(text.components(separatedBy: "<clipPath").count == 2)
        #expect(
            text.components(separatedBy: "<g").count == text.components(separatedBy: "</g>").count)
    }

    /// A way of painting that SVG lacks fails; it is not left out.
    @Test func anSVGThatWouldLackSomethingIsRefused() throws {
        let figure = Figure(width: 4, height: 4) { canvas in canvas.withinDrawn { canvas.fill(.white) } }
        #expect(throws: FigureError.self) { try figure.svg() }
        #expect(try !figure.pdf().isEmpty)
    }

    /// A map has as many pixels in the file as it has, drawn sharp; a photograph is in it once, however often drawn.
    @Test func picturesAreInAnSVGOnce() throws {
        var random = SeededGenerator(seed: 5)
        let noises = (0..<2).map { _ in
            Image(
                width: 40, height: 30,
                pixels: (0..<3600).map { _ in UInt8(truncatingIfNeeded: random.next()) })
        }
        func text(_ images: [Image], _ filter: ImageFilter) throws -> String {
            let figure = Figure(width: 100, height: 100) { canvas in
                for (index, image) in images.enumerated() {
                    let side = Double(30 + 8 * index)
                    canvas.draw(
                        image, in: Rectangle(x: 0, y: 0, width: side, height: side), filter: filter)
                }
            }
            return String(decoding: try figure.svg(), as: UTF8.self)
        }
        func count(_ part: String, in text: String) -> Int { text.components(separatedBy: part).count - 1 }
        let often = try text([noises[0], noises[1], noises[0], noises[0]], .bilinear)
        #expect(count("<image ", in: often) == 2)
        #expect(count("<use ", in: often) == 4, "drawn four times")
        let sharp = try text([noises[0]], .nearest)
        #expect(sharp.contains("image-rendering:pixelated") && sharp.contains("data:image/png"))
        // Noise takes as much room in a PNG as it has bytes: 40 · 30 · 3, and a third more in base 64.
        #expect((4800..<6500).contains(sharp.utf8.count))
    }

    @Test func aPDFIsTheSameEachTime() throws {
        let first = Data(try figure.pdf())
        #expect(first.starts(with: Data("%PDF-1.".utf8)))
        #expect(first.range(of: Data("%%EOF".utf8)) != nil)
        #expect(first.range(of: Data("CreationDate".utf8)) == nil)
        #expect(first == Data(try figure.pdf()))
    }

    /// A canvas that is kept must not write to what is gone when it goes at last.
    @Test(arguments: [false, true])
    func aCanvasMayOutliveItsFigure(fails: Bool) throws {
        var kept: Canvas?
        let oversized = Image(width: 1 << 16, height: 1, pixels: [UInt8](repeating: 0, count: 3 << 16))
        let figure = Figure(width: 40, height: 30) { canvas in
            kept = canvas
            // Cairo has no image that wide: the second figure fails while it is drawn.
            if fails { canvas.draw(oversized, in: canvas.bounds, filter: .bilinear) }
            canvas.fill(.white)
        }
        if fails {
            #expect(throws: FigureError.self) { try figure.pdf() }
        } else {
            #expect(try !figure.pdf().isEmpty)
        }
        kept?.fill(.black)
        kept = nil
    }

    @Test(arguments: [(0.0, 5.0), (-3, 5), (5, .nan), (.infinity, 5), (1e300, 5)])
    func impossibleSizesAreRefused(width: Double, height: Double) throws {
        let figure = Figure(width: width, height: height) { $0.fill(.white) }
        #expect(throws: FigureError.self) { try figure.image() }
        #expect(throws: FigureError.self) { try figure.svg() }
        #expect(throws: FigureError.self) { try figure.pdf() }
    }

    @Test(arguments: [(100_000.0, 5.0), (30_000, 30_000)])
    func tooManyPixelsAreRefused(width: Double, height: Double) throws {
        let figure = Figure(width: width, height: height) { $0.fill(.white) }
        let error = try #require(throws: FigureError.self) { try figure.image() }
        #expect(error.description == "figure: cannot draw \(width) × \(height) pixels")
        #expect(throws: FigureError.self) {
            try Figure(width: 5, height: 5) { _ in }.image(pixelsPerPoint: .nan)
        }
    }
}

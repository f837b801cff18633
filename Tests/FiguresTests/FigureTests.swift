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

    @Test func anSVGHasPathsAndPixelsForUnits() throws {
        let text = String(decoding: try figure.svg(), as: UTF8.self)
        #expect(text.contains("width=\"40px\" height=\"30px\" viewBox=\"0 0 40 30\""))
        // The yellow rectangle, in per cent.
        #expect(text.contains("fill:rgb(100%,80%,0%)") && text.contains("M 10 10 L 30 10 L 30 20 L 10 20 Z"))
        #expect(!text.contains("<text"), "letters are outlines, which need no font")
        #expect(text.hasSuffix("</svg>\n"))
    }

    /// Noise takes as much room in a PNG as it has bytes: 40 · 30 · 3, and a third more in base 64.
    @Test func aPhotographIsInAnSVGOnce() throws {
        var random = SeededGenerator(seed: 5)
        let noises = (0..<2).map { _ in
            Image(
                width: 40, height: 30,
                pixels: (0..<3600).map { _ in UInt8(truncatingIfNeeded: random.next()) })
        }
        func text(_ images: [Image]) throws -> String {
            let figure = Figure(width: 100, height: 100) { canvas in
                for (index, image) in images.enumerated() {
                    let side = Double(10 + 8 * index)
                    canvas.draw(
                        image, in: Rectangle(x: 0, y: 0, width: side, height: side), filter: .bilinear)
                }
            }
            return String(decoding: try figure.svg(), as: UTF8.self)
        }
        func pictures(_ text: String) -> Int { text.components(separatedBy: "data:image/png").count - 1 }
        let often = try text([noises[0], noises[1], noises[0], noises[0]])
        #expect(pictures(often) == 2)
        #expect(often.components(separatedBy: "<use ").count - 1 == 4, "drawn four times")
        #expect(try text([noises[0]]).utf8.count > 4800)
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
            #expect(throws: FigureError.self) { try figure.svg() }
        } else {
            #expect(try !figure.svg().isEmpty)
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

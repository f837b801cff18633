import Drawing
import Formats
import Foundation
import Tensors
import Testing

/// What each drawing call does to pixels, by hand: on a white canvas of 10 × 10 points, one pixel each.
struct CanvasTests {
    let red = Color(red: 1, green: 0, blue: 0)

    private func drawn(pixelsPerPoint: Double = 1, _ draw: @escaping (Canvas) -> Void) throws -> Image {
        try Figure(width: 10, height: 10) { canvas in
            canvas.fill(.white)
            draw(canvas)
        }.image(pixelsPerPoint: pixelsPerPoint)
    }

    @Test func rectanglesFillTheirPixels() throws {
        let image = try drawn { $0.fill(Rectangle(x: 2, y: 5, width: 3, height: 1), red) }
        for y in 0..<10 {
            for x in 0..<10 {
                let isInside = (2..<5).contains(x) && y == 5
                #expect(image.rgb(x, y) == (isInside ? [255, 0, 0] : [255, 255, 255]), "(\(x), \(y))")
            }
        }
    }

    @Test func aPointIsAsManyPixelsAsAsked() throws {
        let image = try drawn(pixelsPerPoint: 3) { $0.fill(Rectangle(x: 1, y: 0, width: 1, height: 1), red) }
        #expect(image.width == 30 && image.height == 30)
        #expect(image.rgb(2, 0) == [255, 255, 255])
        #expect(image.rgb(3, 0) == [255, 0, 0])
        #expect(image.rgb(5, 2) == [255, 0, 0])
        #expect(image.rgb(5, 3) == [255, 255, 255])
    }

    @Test func edgesAndOpacityMix() throws {
        // The left half of column 4 is not covered; half of red on white is (255, 127.5, 127.5).
        let half = try drawn { $0.fill(Rectangle(x: 4.5, y: 0, width: 3, height: 10), red) }
        expectClose(half.rgb(4, 3), [255, 128, 128], within: 1)
        #expect(half.rgb(5, 3) == [255, 0, 0])
        let faint = try drawn { $0.fill(Color(red: 1, green: 0, blue: 0, opacity: 0.25)) }
        expectClose(faint.rgb(0, 0), [255, 191, 191], within: 1)
    }

    @Test func aLineLiesOnBothSidesOfItsPath() throws {
        let stroke = Stroke(red, width: 2)
        let image = try drawn { $0.line(from: Point(x: 1, y: 4), to: Point(x: 9, y: 4), stroke) }
        for y in 0..<10 { #expect(image.rgb(5, y) == (y == 3 || y == 4 ? [255, 0, 0] : [255, 255, 255])) }
        #expect(image.rgb(0, 3) == [255, 255, 255], "an end is cut straight")
        let dashed = try drawn {
            $0.line(from: Point(x: 0, y: 4), to: Point(x: 10, y: 4), Stroke(red, width: 2, dashes: [3, 2]))
        }
        #expect((0..<10).map { dashed.rgb($0, 3)[1] == 0 ? "#" : "." }.joined() == "###..###..")
    }

    @Test func framesOutlineAndPolygonsFill() throws {
        let frame = try drawn { $0.stroke(Rectangle(x: 1.5, y: 1.5, width: 7, height: 7), Stroke(red)) }
        #expect(frame.rgb(1, 1) == [255, 0, 0] && frame.rgb(8, 8) == [255, 0, 0])
        #expect(frame.rgb(2, 2) == [255, 255, 255] && frame.rgb(0, 0) == [255, 255, 255])

        // Below the diagonal; the diagonal runs through the middle of its pixels.
        let corners = [Point(x: 0, y: 0), Point(x: 10, y: 10), Point(x: 0, y: 10)]
        let triangle = try drawn { $0.fill(polygon: corners, red) }
        #expect(triangle.rgb(2, 7) == [255, 0, 0] && triangle.rgb(7, 2) == [255, 255, 255])
        // Cairo counts 15 × 17 points of each pixel: a slanted edge is right to a fifteenth.
        expectClose(triangle.rgb(5, 5), [255, 128, 128], within: 17)
    }

    /// The red that a disc leaves is its area, π r².
    @Test func aDiscHasItsArea() throws {
        let image = try drawn { $0.fill(circleAt: Point(x: 5.3, y: 4.8), radius: 3.5, red) }
        let covered = stride(from: 1, to: image.pixels.count, by: 3)
            .reduce(0.0) { $0 + 1 - Double(image.pixels[$1]) / 255 }
        #expect(abs(covered - .pi * 3.5 * 3.5) < 0.3)
    }

    @Test func clippingAndTurningEndWithTheirBody() throws {
        let clipped = try drawn { canvas in
            canvas.clipped(to: Rectangle(x: 0, y: 0, width: 10, height: 2)) { canvas.fill(red) }
            canvas.fill(Rectangle(x: 9, y: 9, width: 1, height: 1), red)
        }
        #expect(clipped.rgb(5, 1) == [255, 0, 0] && clipped.rgb(5, 2) == [255, 255, 255])
        #expect(clipped.rgb(9, 9) == [255, 0, 0])

        // A quarter turn clockwise takes what is above the centre to its right.
        let turned = try drawn { canvas in
            canvas.rotated(by: 90, about: Point(x: 5, y: 5)) {
                canvas.fill(Rectangle(x: 4, y: 0, width: 2, height: 1), red)
            }
        }
        #expect(turned.rgb(9, 4) == [255, 0, 0] && turned.rgb(9, 5) == [255, 0, 0])
        #expect(turned.rgb(4, 0) == [255, 255, 255])
    }

    @Test func whatIsNotFiniteIsLeftOut() throws {
        let speck = image(1, 1, [0, 0, 0])
        let untouched = try drawn { canvas in
            canvas.fill(Rectangle(x: .nan, y: 0, width: 5, height: 5), red)
            canvas.line(from: Point(x: 0, y: 0), to: Point(x: .infinity, y: 5), Stroke(red))
            canvas.fill(circleAt: Point(x: 5, y: 5), radius: .nan, red)
            canvas.line(from: Point(x: 0, y: 0), to: Point(x: 9, y: 9), Stroke(red, width: .nan))
            canvas.text("x", at: Point(x: 5, y: .nan), font: Font(size: 9), color: red)
            canvas.text("x", at: Point(x: 5, y: 5), font: Font(size: .infinity), color: red)
            canvas.draw(
                speck, in: Rectangle(x: 0, y: .nan, width: 1, height: 1),
                filter: .nearest)
        }
        #expect(untouched.pixels.allSatisfy { $0 == 255 })
        let huge = try drawn { $0.fill(Rectangle(x: -1e300, y: -1e300, width: 2e300, height: 2e300), red) }
        #expect(huge.rgb(5, 5) == [255, 0, 0])
    }
}

/// Pictures within figures.
struct CanvasImageTests {
    @Test func nearestRepeatsPixels() throws {
        let source = image(2, 2, [255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 8, 7])
        let drawn = try Figure(width: 6, height: 6) { canvas in
            canvas.draw(source, in: Rectangle(x: 1, y: 1, width: 4, height: 4), filter: .nearest)
        }.image()
        #expect(drawn.rgb(0, 0) == [0, 0, 0])
        for (x, y) in [(1, 1), (2, 2)] { #expect(drawn.rgb(x, y) == [255, 0, 0]) }
        for (x, y) in [(3, 1), (4, 2)] { #expect(drawn.rgb(x, y) == [0, 255, 0]) }
        for (x, y) in [(1, 3), (2, 4)] { #expect(drawn.rgb(x, y) == [0, 0, 255]) }
        for (x, y) in [(3, 3), (4, 4)] { #expect(drawn.rgb(x, y) == [9, 8, 7]) }
        #expect(drawn.rgb(5, 5) == [0, 0, 0])
    }

    /// Two pixels, 0 and 200, drawn eight wide: pixel i's middle lies at (i + ½)/4 − ½ between the two middles,
    /// and beyond those the colour stays.
    @Test func bilinearEnlarges() throws {
        let source = image(2, 1, [0, 0, 0, 200, 200, 200])
        let drawn = try Figure(width: 8, height: 1) { $0.draw(source, in: $0.bounds, filter: .bilinear) }
            .image()
        for (x, expected) in [0, 0, 25, 75, 125, 175, 200, 200].enumerated() {
            expectClose(drawn.rgb(x, 0), [expected, expected, expected], within: 3)
        }
    }

    /// Eight columns, black and white by turns, drawn one wide: none is skipped.
    @Test func bilinearAveragesWhenItShrinks() throws {
        let source = image(8, 1, (0..<8).flatMap { [UInt8](repeating: $0 % 2 == 0 ? 0 : 255, count: 3) })
        let drawn = try Figure(width: 1, height: 1) { $0.draw(source, in: $0.bounds, filter: .bilinear) }
            .image()
        expectClose(drawn.rgb(0, 0), [128, 128, 128], within: 16)
    }

    @Test func anImageInItsOwnSizeIsCopied() throws {
        var generator = SeededGenerator(seed: 1)
        let source = image(
            31, 17, (0..<31 * 17 * 3).map { _ in UInt8.random(in: 0...255, using: &generator) })
        let drawn = try Figure(width: 31, height: 17) { $0.draw(source, in: $0.bounds, filter: .bilinear) }
            .image()
        #expect(drawn == source)
    }

    @Test func opacityIsNotMultipliedIn() throws {
        let overlay = TranslucentImage(width: 2, height: 1, pixels: [200, 0, 100, 128, 50, 60, 70, 0])
        let drawn = try Figure(width: 2, height: 1) { canvas in
            canvas.fill(.white)
            canvas.draw(overlay, in: canvas.bounds, filter: .nearest)
        }.image()
        // 128/255 of the colour and 127/255 of white.
        expectClose(drawn.rgb(0, 0), [227, 127, 177], within: 1)
        #expect(drawn.rgb(1, 0) == [255, 255, 255])
    }
}

/// The pinned font. Advances are from its `hmtx` table, in 2048ths of the size.
struct CanvasTextTests {
    @Test(arguments: [
        ("M", false, false, 1767.0), ("il", false, false, 1138), ("person 0.98", false, false, 12231),
        ("person 0.98", true, false, 13715), ("person 0.98", false, true, 13563), ("", false, false, 0),
    ])
    func extentsAreDejaVus(text: String, isBold: Bool, isMonospaced: Bool, units: Double) throws {
        let font = Font(size: 100, isBold: isBold, isMonospaced: isMonospaced)
        for pixelsPerPoint in [1.0, 10] {
            var drawn: TextExtents?
            _ = try Figure(width: 1, height: 1) { drawn = $0.extents(of: text, font: font) }
                .image(pixelsPerPoint: pixelsPerPoint)
            let extents = try #require(drawn)
            #expect(
                abs(extents.width - units / 20.48) < 0.1,
                "not DejaVu Sans: is the package fonts-dejavu-core installed?")
            #expect(abs(extents.ascent - 1901 / 20.48) < 0.1)
            #expect(abs(extents.descent - 483 / 20.48) < 0.1)
        }
    }

    /// DejaVu Sans's M leaves 201 units at its left, reaches to 1567, and is 1493 high.
    @Test(arguments: [
        TextAnchor(.leading, .baseline), TextAnchor(.center, .middle), TextAnchor(.trailing, .top),
    ])
    func theAnchorIsWhereItIsPut(anchor: TextAnchor) throws {
        let unit = 100 / 2048.0
        let image = try Figure(width: 300, height: 300) { canvas in
            canvas.fill(.white)
            canvas.text("M", at: Point(x: 150, y: 150), font: Font(size: 100), color: .black, anchor: anchor)
        }.image()
        let start =
            switch anchor.horizontal {
            case .leading: 150.0
            case .center: 150 - 1767 / 2 * unit
            case .trailing: 150 - 1767 * unit
            }
        let baseline =
            switch anchor.vertical {
            case .top: 150 + 1901 * unit
            case .middle: 150 + 1493 / 2 * unit
            case .baseline, .bottom: 150.0
            }
        let inked = (0..<300 * 300).filter { image.pixels[3 * $0] < 128 }
        let (columns, rows) = (inked.map { $0 % 300 }, inked.map { $0 / 300 })
        #expect(abs(Double(try #require(columns.min())) - (start + 201 * unit)) <= 1)
        #expect(abs(Double(try #require(columns.max())) + 1 - (start + 1567 * unit)) <= 1)
        #expect(abs(Double(try #require(rows.min())) - (baseline - 1493 * unit)) <= 1)
        #expect(abs(Double(try #require(rows.max())) + 1 - baseline) <= 1)
    }

    @Test func controlCharactersBecomeSpaces() {
        #expect("a\nb\u{0}c\u{202e}d\u{2028}é🙂".onOneLine == "a b c d é🙂")
    }
}

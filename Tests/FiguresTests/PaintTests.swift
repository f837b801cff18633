import Drawing
import Tensors
import Testing

/// Paths, gradients and layers: expected pixels by hand, on a canvas of 10 × 10 points, one pixel each.
struct PaintTests {
    private let square = [
        Point(x: 1, y: 1), Point(x: 9, y: 1), Point(x: 9, y: 9), Point(x: 1, y: 9),
    ]

    private func drawn(_ draw: @escaping (Canvas) -> Void) throws -> TranslucentImage {
        try Figure(width: 10, height: 10, draw: draw).translucentImage()
    }

    private func pixel(_ image: TranslucentImage, _ x: Int, _ y: Int) -> [UInt8] {
        Array(image.pixels[4 * (10 * y + x)..<4 * (10 * y + x) + 4])
    }

    @Test func aPartWithinAnotherIsAHole() throws {
        let image = try drawn { canvas in
            var path = Path(polygon: square)
            // In the same direction: holes need no other.
            path.append(
                Path(polygon: [
                    Point(x: 3, y: 3), Point(x: 7, y: 3), Point(x: 7, y: 7), Point(x: 3, y: 7),
                ]))
            canvas.fill(path, .color(.white))
        }
        #expect(pixel(image, 0, 0) == [0, 0, 0, 0])
        #expect(pixel(image, 2, 5) == [255, 255, 255, 255])
        #expect(pixel(image, 5, 5) == [0, 0, 0, 0])
    }

    @Test func coverageIsOpacityAndColoursAreWhole() throws {
        // Half a pixel of red is red of half the opacity, not dark red.
        let image = try drawn {
            $0.fill(Rectangle(x: 4.5, y: 0, width: 3, height: 10), Color(red: 1, green: 0, blue: 0))
        }
        let edge = pixel(image, 4, 5)
        #expect(edge[0] == 255 && edge[1] == 0 && edge[2] == 0)
        #expect((127...128).contains(edge[3]))
    }

    @Test func anEllipseCoversItsArea() throws {
        let image = try drawn {
            $0.fill(
                Path(ellipseAt: Point(x: 5, y: 5), radiusX: 4, radiusY: 2, angle: 90), .color(.black))
        }
        let opacities = stride(from: 3, to: 400, by: 4).map { Double(image.pixels[$0]) }
        // Curves become short straight lines inside the ellipse, at most a tenth of a pixel away from it.
        #expect(abs(opacities.reduce(0, +) / 255 - Double.pi * 8) < 0.8)
        #expect(pixel(image, 5, 1)[3] > 0 && pixel(image, 1, 5)[3] == 0, "turned upright")
    }

    @Test func withinDrawnChangesColoursOnly() throws {
        let half = Rectangle(x: 2.5, y: 2, width: 4, height: 4)
        let plain = try drawn { $0.fill(half, .black) }
        let painted = try drawn { canvas in
            canvas.fill(half, .black)
            canvas.withinDrawn { canvas.fill(.color(.white)) }
        }
        for y in 0..<10 {
            for x in 0..<10 {
                #expect(pixel(painted, x, y)[3] == pixel(plain, x, y)[3], "(\(x), \(y))")
            }
        }
        #expect(pixel(painted, 4, 4) == [255, 255, 255, 255])
    }

    @Test func gradientsPassThroughTheirColours() throws {
        let colors = [Color(hex: 0xff0000), Color(hex: 0x00ff00), Color(hex: 0x0000ff)]
        let linear = try drawn {
            $0.fill(.linearGradient(from: Point(x: 0.5, y: 0), to: Point(x: 8.5, y: 0), colors))
        }
        for (x, expected) in [(0, [255, 0, 0]), (2, [128, 128, 0]), (4, [0, 255, 0]), (9, [0, 0, 255])] {
            for (channel, value) in expected.enumerated() {
                #expect(abs(Int(pixel(linear, x, 7)[channel]) - value) <= 3, "x \(x)")
            }
        }
        let radial = try drawn {
            $0.fill(.radialGradient(center: Point(x: 0.5, y: 0.5), radius: 8, colors))
        }
        #expect(pixel(radial, 0, 0)[0] > 250 && pixel(radial, 0, 4)[1] > 250 && pixel(radial, 9, 9)[2] > 250)
    }

    @Test func aLayerIsClippedAndStandsForItself() throws {
        let image = try drawn { canvas in
            canvas.fill(Rectangle(x: 0, y: 0, width: 4, height: 10), .white)
            canvas.layer(in: Rectangle(x: 2, y: 0, width: 6, height: 10)) {
                canvas.fill(Rectangle(x: 6, y: 0, width: 4, height: 10), .white)
                // Only what the layer itself has drawn becomes black.
                canvas.withinDrawn { canvas.fill(.color(.black)) }
            }
        }
        #expect(pixel(image, 3, 5) == [255, 255, 255, 255])
        #expect(pixel(image, 7, 5) == [0, 0, 0, 255])
        #expect(pixel(image, 9, 5) == [0, 0, 0, 0])
    }

    @Test func originsMove() throws {
        let image = try drawn { canvas in
            canvas.withOrigin(at: Point(x: 3, y: 2)) {
                canvas.fill(Rectangle(x: 0, y: 0, width: 1, height: 1), .white)
            }
            canvas.fill(Rectangle(x: 0, y: 0, width: 1, height: 1), .black)
        }
        #expect(pixel(image, 3, 2) == [255, 255, 255, 255])
        #expect(pixel(image, 0, 0) == [0, 0, 0, 255])
    }

    @Test func pathsThatAreNotFiniteAreLeftOut() throws {
        let image = try drawn { canvas in
            canvas.fill(
                Path(polygon: [Point(x: 0, y: 0), Point(x: .nan, y: 3), Point(x: 5, y: 5)]), .color(.black))
            canvas.fill(Path(), .color(.black))
            canvas.stroke(Path(polygon: [Point(x: .infinity, y: 0)]), Stroke(.black))
        }
        #expect(image.pixels.allSatisfy { $0 == 0 })
    }
}

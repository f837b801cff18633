import Geometry
import Inference
import Testing

@Suite struct AnchorsTests {
    /// Corners rounded, strides measured, ratios outside.
    static let rounded = Profile.torchvision.conventions.anchors
    /// Nothing rounded, nominal strides, sizes outside.
    static let exact = Profile.detectron2.conventions.anchors

    struct Case: Decodable {
        struct Level: Decodable {
            var size: [Int], count: Int, step: Int, boxes: [[Double]], last: [Double]
        }
        var padded: [Int], levels: [Level]
    }

    // torchvision's AnchorGenerator.
    @Test func gridsAreTorchvisions() throws {
        let cases: [Case] = try Fixture.json("anchors")
        #expect(cases.count == 3)
        for example in cases {
            let padded = PixelSize(height: example.padded[0], width: example.padded[1])
            for (index, level) in example.levels.enumerated() {
                let grid = AnchorGrid(
                    shapes: AnchorShapes(
                        sizes: [Float(32 << index)], aspectRatios: [0.5, 1, 2], conventions: Self.rounded),
                    size: PixelSize(height: level.size[0], width: level.size[1]), nominalStride: 4 << index,
                    padded: padded, conventions: Self.rounded)
                #expect(grid.count == level.count)
                let sampled = stride(from: 0, to: grid.count, by: level.step).map { grid[$0] }
                #expect(sampled == level.boxes.map { Box($0) }, "level \(index) of \(padded)")
                #expect(grid.last == Box(level.last))
            }
        }
    }

    // 800 rows of pixels are 13 of p6, and 800 / 13 is 61.5…: neighbours are 61 pixels apart, not 64. By hand.
    @Test func measuredStrideOfSixthLevelIsRoundedDown() {
        func grid(_ conventions: Conventions.Anchors) -> AnchorGrid {
            AnchorGrid(
                shapes: AnchorShapes(sizes: [512], aspectRatios: [1], conventions: conventions),
                size: PixelSize(height: 13, width: 17), nominalStride: 64,
                padded: PixelSize(height: 800, width: 1088), conventions: conventions)
        }
        #expect(grid(Self.rounded).verticalStride == 61)
        #expect(grid(Self.rounded).horizontalStride == 64)
        #expect(grid(Self.exact).verticalStride == 64)
        #expect(grid(Self.rounded)[17 + 1] == Box(x1: -192, y1: -195, x2: 320, y2: 317))
    }

    // Half the sides of 32² … 512² at ratios ½ and 2: s/√2 and s/(2√2), and those rounded.
    @Test(
        arguments: [
            (32, 23, 11, 22.627417, 11.313708), (64, 45, 23, 45.254833, 22.627417),
            (128, 91, 45, 90.509666, 45.254833), (256, 181, 91, 181.019333, 90.509666),
            (512, 362, 181, 362.038666, 181.019333),
        ] as [(Float, Float, Float, Float, Float)])
    func shapesAreThePublishedOnes(
        size: Float, longRounded: Float, shortRounded: Float, long: Float, short: Float
    ) {
        func boxes(_ conventions: Conventions.Anchors) -> [Box] {
            AnchorShapes(sizes: [size], aspectRatios: [0.5, 1, 2], conventions: conventions).boxes
        }
        func centred(_ x: Float, _ y: Float) -> Box { Box(x1: -x, y1: -y, x2: x, y2: y) }
        #expect(
            boxes(Self.rounded) == [
                centred(longRounded, shortRounded), centred(size / 2, size / 2),
                centred(shortRounded, longRounded),
            ])
        for (found, expected) in zip(
            boxes(Self.exact), [centred(long, short), centred(size / 2, size / 2), centred(short, long)])
        {
            #expect(abs(found.x2 - expected.x2) <= 1e-6 * size && abs(found.y2 - expected.y2) <= 1e-6 * size)
            #expect(found.x1 == -found.x2 && found.y1 == -found.y2)
        }
    }

    // Half of 5 and 7 lies between two integers; half of 9 too. Ties go to the even one.
    @Test func roundingTiesGoToEven() {
        let boxes = AnchorShapes(sizes: [5, 7, 9], aspectRatios: [1], conventions: Self.rounded).boxes
        #expect(boxes == [2, 4, 4].map { Box(x1: -$0, y1: -$0, x2: $0, y2: $0) })
    }

    @Test func orderOfSizesAndRatiosIsAConvention() {
        let sizes: [Float] = [32, 64], ratios: [Float] = [0.25, 1]
        func widths(_ ratiosAreOuter: Bool) -> [Float] {
            var conventions = Self.exact
            conventions.ratiosAreOuter = ratiosAreOuter
            return AnchorShapes(sizes: sizes, aspectRatios: ratios, conventions: conventions).boxes.map(
                \.width)
        }
        #expect(widths(true) == [64, 128, 32, 64])
        #expect(widths(false) == [64, 32, 128, 64])
    }

    @Test func gridRunsOverShapesThenColumnsThenRows() {
        let grid = AnchorGrid(
            shapes: AnchorShapes(sizes: [2], aspectRatios: [1, 4], conventions: Self.exact),
            size: PixelSize(height: 2, width: 3), nominalStride: 16,
            padded: PixelSize(height: 32, width: 48), conventions: Self.exact)
        let shapes: [Box] = [Box(x1: -1, y1: -1, x2: 1, y2: 1), Box(x1: -0.5, y1: -2, x2: 0.5, y2: 2)]
        var expected: [Box] = []
        for y: Float in [0, 16] {
            for x: Float in [0, 16, 32] {
                for shape in shapes {
                    expected.append(
                        Box(x1: x + shape.x1, y1: y + shape.y1, x2: x + shape.x2, y2: y + shape.y2))
                }
            }
        }
        #expect(Array(grid) == expected)
        #expect(grid[grid.startIndex] == grid.first)
    }

    @Test func aSinglePositionHasItsAnchorsAtTheOrigin() {
        let grid = AnchorGrid(
            shapes: AnchorShapes(sizes: [512], aspectRatios: [1], conventions: Self.rounded),
            size: PixelSize(height: 1, width: 1), nominalStride: 64,
            padded: PixelSize(height: 32, width: 32), conventions: Self.rounded)
        #expect(Array(grid) == [Box(x1: -256, y1: -256, x2: 256, y2: 256)])
    }
}

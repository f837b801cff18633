import Drawing
import Figures
import Formats
import Foundation
import Geometry
import Tensors
import Testing

struct MaskPaintingTests {
    /// A 5 × 3 mask of ones on black, at (1, 1), half white inside and white in an outline one pixel wide: the
    /// pixels at its edge are the outline, the three in the middle row are the inside.
    @Test func outlineLiesAlongTheEdge() {
        var picture = image(7, 5, [UInt8](repeating: 0, count: 7 * 5 * 3))
        let mask = mask(x: 1, y: 1, width: 5, height: 3, bits: [UInt8](repeating: 1, count: 15))
        picture.paint(mask, MaskStyle(color: .white, fill: 0.5, outline: 1, outlineWidth: 1))
        let found = (0..<5).map { y in (0..<7).map { picture.rgb($0, y)[1] } }
        #expect(
            found == [
                [0, 0, 0, 0, 0, 0, 0],
                [0, 255, 255, 255, 255, 255, 0],
                [0, 255, 128, 128, 128, 255, 0],
                [0, 255, 255, 255, 255, 255, 0],
                [0, 0, 0, 0, 0, 0, 0],
            ])
    }

    /// Colour (100, 200, 50) at a quarter on (40, 40, 40) is 40 + (60, 160, 10)/4, rounded.
    @Test func insideIsMixedWithThePicture() {
        var picture = image(3, 1, [UInt8](repeating: 40, count: 9))
        let mask = mask(x: 0, y: 0, width: 3, height: 1, bits: [0, 7, 0])
        let color = Color(red: 100 / 255, green: 200 / 255, blue: 50 / 255)
        picture.paint(mask, MaskStyle(color: color, fill: 0.25, outline: 0.25, outlineWidth: 0))
        #expect(picture.rgb(0, 0) == [40, 40, 40] && picture.rgb(2, 0) == [40, 40, 40])
        expectClose(picture.rgb(1, 0), [55, 80, 43], within: 1)
    }

    /// A mask of a larger picture than the one it is painted on.
    @Test func onlyThePartInThePictureIsPainted() {
        let style = MaskStyle(color: .white, fill: 1, outline: 1, outlineWidth: 1)
        let black = image(4, 4, [UInt8](repeating: 0, count: 48))
        var picture = black
        // Columns and rows from 1 and 2 to the end of a region that reaches beyond on two sides; its bit at
        // (x, y) is set where x + y is even, counted from the region's corner.
        let bits = (0..<80).map { UInt8(($0 % 8 + $0 / 8) % 2 == 0 ? 1 : 0) }
        picture.paint(mask(x: 1, y: 2, width: 8, height: 10, bits: bits), style)
        let found = (0..<4).map { y in (0..<4).map { picture.rgb($0, y)[0] / 255 } }
        #expect(found == [[0, 0, 0, 0], [0, 0, 0, 0], [0, 1, 0, 1], [0, 0, 1, 0]])

        for (x, y) in [(4, 0), (0, 4), (9, 9)] {
            picture = black
            picture.paint(mask(x: x, y: y, width: 1, height: 1, bits: [1]), style)
            #expect(picture == black, "a mask at (\(x), \(y))")
        }
        picture.paint(mask(x: 1, y: 1, width: 0, height: 2, bits: []), style)
        #expect(picture == black)
    }

    private func mask(x: Int, y: Int, width: Int, height: Int, bits: [UInt8]) -> InstanceMask {
        InstanceMask(
            imageSize: PixelSize(height: 20, width: 20),
            region: PixelRegion(x: x, y: y, width: width, height: height), bits: bits)
    }
}

/// Labels of 30 × 10 in a frame of 200 × 100, by hand.
struct LabelLayoutTests {
    private let frame = Rectangle(x: 0, y: 0, width: 200, height: 100)

    private func place(_ layout: inout LabelLayout, _ box: Rectangle) -> Rectangle? {
        layout.place(width: 30, height: 10, at: box)?.plate
    }

    @Test func aboveInsideOrBelow() {
        var layout = LabelLayout(frame: frame)
        let box = Rectangle(x: 50, y: 40, width: 60, height: 30)
        #expect(place(&layout, box) == Rectangle(x: 50, y: 30, width: 30, height: 10))
        #expect(place(&layout, box) == Rectangle(x: 80, y: 30, width: 30, height: 10))
        #expect(place(&layout, box) == Rectangle(x: 50, y: 40, width: 30, height: 10))
        #expect(place(&layout, box) == Rectangle(x: 80, y: 40, width: 30, height: 10))
        #expect(place(&layout, box) == Rectangle(x: 50, y: 70, width: 30, height: 10))
    }

    @Test func neverBeyondTheFrame() {
        var layout = LabelLayout(frame: frame)
        let corner = Rectangle(x: 190, y: -20, width: 50, height: 25)
        #expect(place(&layout, corner) == Rectangle(x: 170, y: 0, width: 30, height: 10))
        var small = LabelLayout(frame: Rectangle(x: 0, y: 0, width: 29, height: 100))
        #expect(place(&small, corner) == nil)
    }

    @Test func smallObjectsStayVisible() {
        let (lower, upper) = (
            Rectangle(x: 50, y: 40, width: 6, height: 6), Rectangle(x: 52, y: 30, width: 6, height: 6)
        )
        var layout = LabelLayout(frame: frame, smallBoxes: [lower, upper])
        // Above at the left and inside would hide the upper or the lower one; above at the right too.
        let found = place(&layout, lower)
        #expect(found == Rectangle(x: 50, y: 46, width: 30, height: 10))
    }

    @Test func aCrowdedLabelMovesAwayOrIsLeftOut() throws {
        var layout = LabelLayout(frame: frame)
        let box = Rectangle(x: 90, y: 50, width: 4, height: 4)
        var plates: [Rectangle] = []
        var attached = 0
        while let placement = layout.place(width: 30, height: 10, at: box) {
            plates.append(placement.plate)
            attached += placement.isAttached ? 1 : 0
            try #require(plates.count < 100)
        }
        #expect(attached >= 2 && attached < plates.count)
        // Labels may take three tenths of the frame: 20 of them.
        #expect(plates.count <= 20 && plates.count >= 6)
        for (index, plate) in plates.enumerated() {
            #expect(plate.intersection(frame) == plate)
            let covered = plates[..<index].reduce(0) { $0 + $1.intersection(plate).area }
            #expect(covered <= 0.15 * plate.area)
        }
    }
}

struct DetectionOverlayTests {
    /// The picture of a small scene, against one that was looked at by eye. On failure the new picture and the
    /// difference are written, and named: a change that is meant replaces the golden picture by the new one.
    @Test func goldenPicture() throws {
        let golden = try #require(Bundle.module.resourceURL)
            .appendingPathComponent("Fixtures/detection-overlay.png").path
        let drawn = try Self.scene().image()
        try expectSamePicture(drawn, goldenAt: golden)
    }

    @Test func pixelsAwayFromInstancesStay() throws {
        let picture = Self.picture(width: 160, height: 120)
        let instance = DrawnInstance(
            box: Box(x1: 100, y1: 80, x2: 140, y2: 110), classIndex: 1, className: "cup", score: 0.5)
        let drawn = try DetectionOverlay(image: picture, instances: [instance]).figure.image()
        #expect(drawn.width == 160 && drawn.height == 120)
        for y in 0..<60 { for x in 0..<160 { #expect(drawn.rgb(x, y) == picture.rgb(x, y)) } }
        #expect(drawn != picture)
        #expect(try DetectionOverlay(image: picture, instances: []).figure.image() == picture)
    }

    @Test func thePartsCanBeLeftOut() throws {
        let picture = Self.picture(width: 160, height: 120)
        var options = DetectionOverlay.Options()
        (options.showsBoxes, options.showsMasks, options.showsLabels) = (false, false, false)
        let region = PixelRegion(x: 10, y: 10, width: 50, height: 50)
        let mask = InstanceMask(
            imageSize: PixelSize(height: 120, width: 160), region: region,
            bits: [UInt8](repeating: 1, count: 2500))
        let instance = DrawnInstance(
            box: region.box, classIndex: 2, className: "cup", score: 0.5, mask: mask)
        let bare = DetectionOverlay(image: picture, instances: [instance], options: options)
        #expect(try bare.figure.image() == picture)
        options.showsMasks = true
        let masked = try DetectionOverlay(image: picture, instances: [instance], options: options).figure
            .image()
        #expect(masked.rgb(35, 35) != picture.rgb(35, 35))
        #expect(masked.rgb(9, 35) == picture.rgb(9, 35) && masked.rgb(60, 35) == picture.rgb(60, 35))
    }

    /// Two shoulders of a person are joined; the same two points among 16 are not known to be shoulders.
    @Test(arguments: [(17, true), (16, false), (18, false)])
    func peopleHaveASkeleton(count: Int, isJoined: Bool) throws {
        let picture = Self.picture(width: 160, height: 120)
        var keypoints = [Keypoint](repeating: Keypoint(x: .nan, y: .nan, score: 1), count: count)
        keypoints[PersonKeypoint.leftShoulder.rawValue] = Keypoint(x: 120, y: 60, score: 1)
        keypoints[PersonKeypoint.rightShoulder.rawValue] = Keypoint(x: 40, y: 60, score: 1)
        let nowhere = Box(x1: .nan, y1: 0, x2: 1, y2: 1)
        let person = DrawnInstance(
            box: nowhere, classIndex: 1, className: "person", score: 1, keypoints: keypoints)
        let drawn = try DetectionOverlay(image: picture, instances: [person]).figure.image()
        #expect(drawn.rgb(120, 60) == [255, 255, 255] && drawn.rgb(40, 60) == [255, 255, 255])
        #expect((drawn.rgb(80, 60) != picture.rgb(80, 60)) == isJoined)
    }

    /// The order in which instances come does not matter, unless scores are equal.
    @Test func orderDoesNotMatter() throws {
        let (picture, instances) = (Self.picture(width: 320, height: 240), Self.instances())
        let forward = try DetectionOverlay(image: picture, instances: instances).figure.image()
        let backward = try DetectionOverlay(image: picture, instances: instances.reversed()).figure.image()
        #expect(forward == backward)
    }

    @Test func hostileInstancesAreDrawnOrLeftOut() throws {
        let picture = Self.picture(width: 64, height: 48)
        let numbers = [
            Float.nan, .infinity, -.infinity, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 0, -5, 30,
            1e9,
        ]
        var generator = SeededGenerator(seed: 9)
        let names = [
            "", "\u{0}", "a\nb", String(repeating: "m", count: 100_000),
            "e" + String(repeating: "\u{301}", count: 5000),
            "\u{202e}cup", "%s%n", "<svg>&", "🙂",
        ]
        let instances = (0..<300).map { index in
            func number() -> Float { numbers[Int.random(in: numbers.indices, using: &generator)] }
            return DrawnInstance(
                box: Box(x1: number(), y1: number(), x2: number(), y2: number()),
                classIndex: [Int.min, -1, 0, 5, .max][index % 5], className: names[index % names.count],
                score: Double(number()),
                keypoints: (0..<index % 20).map { _ in Keypoint(x: number(), y: number(), score: number()) })
        }
        var options = DetectionOverlay.Options()
        for scale in [1, .nan, 0, 1e300] {
            options.scale = scale
            options.minimumKeypointScore = Float(scale)
            let figure = DetectionOverlay(image: picture, instances: instances, options: options).figure
            let drawn = try figure.image()
            #expect(drawn.width == 64 && drawn.height == 48)
        }
        let pixel = image(1, 1, [1, 2, 3])
        #expect(try DetectionOverlay(image: pixel, instances: instances).figure.image().width == 1)
    }

    @Test(arguments: [
        ("person", "person"), ("  hot\ndog ", "hot dog"), ("", "class 4"), ("\u{0}\u{7}", "class 4"),
        (String(repeating: "x", count: 40), String(repeating: "x", count: 31) + "…"),
        (String(repeating: "x", count: 32), String(repeating: "x", count: 32)),
    ])
    func namesAreShort(name: String, expected: String) {
        let instance = DrawnInstance(
            box: Box(x1: 0, y1: 0, x2: 1, y2: 1), classIndex: 4, className: name, score: 1)
        #expect(DetectionOverlay.shortName(of: instance) == expected)
    }

    @Test(arguments: [
        (0.984, "0.98"), (0.999, "1.00"), (0.05, "0.05"), (0, "0.00"), (12.3, "12.30"), (-0.5, "−0.50"),
        (-0.001, "0.00"), (.nan, ""), (.infinity, ""), (1e300, ""),
    ])
    func scoresHaveTwoDecimals(score: Double, expected: String) {
        #expect(DetectionOverlay.text(ofScore: score) == expected)
    }
}

// The scene of the golden picture.
extension DetectionOverlayTests {
    /// Light at the top left, dark at the bottom right.
    static func picture(width: Int, height: Int) -> Image {
        var pixels: [UInt8] = []
        for y in 0..<height {
            for x in 0..<width {
                let fall = 180 * (x + y) / (width + height)
                pixels += [UInt8(230 - fall), UInt8(235 - fall), UInt8(220 - fall / 2)]
            }
        }
        return Image(width: width, height: height, pixels: pixels)
    }

    static func instances() -> [DrawnInstance] {
        let places = [
            (100, 60), (104, 56), (96, 56), (108, 58), (92, 58), (120, 90), (80, 90), (130, 120),
        ]
        var first = disc(x: 100, y: 120, radius: 80, classIndex: 1, "person", 0.993)
        // The left ear has no score to speak of; from the right elbow on the places are not known.
        first.keypoints = PersonKeypoint.allCases.map { keypoint in
            guard places.indices.contains(keypoint.rawValue) else {
                return Keypoint(x: .nan, y: .nan, score: 1)
            }
            let place = places[keypoint.rawValue]
            return Keypoint(x: Float(place.0), y: Float(place.1), score: keypoint == .leftEar ? 0 : 1)
        }
        return [
            first,
            disc(x: 170, y: 130, radius: 50, classIndex: 1, "person", 0.91),
            disc(x: 290, y: 40, radius: 50, classIndex: 4, "traffic light", 0.77),
            disc(x: 240, y: 200, radius: 9, classIndex: 3, "bird", 0.64),
            disc(x: 256, y: 204, radius: 8, classIndex: 3, "bird", 0.52),
            DrawnInstance(
                box: Box(x1: 40, y1: 150, x2: 90, y2: 235), classIndex: 6, className: "chair", score: 0.6),
        ]
    }

    static func scene() -> Figure {
        var options = DetectionOverlay.Options()
        options.minimumKeypointScore = 0.5
        return DetectionOverlay(
            image: picture(width: 320, height: 240), instances: instances(), options: options
        ).figure
    }

    private static func disc(
        x: Int, y: Int, radius: Int, classIndex: Int, _ name: String, _ score: Double
    ) -> DrawnInstance {
        let side = 2 * radius
        let bits = (0..<side * side).map { index -> UInt8 in
            let (dx, dy) = (2 * (index % side) + 1 - side, 2 * (index / side) + 1 - side)
            return dx * dx + dy * dy <= side * side ? 1 : 0
        }
        // The part of the disc that lies in the picture.
        let whole = PixelRegion(x: x - radius, y: y - radius, width: side, height: side)
        let region = whole.intersection(with: PixelRegion(x: 0, y: 0, width: 320, height: 240))
        let visible = bits.indices.filter {
            (region.x..<region.x + region.width).contains(whole.x + $0 % side)
                && (region.y..<region.y + region.height).contains(whole.y + $0 / side)
        }
        let mask = InstanceMask(
            imageSize: PixelSize(height: 240, width: 320), region: region, bits: visible.map { bits[$0] })
        return DrawnInstance(
            box: whole.box, classIndex: classIndex, className: name, score: score, mask: mask)
    }
}

/// Expects a picture to look like the golden one: the mean difference is below half a step of 255, and less
/// than one in 500 samples differs by more than 24, which versions of FreeType and Pixman may do at edges.
func expectSamePicture(
    _ found: Image, goldenAt path: String, sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let golden = try Image(contentsOf: path)
    let difference = PictureDifference(found, golden)
    if difference.isTolerable { return }
    let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("golden-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let drawn = folder.appendingPathComponent("drawn.png").path
    // In a palette, as golden pictures are kept.
    try found.writeReducedPNG(to: drawn)
    guard difference.hasSameSize else {
        Issue.record(
            "\(found.width) × \(found.height) pixels instead of \(golden.width) × \(golden.height): compare \(drawn) with \(path)",
            sourceLocation: sourceLocation)
        return
    }
    let seen = folder.appendingPathComponent("difference.png").path
    let amplified = difference.samples.map { UInt8(min(4 * $0, 255)) }
    try Image(width: found.width, height: found.height, pixels: amplified).writePNG(to: seen)
    Issue.record(
        "mean difference \(difference.mean), \(difference.far) samples far off: compare \(drawn) with \(path), and see \(seen)",
        sourceLocation: sourceLocation)
}

/// How two pictures differ, sample by sample.
struct PictureDifference {
    let hasSameSize: Bool
    /// The absolute difference of every sample, from 0 to 255.
    let samples: [Int]

    /// Golden pictures are kept in palettes. What is found is brought into the golden picture's colours first, by the
    /// nearest of them: then the same drawing does not differ at all, and another one differs as it would without.
    init(_ found: Image, _ golden: Image) {
        hasSameSize = found.width == golden.width && found.height == golden.height
        let colors = GoldenPalette(golden)
        samples = zip(colors.map(found.pixels) ?? found.pixels, golden.pixels).map { abs(Int($0) - Int($1)) }
    }

    var mean: Double { Double(samples.reduce(0, +)) / Double(max(samples.count, 1)) }
    /// How many samples differ by more than versions of Cairo and of its fonts make them.
    var far: Int { samples.count { $0 > 24 } }
    /// Half a level on average, and one sample of 500 far off.
    var isTolerable: Bool { hasSameSize && mean < 0.5 && far * 500 < samples.count }
}

/// The colours of a picture that has no more than a palette holds.
private struct GoldenPalette {
    private let colors: [(red: Int, green: Int, blue: Int)]?

    init(_ image: Image) {
        var keys = Set<Int>()
        for byte in stride(from: 0, to: image.pixels.count, by: 3) {
            keys.insert(
                Int(image.pixels[byte]) << 16 | Int(image.pixels[byte + 1]) << 8 | Int(image.pixels[byte + 2])
            )
        }
        colors = keys.count <= 256 ? keys.sorted().map { ($0 >> 16, $0 >> 8 & 0xff, $0 & 0xff) } : nil
    }

    /// The nearest colour of every pixel; nil for a picture with too many colours.
    func map(_ pixels: [UInt8]) -> [UInt8]? {
        guard let colors else { return nil }
        var known: [Int: Int] = [:]
        var mapped = pixels
        for byte in stride(from: 0, to: pixels.count - 2, by: 3) {
            let (red, green, blue) = (Int(pixels[byte]), Int(pixels[byte + 1]), Int(pixels[byte + 2]))
            let key = red << 16 | green << 8 | blue
            let index =
                known[key]
                ?? {
                    func distance(_ index: Int) -> Int {
                        let color = colors[index]
                        let (r, g, b) = (color.red - red, color.green - green, color.blue - blue)
                        return r * r + g * g + b * b
                    }
                    return colors.indices.min { distance($0) < distance($1) } ?? 0
                }()
            known[key] = index
            mapped[byte] = UInt8(colors[index].red)
            mapped[byte + 1] = UInt8(colors[index].green)
            mapped[byte + 2] = UInt8(colors[index].blue)
        }
        return mapped
    }
}

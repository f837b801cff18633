import Drawing
import Figures
import Foundation
import Geometry
import Tensors
import Testing

/// Figures 17, 18, 19, 21 and 23: what the heads of single regions put out.
struct MaskFigureTests {
    private static let picture = DetectionOverlayTests.picture(width: 120, height: 90)

    /// Four by four probabilities with a block of ones.
    private static func block(_ size: Int) -> HeatMap {
        HeatMap(
            values: (0..<16).map { $0 / 4 < size && $0 % 4 < size ? 1 : 0 }, width: 4, height: 4,
            isSigned: false, limit: 1)
    }

    private func channels(_ count: Int, predicted: Int) -> Figure {
        MaskChannelsFigure(
            picture: Self.picture, box: Box(x1: 20, y1: 10, x2: 80, y2: 70),
            channels: (0..<count).map {
                MaskChannelsFigure.Channel(
                    name: "class \($0)", map: Self.block($0 % 4), probability: 0.25,
                    isPredicted: $0 == predicted)
            }, classCount: count, subject: "a detection", theme: .light
        ).figure
    }

    /// The frame moves with the predicted class; nothing else changes.
    @Test func thePredictedClassIsFramed() throws {
        let (first, second) = (try channels(3, predicted: 0).image(), try channels(3, predicted: 1).image())
        let changed = (0..<first.width).filter { x in
            (0..<first.height).contains { first.rgb(x, $0) != second.rgb(x, $0) }
        }
        // The first panel, with the picture, is 112 points wide; then come the channels, 12 points apart.
        let left = try #require(changed.min()), right = try #require(changed.max())
        #expect((136...140).contains(left) && (374...382).contains(right))
    }

    /// Rows of five: a sixth panel needs a second row.
    @Test func rowsOfFive() throws {
        let four = try channels(4, predicted: 0).image(), five = try channels(5, predicted: 0).image()
        #expect(five.height > four.height + 100)
    }

    /// Two classes with logits 2 and 2 share each pixel: a sigmoid sets all four pixels, the softmax none.
    static func competition() -> Figure {
        func entry(_ name: String, _ logits: [Float], _ softmax: [Float]) -> SigmoidSoftmaxFigure.Class {
            SigmoidSoftmaxFigure.Class(
                name: name, logits: logits, sigmoid: logits.map { 1 / (1 + exp(-$0)) }, softmax: softmax)
        }
        return SigmoidSoftmaxFigure(
            [
                entry("disc", [2, 2, 2, -2], [0.47, 0.8, 0.47, 0.1]),
                entry("ring", [2, 0, 2, -2], [0.47, 0.1, 0.47, 0.1]),
            ], side: 2, channelCount: 3, trained: .sigmoid, subject: "a detection", theme: .light
        ).figure
    }

    @Test func goldenCompetition() throws {
        try expectSamePicture(try Self.competition().image(), goldenAt: goldenPath("sigmoid-softmax"))
    }

    private static func subject(_ box: Box, region: PixelRegion) -> PastingFigure.Subject {
        let area = region.width * region.height
        let values = (0..<area).map { Float($0 % region.width) / Float(max(region.width - 1, 1)) }
        return PastingFigure.Subject(
            name: "disc", classIndex: 5, box: box, probabilities: block(2),
            enlarged: HeatMap(
                values: values, width: region.width, height: region.height, isSigned: false, limit: 1),
            region: region,
            mask: InstanceMask(
                imageSize: PixelSize(height: 90, width: 120), region: region,
                bits: values.map { $0 >= 0.5 ? 1 : 0 }))
    }

    static func pasting() -> Figure {
        let large = subject(
            Box(x1: 20, y1: 10, x2: 80, y2: 70), region: PixelRegion(x: 19, y: 9, width: 62, height: 62))
        let small = subject(
            Box(x1: 90, y1: 40, x2: 100, y2: 80), region: PixelRegion(x: 89, y: 39, width: 12, height: 42))
        return PastingFigure(
            picture: picture, subject: large, others: [small], threshold: 0.5, theme: .dark
        ).figure
    }

    @Test func goldenPasting() throws {
        try expectSamePicture(try Self.pasting().image(), goldenAt: goldenPath("pasting"))
    }

    /// Without other detections the question after m × m has nothing to show and is left out.
    @Test func othersAreOptional() throws {
        let large = Self.subject(
            Box(x1: 20, y1: 10, x2: 80, y2: 70), region: PixelRegion(x: 19, y: 9, width: 62, height: 62))
        func height(_ others: [PastingFigure.Subject]) -> Double {
            PastingFigure(
                picture: Self.picture, subject: large, others: others, threshold: 0.5, theme: .light
            ).figure.height
        }
        #expect(height([large]) > height([]) + 100)
    }

    /// Each keypoint's circle lies in its own map, where the place is in the box: here in the middle of the first.
    @Test func keypointsAreMarkedInTheirMaps() throws {
        func figure(_ x: Float) throws -> Image {
            let box = Box(x1: 20, y1: 10, x2: 60, y2: 50)
            let place = Keypoint(x: x, y: 30, score: 3)
            return try KeypointsFigure(
                picture: Self.picture,
                person: DrawnInstance(
                    box: box, classIndex: 1, className: "person", score: 1, keypoints: [place]),
                maps: [
                    KeypointsFigure.Map(
                        name: "nose",
                        logits: HeatMap(
                            values: [Float](repeating: 1, count: 16), width: 4, height: 4, isSigned: true),
                        place: place)
                ], enlarged: PixelSize(height: 40, width: 40), scoreName: "logit", subject: "A person",
                theme: .light
            ).figure.image()
        }
        let (middle, right) = (try figure(40), try figure(55))
        // Maps in rows of six are 94.7 points wide; the middle of the last row is 174 points above the end.
        func changes(_ columns: Range<Int>) -> Bool {
            (middle.height - 195..<middle.height - 155).contains { y in
                columns.contains { middle.rgb($0, y) != right.rgb($0, y) }
            }
        }
        #expect(changes(58..<69) && !changes(120..<600))
    }

    /// Sampled background and sampled objects are in different drawings.
    @Test func targetsSeparateObjectsFromBackground() throws {
        func figure(_ background: [Box]) throws -> Image {
            try TargetsFigure(
                picture: Self.picture,
                objects: [
                    TargetsFigure.Object(
                        name: "disc", classIndex: 2, box: Box(x1: 20, y1: 20, x2: 50, y2: 50), mask: nil)
                ],
                regions: [
                    TargetsFigure.Region(
                        box: Box(x1: 22, y1: 20, x2: 52, y2: 50), object: 0, overlap: 0.8,
                        target: Self.block(3))
                ], shown: [0], backgrounds: background,
                counts: TargetsFigure.Counts(
                    candidates: 20, matched: 1, limit: 512, objectShare: 0.25, threshold: 0.5),
                source: "Drawn.", theme: .light
            ).figure.image()
        }
        let one = Box(x1: 80, y1: 60, x2: 110, y2: 80), other = Box(x1: 70, y1: 60, x2: 110, y2: 80)
        let (first, second) = (try figure([one]), try figure([other]))
        func changes(_ columns: Range<Int>) -> Bool {
            (0..<first.height).contains { y in columns.contains { first.rgb($0, y) != second.rgb($0, y) } }
        }
        #expect(!changes(0..<314) && changes(320..<630))
    }
}

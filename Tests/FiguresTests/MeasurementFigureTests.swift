import Drawing
import Figures
import Foundation
import Geometry
import Tensors
import Testing

/// Figures 25 and 27: numbers over thresholds and over stages.
struct MeasurementFigureTests {
    static func evaluation(_ precision: Double) -> Figure {
        let recalls = (0...10).map { Double($0) / 10 }
        func kind(_ name: String, _ value: Double) -> PrecisionRecallFigure.Kind {
            PrecisionRecallFigure.Kind(
                name: name, summary: (value, value, -1), averagePrecisions: [value, value / 2],
                precisions: [recalls.map { $0 < 0.8 ? value : 0 }, recalls.map { $0 < 0.4 ? value / 2 : 0 }])
        }
        return PrecisionRecallFigure(
            [kind("boxes", 0.9), kind("masks", precision)],
            classes: [PrecisionRecallFigure.ClassRow(name: "disc", objects: 3, values: [0.9, -1])],
            thresholds: [0.5, 0.95], recalls: recalls, source: "Two scenes.", theme: .light
        ).figure
    }

    @Test func goldenPrecisionRecall() throws {
        try expectSamePicture(
            try Self.evaluation(0.75).image(), goldenAt: goldenPath("precision-recall"))
    }

    /// A precision of 0.5 is a line in the middle of the plot, 1 at its upper edge.
    @Test func curvesLieWhereTheirNumbersAre() throws {
        let (half, full) = (try Self.evaluation(0.5).image(), try Self.evaluation(1).image())
        let columns = 80..<124
        let rows = (0..<half.height).filter { y in columns.allSatisfy { half.rgb($0, y) != full.rgb($0, y) } }
        // The plot's frame is 298 · 0.9 − 50 = 218 points high; curves at full, half and quarter height change.
        let first = try #require(rows.first), last = try #require(rows.last)
        let groups = zip(rows, rows.dropFirst()).count { $1 - $0 > 3 } + 1
        #expect(groups == 3 && abs((last - first) - 164) <= 4, "\(rows)")
    }

    private func comparison(_ errors: [Double?]) throws -> Image {
        try ComparisonFigure(
            stages: errors.enumerated().map {
                ComparisonFigure.Stage(name: "stage.\($0)", relativeError: $1)
            },
            maps: [
                ComparisonFigure.Map(
                    title: "stage.1", note: "a map",
                    errors: HeatMap(values: [0, 1, 2, 3], width: 2, height: 2, isSigned: false))
            ], fault: "A fault.", theme: .light
        ).figure.image()
    }

    /// Bars grow with the logarithm of the error: 10⁻⁴ of seven decades from 10⁻⁷ is 3/7 of the way, 1 all of it.
    @Test func barsAreLogarithmic() throws {
        func end(_ error: Double) throws -> Int {
            let (some, none) = (try comparison([0, error, 0.5]), try comparison([0, 0, 0.5]))
            let row = try #require(
                (60..<some.height).first { y in (200..<210).allSatisfy { some.rgb($0, y) != none.rgb($0, y) }
                })
            return try #require((196..<552).last { some.rgb($0, row + 2) != none.rgb($0, row + 2) })
        }
        // From 16 + 178 to 624 − 72.
        #expect(abs(try end(1) - 552) <= 2)
        #expect(abs(try end(1e-3) - (194 + 358 * 4 / 7)) <= 2)
    }

    /// Equal stages, stages of other shapes and infinite errors are all drawn.
    @Test func anyErrors() throws {
        for errors in [[], [nil, nil], [.infinity, 0], [.nan, 1e-30, 1e30], [0, 0]] as [[Double?]] {
            #expect(try comparison(errors).width == 640)
        }
    }
}

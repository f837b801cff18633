import Drawing
import Figures
import Foundation
import Geometry
import Kernels
import Tensors
import Testing

/// Figures 12, 13, 14 and 23: regions, their bins and samples.
struct RegionFigureTests {
    /// The worked example: 20 of 20.78 cells, then 7 bins of 2; and rounded, 22 cells, bins that share cells.
    static func roiPool(_ theme: Theme = .light) -> Figure {
        let shared = (0..<7).map {
            Int((Double($0) * 22 / 7).rounded(.down))..<Int((Double($0 + 1) * 22 / 7).rounded(.up))
        }
        let cut = (0..<7).map { 2 * $0..<2 * $0 + 2 }
        return RoIPoolFigure(
            box: Box(x1: 0, y1: 0, x2: 20.78125, y2: 20.78125), stride: 32,
            mapSize: PixelSize(height: 25, width: 25), bins: 7,
            roundings: [
                RoIPoolFigure.Rounding(
                    name: "Cut down", corners: "20.78 → 20", bins: "20 / 7 = 2.86 → 2",
                    region: PixelRegion(x: 0, y: 0, width: 20, height: 20), columns: cut, rows: cut),
                RoIPoolFigure.Rounding(
                    name: "Rounded", corners: "20.78 → 21", bins: "22 / 7 = 3.14",
                    region: PixelRegion(x: 0, y: 0, width: 22, height: 22), columns: shared, rows: shared),
            ], theme: theme
        ).figure
    }

    /// A map of 8 × 6 cells, a region in 2 × 2 bins with one sample each.
    static func roiAlign(_ theme: Theme = .light, hasValues: Bool = true) -> Figure {
        let layer = RoIAlign(outputSize: 2, samplesPerAxis: 1, subtractsHalfPixel: true)
        let mapSize = PixelSize(height: 6, width: 8)
        let samples = [(0, 0), (0, 1), (1, 0), (1, 1)].flatMap { row, column in
            layer.samples(
                of: Box(x1: 24, y1: 24, x2: 97.6, y2: 68.8), scale: 1 / 16, mapSize: mapSize, row: row,
                column: column)
        }
        let map = HeatMap(
            values: (0..<48).map { Float($0 % 7) - 3 }, width: 8, height: 6, isSigned: true)
        return RoIAlignFigure(
            RoIAlignFigure.Region(
                box: Box(x1: 1.5, y1: 1.5, x2: 6.1, y2: 4.3), stride: 16,
                mapSize: mapSize, columnBorders: [1.5, 3.8, 6.1],
                rowBorders: [1.5, 2.9, 4.3], samples: samples, row: 0, column: 0, binSamples: [samples[0]]),
            values: hasValues
                ? RoIAlignFigure.Values(
                    map: map, name: "a map, channel 3", pooled: 1.5, isOwn: true, isAveraged: true) : nil,
            subject: "A region", theme: theme
        ).figure
    }

    @Test func goldenRoIPool() throws {
        try expectSamePicture(try Self.roiPool().image(), goldenAt: goldenPath("roipool"))
    }

    @Test func goldenRoIAlign() throws {
        try expectSamePicture(try Self.roiAlign(.dark).image(), goldenAt: goldenPath("roialign"))
    }

    /// The enlarged bin without a map has its points and no colours of a map.
    @Test func valuesAreOptional() throws {
        let with = try Self.roiAlign().image(), without = try Self.roiAlign(hasValues: false).image()
        #expect(with.width == 640 && without.width == 640)
        // The colour bar is 26 points and a gap of 14; the line of the mean 15; the caption may break differently.
        #expect(with.height - without.height >= 55)
    }

    /// What the first quantisation moves is shaded: between the exact and the rounded edge, and nowhere else.
    @Test func driftIsShaded() throws {
        func figure(_ width: Int) -> Figure {
            RoIPoolFigure(
                box: Box(x1: 2, y1: 2, x2: 8, y2: 8), stride: 16, mapSize: PixelSize(height: 12, width: 12),
                bins: 2,
                roundings: [
                    RoIPoolFigure.Rounding(
                        name: "a", corners: "b", bins: "c",
                        region: PixelRegion(x: 2, y: 2, width: width, height: 6), columns: [2..<5, 5..<8],
                        rows: [2..<5, 5..<8])
                ], theme: .light
            ).figure
        }
        let (exact, drifted) = (try figure(6).image(), try figure(4).image())
        // In the middle panel, 10 cells of 19.6 points from cell 0 on: cells 6 and 7 are lost, cell 4 is not.
        let left = 16 + 1 * (608.0 - 24) / 3 + 12
        func place(_ cell: Double) -> Int { Int(left + cell * 194.67 / 10) }
        let row = exact.height / 2
        #expect(exact.rgb(place(7.25), row) != drifted.rgb(place(7.25), row))
        #expect(exact.rgb(place(9.25), row) == drifted.rgb(place(9.25), row))
    }

    @Test(arguments: Theme.all) func hostileRegions(theme: Theme) throws {
        for box in [
            Box(x1: .nan, y1: 0, x2: 3, y2: 4), Box(x1: -1e9, y1: -5, x2: 1e9, y2: 5),
            Box(x1: 3, y1: 3, x2: 3, y2: 3),
        ] {
            let figure = RoIPoolFigure(
                box: box, stride: 8, mapSize: PixelSize(height: 4, width: 4), bins: 1,
                roundings: [
                    RoIPoolFigure.Rounding(
                        name: "", corners: "", bins: "",
                        region: PixelRegion(x: -1_000_000, y: 0, width: 1, height: 1), columns: [0..<0],
                        rows: [4..<4])
                ], theme: theme
            ).figure
            #expect(try figure.image().width == 640)
        }
    }

    /// Layers on one scale: a difference of nothing is drawn as nothing, however the others are scaled.
    @Test func differencesShareAScale() throws {
        func map(_ value: Float) -> HeatMap {
            HeatMap(values: [Float](repeating: value, count: 9), width: 3, height: 3, isSigned: true)
        }
        let place = RoILayersFigure.Place(
            picture: DetectionOverlayTests.picture(width: 60, height: 60),
            box: Box(x1: 10, y1: 10, x2: 40, y2: 40), quantized: Box(x1: 8, y1: 8, x2: 40, y2: 40),
            map: map(0.5),
            mapName: "a map", cells: Box(x1: 0.5, y1: 0.5, x2: 2, y2: 2))
        func figure(_ differences: [Float]) throws -> Image {
            try RoILayersFigure(
                place,
                pooled: [1, 2, 3].map { RoILayersFigure.Pooled(title: "p", note: "n", map: map($0)) },
                differences: differences.map { RoILayersFigure.Pooled(title: "d", note: "n", map: map($0)) },
                subject: "A region", theme: .light
            ).figure.image()
        }
        let (some, none) = (try figure([1, 0, 0]), try figure([0, 0, 0]))
        #expect(some.height == none.height)
        let row = some.height - 180
        // Panels are 143 points wide, 12 apart.
        #expect(some.rgb(16 + 155 + 70, row) != none.rgb(16 + 155 + 70, row))
        #expect(some.rgb(16 + 310 + 70, row) == none.rgb(16 + 310 + 70, row))
    }
}

/// Where the golden picture of a figure is kept.
func goldenPath(_ name: String) throws -> String {
    try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures/figure-\(name).png").path
}

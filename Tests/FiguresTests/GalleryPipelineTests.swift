import Drawing
import Figures
import Foundation
import Tensors
import Testing

/// The figures of the pipeline, its heads, its training and its costs, drawn from small invented data.
struct GalleryPipelineTests {
    /// Against pictures that were looked at by eye.
    @Test(arguments: [PipelineFigureExample.overview, .heads, .losses, .convolution])
    func goldenPicture(_ example: PipelineFigureExample) throws {
        let golden = try #require(Bundle.module.resourceURL)
            .appendingPathComponent("Fixtures/figure-\(example.rawValue).png").path
        try expectSamePicture(try example.figure(on: .light).image(), goldenAt: golden)
    }

    @Test(arguments: PipelineFigureExample.allCases, Theme.all)
    func isDrawnWithinItsMargins(_ example: PipelineFigureExample, _ theme: Theme) throws {
        let figure = example.figure(on: theme)
        #expect(figure.width == 640 && figure.height.isFinite && (100...2000).contains(figure.height))
        let picture = try figure.image()
        let paper = theme.paper.bytes
        func isPaper(_ x: Int, _ y: Int) -> Bool {
            let start = 3 * (y * picture.width + x)
            return picture.pixels[start] == paper.red && picture.pixels[start + 1] == paper.green
                && picture.pixels[start + 2] == paper.blue
        }
        let (width, height) = (picture.width, picture.height)
        // What is drawn beyond the edge would leave something in the outermost four pixels.
        for x in 0..<width {
            for y in Array(0..<4) + Array(height - 4..<height) { try #require(isPaper(x, y), "(\(x), \(y))") }
        }
        for y in 0..<height {
            for x in Array(0..<4) + Array(width - 4..<width) { try #require(isPaper(x, y), "(\(x), \(y))") }
        }
        // No band of a hundred rows is empty.
        for top in stride(from: 0, to: height - 100, by: 100) {
            let isEmpty = (top..<top + 100).allSatisfy { y in (0..<width).allSatisfy { isPaper($0, y) } }
            #expect(!isEmpty, "rows \(top) to \(top + 99)")
        }
        #expect(try figure.svg().count > 1000)
    }

    /// A model without pyramid, masks and keypoints leaves their boxes out.
    @Test func anOverviewIsAsHighAsItsParts() {
        let whole = PipelineFigureExample.overview.figure(on: .light)
        let lean = PipelineFigureExample.overviewOfC4.figure(on: .light)
        #expect(lean.height < whole.height - 150)
    }

    @Test func aLayerIsMarkedForOneReason() {
        func warning(size: Double, largest: Double = 1, dead: Int = 0) -> String? {
            WeightsFigure.Layer(
                name: "", part: .boxes, counts: [], size: size, largest: largest,
                deadOutputs: dead
            ).warning
        }
        #expect(warning(size: 1) == nil)
        #expect(warning(size: 0.0199) == "faint" && warning(size: 0) == "faint")
        #expect(warning(size: 5.1) == "strong" && warning(size: 1, largest: 101) == "strong")
        #expect(warning(size: 1, dead: 2) == "2 dead")
    }

    /// Numbers that are not finite, and nothing at all, are drawn as far as they can be.
    @Test func oddDataIsDrawn() throws {
        let infinite = LossesFigure(
            steps: [0, .nan, 2],
            curves: [
                LossesFigure.Curve(
                    name: "x", meaning: "", part: .boxes, values: [.infinity, -1, 0])
            ], rates: [0, 0, .nan], theme: .dark)
        #expect(try infinite.figure.image().width == 640)
        let empty = LossesFigure(steps: [], curves: [], rates: [], theme: .light)
        #expect(try empty.figure.image().width == 640)
        #expect(try WeightsFigure(layers: [], theme: .light).figure.image().width == 640)
        #expect(try CostFigure(steps: [], theme: .light).figure.image().width == 640)
        #expect(try BackboneFigure(maps: [], theme: .light).figure.image().width == 640)
        let broken = Tensor(shape: [6, 6, 2], elements: [Float](repeating: .nan, count: 72))
        let map = BackboneFigure.Map(name: "c2", stride: 4, tensor: broken)
        #expect(try BackboneFigure(maps: [map], theme: .dark).figure.image().width == 640)
    }
}

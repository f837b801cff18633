import Drawing
import Explanations
import Figures
import Formats
import Foundation
import Geometry
import Inference
import Loading
import Scenes
import Tensors
import Testing

/// All thirty figures of the model and the picture that ship with the project, against small pictures that were looked
/// at by eye. On failure the new picture and the difference are written, and named: a change that is meant replaces the
/// golden picture by the new one.
@Suite struct GalleryGoldenTests {
    private static let run = Result {
        PictureRun(
            try LoadedModel.shipped(), on: try Image(contentsOf: ShippedScene.path), named: "a drawn scene",
            annotations: try ShippedScene.annotations())
    }

    /// The figure at two pixels a point, and then each square of five pixels by its mean.
    private static func picture(_ figure: Figure, _ name: FigureName) throws -> Image {
        let side = 5
        let large = try figure.image(pixelsPerPoint: 2)
        // The times of a run are in the last column of the costs, and are another each time.
        let (width, height) = ((name == .cost ? 1010 : large.width) / side, large.height / side)
        var pixels: [UInt8] = []
        for row in 0..<height {
            for column in 0..<width {
                for channel in 0..<3 {
                    var sum = 0
                    for y in row * side..<(row + 1) * side {
                        for x in column * side..<(column + 1) * side {
                            sum += Int(large.pixels[3 * (y * large.width + x) + channel])
                        }
                    }
                    pixels.append(UInt8((sum + side * side / 2) / (side * side)))
                }
            }
        }
        return Image(width: width, height: height, pixels: pixels)
    }

    private static func golden(_ name: FigureName) throws -> String {
        try #require(Bundle.module.resourceURL)
            .appendingPathComponent("Fixtures/Gallery/\(name.fileName).png").path
    }

    @Test(arguments: FigureName.allCases)
    func everyFigureIsAsItWas(_ name: FigureName) throws {
        let figure = try Gallery(try Self.run.get()).figure(name)
        try expectSamePicture(try Self.picture(figure, name), goldenAt: try Self.golden(name))
    }

    /// The tolerance is for fonts and for another order of additions, not for a drawing in another place.
    @Test(arguments: FigureName.allCases)
    func aDrawingThatIsAPointOffIsSeen(_ name: FigureName) throws {
        let figure = try Gallery(try Self.run.get()).figure(name)
        let shifted = Figure(width: figure.width, height: figure.height) { canvas in
            canvas.fill(Theme.light.paper)
            figure.draw(on: canvas, in: Rectangle(x: 1, y: 0, width: figure.width, height: figure.height))
        }
        let golden = try Image(contentsOf: try Self.golden(name))
        #expect(!PictureDifference(try Self.picture(shifted, name), golden).isTolerable)
    }

    /// What a figure draws is what the run left: a fault in one stage shows in the figure that is about it.
    @Test(arguments: Fault.all)
    func aFaultInTheRunIsSeen(_ fault: Fault) throws {
        var run = try Self.run.get()
        fault.plant(&run)
        let drawn = try Self.picture(try Gallery(run).figure(fault.figure), fault.figure)
        let golden = try Image(contentsOf: try Self.golden(fault.figure))
        #expect(!PictureDifference(drawn, golden).isTolerable)
    }

    /// A fault that is planted in a run.
    struct Fault: Sendable, CustomTestStringConvertible {
        let figure: FigureName
        let name: String
        let plant: @Sendable (inout PictureRun) -> Void

        var testDescription: String { "\(figure.rawValue): \(name)" }

        /// Stages whose columns come in the opposite order.
        static func mirrored(_ figure: FigureName, _ stages: [Stage]) -> Fault {
            Fault(figure: figure, name: stages.map(\.name).joined(separator: ", ") + " mirrored") { run in
                for stage in stages { run[stage] = run[stage].map(Self.flipped) }
            }
        }

        /// A picture that its boxes do not belong to.
        static func mirroredPicture(_ figure: FigureName) -> Fault {
            Fault(figure: figure, name: "picture mirrored") { run in
                let (width, height, source) = (run.image.width, run.image.height, run.image.pixels)
                for row in 0..<height {
                    for column in 0..<width {
                        for channel in 0..<3 {
                            run.image.pixels[3 * (row * width + column) + channel] =
                                source[3 * (row * width + width - 1 - column) + channel]
                        }
                    }
                }
            }
        }

        /// Objects that lie eight pixels further down.
        static func shiftedObjects(_ figure: FigureName) -> Fault {
            Fault(figure: figure, name: "objects eight pixels down") { run in
                guard var annotations = run.annotations else { return }
                for index in annotations.annotations.indices {
                    annotations.annotations[index].box.y += 8
                }
                run.annotations = annotations
            }
        }

        static let all: [Fault] = [
            mirroredPicture(.overview), mirrored(.pyramids, (2...5).map(Stage.pyramid)),
            mirrored(.input, [.inputTensor]), mirrored(.backbone, (2...5).map(Stage.backbone)),
            mirrored(.fusion, (2...5).map(Stage.merged)), mirroredPicture(.anchors),
            shiftedObjects(.matching), mirrored(.objectness, (2...6).map { Stage.objectness("p\($0)") }),
            mirroredPicture(.decoding), mirroredPicture(.suppression), mirroredPicture(.levels),
            mirrored(.roiAlign, (2...5).map(Stage.pyramid)), mirrored(.roiLayers, (2...5).map(Stage.pyramid)),
            mirroredPicture(.classes), mirroredPicture(.detections), mirrored(.maskChannels, [.maskLogits]),
            mirrored(.sigmoidSoftmax, [.maskLogits]), mirrored(.pasting, [.maskProbabilities]),
            mirroredPicture(.result), mirrored(.keypoints, [.keypointHeatmaps]), shiftedObjects(.targets),
            mirrored(.comparison, [.boxPooled]), mirrored(.convolution, [.pyramid(2)]),
            mirroredPicture(.provenance),
            Fault(figure: .cost, name: "an input twice as high") { run in
                guard let shape = run.tensor(.inputTensor)?.shape else { return }
                run[.inputTensor] = .map(Tensor(shape: [2 * shape[0], shape[1], shape[2]]))
            },
        ]

        private static func flipped(_ value: StageValue) -> StageValue {
            switch value {
            case .map(let map): .map(flipped(map, axis: 1))
            case .anchorMap(let map, let numbers): .anchorMap(flipped(map, axis: 1), perAnchor: numbers)
            case .regionMaps(let maps): .regionMaps(flipped(maps, axis: 2))
            case .table(let table) where table.shape.count > 1:
                .table(flipped(table, axis: table.shape.count - 1))
            default: value
            }
        }

        private static func flipped(_ tensor: Tensor, axis: Int) -> Tensor {
            let shape = tensor.shape
            let inner = shape[(axis + 1)...].reduce(1, *), length = shape[axis]
            let source = tensor.array
            return Tensor(
                shape: shape,
                elements: source.indices.map { index in
                    let position = index / inner % length
                    return source[index + (length - 1 - 2 * position) * inner]
                })
        }
    }
}

import Foundation
import Geometry
import Inference
import Scenes

/// How well anchors of some sizes and shapes cover the objects of drawn scenes.
package struct CoverageCalculation {
    private let model: Model
    private let scenes: Int
    private let seed: UInt64
    private let print: (String) -> Void

    /// A calculation for the given values; `print` receives its text line by line.
    package init(model: Model, scenes: Int, seed: UInt64, print: @escaping (String) -> Void) {
        self.model = model
        self.scenes = scenes
        self.seed = seed
        self.print = print
    }

    package func run() throws {
        guard case .pyramid = model.architecture.features else {
            throw CalculationError("the model has no pyramid, whose anchors these are")
        }
        let generator = SceneGenerator(seed: seed)
        let drawn = (0..<scenes).map { generator.scene($0) }
        let settings = model.architecture.proposals
        let middle = settings.anchorSizes[settings.anchorSizes.count / 2]
        var sheet = Worksheet()
        let objects = drawn.reduce(0) { $0 + $1.objects.filter { !$0.isCrowd }.count }
        sheet.heading("\(objects) objects of \(scenes) scenes: the overlap of each with its best anchor")
        sheet.step("anchors", " an input   mean  from 0.5  from 0.7")
        for (name, sizes, ratios) in [
            ("all sizes, all shapes", settings.anchorSizes, settings.aspectRatios),
            ("all sizes, squares only", settings.anchorSizes, [1]),
            (
                "side \(short(middle[0])) on every level", settings.anchorSizes.map { _ in middle },
                settings.aspectRatios
            ),
            ("side \(short(middle[0])), squares only", settings.anchorSizes.map { _ in middle }, [1]),
        ] {
            var best: [Float] = []
            var count = 0
            for scene in drawn {
                let size = model.conventions.input.resize.targetSize(
                    for: PixelSize(height: scene.picture.height, width: scene.picture.width),
                    settings: model.settings.input)
                let grids = grids(
                    sizes: sizes, ratios: ratios,
                    picture: size, model: model)
                count = grids.reduce(0) { $0 + $1.count }
                let scale = (
                    Float(size.width) / Float(scene.picture.width),
                    Float(size.height) / Float(scene.picture.height)
                )
                for object in scene.objects where !object.isCrowd {
                    let box = object.box.scaled(x: scale.0, y: scale.1)
                    best.append(grids.reduce(0) { max($0, $1.reduce(0) { max($0, $1.overlap(with: box)) }) })
                }
            }
            func share(_ bar: Float) -> String {
                column(100 * Float(best.filter { $0 >= bar }.count) / Float(max(best.count, 1)), 1, width: 8)
                    + " %"
            }
            sheet.step(
                name,
                column("\(count)", width: 9)
                    + column(best.reduce(0, +) / Float(max(best.count, 1)), 3, width: 7)
                    + share(0.5) + share(0.7))
        }
        print(sheet.text)
    }

    private func grids(sizes: [[Float]], ratios: [Float], picture: PixelSize, model: Model)
        -> [AnchorGrid]
    {
        let conventions = model.conventions
        let input = conventions.input.paddedSize(of: picture, settings: model.settings.input)
        return sizes.enumerated().map { index, sizes in
            let stride = 4 << index
            let map = PixelSize(
                height: (input.height + stride - 1) / stride, width: (input.width + stride - 1) / stride)
            return AnchorGrid(
                shapes: AnchorShapes(sizes: sizes, aspectRatios: ratios, conventions: conventions.anchors),
                size: map, nominalStride: stride, padded: input,
                window: conventions.input.window(of: picture, in: input), conventions: conventions.anchors)
        }
    }
}

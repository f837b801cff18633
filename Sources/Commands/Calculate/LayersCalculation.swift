import ArgumentParser
import COCO
import Formats
import MaskRCNN
import Tensors

struct CalculateLayers: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "layers",
        abstract: "One model with each RoI layer in turn, evaluated; not trained again.",
        discussion: """
            Example:  maskrcnn calculate layers --annotations scenes/annotations.json --images scenes/images
            """)

    @Option(
        help: ArgumentHelp("A COCO annotation file.", valueName: "file"),
        completion: .file(extensions: ["json"]))
    var annotations: String

    @Option(help: ArgumentHelp("The folder with its pictures.", valueName: "folder"), completion: .directory)
    var images: String

    @OptionGroup(title: "Model") var model: ModelOptions

    func validate() throws {
        if model.roiLayer != nil { throw ValidationError("--roi-layer: all of them are run") }
    }

    func run() throws { try model.withSettings(perform) }

    private func perform() throws {
        let dataset = try Dataset(contentsOf: annotations)
        guard dataset.images.count <= 1000 else {
            throw ValidationError("--annotations \(annotations): has more than 1000 pictures")
        }
        let pictures = try dataset.images.map { ($0.id, try Image(contentsOf: "\(images)/\($0.fileName)")) }
        var table = NumberTable("RoI layer", "box AP", "AP50", "AP75", "mask AP", "AP50", "AP75")
        for kind in PoolingLayer.Kind.allCases {
            var options = model
            options.roiLayer = kind
            let model = try options.load().model
            var results = Results()
            for (id, picture) in pictures {
                results.detections += model.detect(picture).map {
                    Detection($0, imageID: id, categoryID: model.classes.category(of: $0.label))
                }
            }
            let kinds = results.kinds(comparableWith: dataset).filter { $0 != .keypoints }
            let values = try kinds.flatMap { kind in
                try Evaluation(dataset: dataset, results: results, kind: kind).summary.values.prefix(3)
            }
            table.add([kind.rawValue] + values.map { $0.digits(3) })
        }
        print(table.text)
    }
}

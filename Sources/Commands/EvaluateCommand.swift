import ArgumentParser
import COCO
import Formats
import Foundation
import Geometry
import Loading
import Inference
import Tensors

struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Say how good detections are, in COCO's numbers.",
        discussion: """
            Compares a results file, or what a model finds in the dataset's pictures, with annotations: boxes, \
            masks and keypoints, as far as both sides have them. The numbers are those of pycocotools.

            Example:  maskrcnn evaluate --annotations val.json --results results.json
            A model:  maskrcnn evaluate --annotations val.json --images val --weights m.pth
            """)

    @Option(
        help: ArgumentHelp("A COCO annotation file.", valueName: "file"),
        completion: .file(extensions: ["json"]))
    var annotations: String

    @Option(
        help: ArgumentHelp("A COCO results file to evaluate.", valueName: "file"),
        completion: .file(extensions: ["json"]))
    var results: String?

    @Option(
        help: ArgumentHelp(
            "The folder with the dataset's pictures, for a model to look at.", valueName: "folder"),
        completion: .directory)
    var images: String?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Where to write what the model found, as a COCO results file.", valueName: "file"),
        completion: .file(extensions: ["json"]))
    var output: String?

    @Flag(help: "Print only the numbers: {\"bbox\": [12], \"segm\": [12], \"keypoints\": [10]}.")
    var json = false

    @Flag(help: "Print average precision for each category too.")
    var perClass = false

    @Flag(help: "Leave out broken annotations and detections, and say how many there were.")
    var skipBroken = false

    @OptionGroup var writing: OutputOptions

    @OptionGroup(title: "Model") var model: ModelOptions

    func validate() throws {
        if let results {
            guard images == nil, output == nil, model.weights == nil else {
                throw ValidationError(
                    "--results \(results): is in place of a model; --images, --output and --weights need one")
            }
        } else if images == nil {
            throw ValidationError("give --results, or --images for a model to look at")
        }
        if json && perClass { throw ValidationError("--per-class: is for the table, not for --json") }
    }

    func run() throws { try model.withSettings(perform) }

    private func perform() throws {
        if let output {
            try writing.permission(reading: [annotations, images, model.weights]).check(output, .jsonList)
        }
        let dataset = try readDataset()
        let detected = try results.map { try read($0, of: dataset) } ?? detect(dataset)
        let kinds = detected.kinds(comparableWith: dataset)
        guard !kinds.isEmpty else {
            throw FileError(
                path: results ?? annotations, fault: "has nothing that both sides have to compare")
        }
        let evaluations = try kinds.map { kind in
            do { return try Evaluation(dataset: dataset, results: detected, kind: kind) } catch let error
                as COCOError
            {
                throw FileError(path: "\(results ?? "detections") on \(annotations)", fault: error.fault)
            }
        }
        print(
            json
                ? numbers(evaluations)
                : EvaluationTable(dataset: dataset, results: detected, evaluations: evaluations)
                    .text(perCategory: perClass))
    }

    private func numbers(_ evaluations: [Evaluation]) -> String {
        let lists = evaluations.map { evaluation in
            let values = evaluation.summary.values.map(\.description).joined(separator: ", ")
            return "\"\(evaluation.kind.rawValue)\": [\(values)]"
        }
        return "{" + lists.joined(separator: ", ") + "}"
    }

    private func readDataset() throws -> Dataset {
        var skipped = SkippedEntries()
        let dataset =
            skipBroken
            ? try Dataset(contentsOf: annotations, skipping: &skipped) : try Dataset(contentsOf: annotations)
        remark(on: skipped, of: annotations)
        if dataset.annotations.contains(where: { $0.id == 0 }) {
            say(
                "! \(annotations): COCO's tools count the detection of annotation 0 as wrong; ids should begin at 1"
            )
        }
        return dataset
    }

    private func read(_ path: String, of dataset: Dataset) throws -> Results {
        var skipped = SkippedEntries()
        let results =
            skipBroken
            ? try Results(contentsOf: path, of: dataset, skipping: &skipped)
            : try Results(contentsOf: path, of: dataset)
        remark(on: skipped, of: path)
        return results
    }

    private func remark(on skipped: SkippedEntries, of path: String) {
        guard skipped.total > 0 else { return }
        say("! \(path): left out \(skipped) (first: \(skipped.first ?? ""))")
    }

    /// What the model finds in the dataset's pictures. One picture is in memory at a time; masks are kept as
    /// run lengths.
    private func detect(_ dataset: Dataset) throws -> Results {
        let loaded = try model.load()
        let categories = try categories(of: loaded.model.classes, in: dataset)
        for remark in loaded.remarks { say("! \(remark)") }
        var results = Results()
        var progress = Progress(total: dataset.images.count)
        for picture in dataset.images {
            let path = ((images ?? "") as NSString).appendingPathComponent(picture.fileName)
            let image = try Image(contentsOf: path)
            let size = PixelSize(height: image.height, width: image.width)
            guard size == picture.size else {
                throw FileError(
                    path: path, fault: "is of \(size) pixels, \(annotations) says \(picture.size)")
            }
            for instance in loaded.model.detect(image) {
                guard let category = categories[instance.label] else { continue }
                results.detections.append(
                    Detection(instance, imageID: picture.id, categoryID: category))
            }
            progress.advance()
        }
        progress.clear()
        if let output { try OutputFile.write(try results.encoded(), to: output) }
        return results
    }

    /// The dataset's category ids by the model's labels. Names decide: ids differ between datasets. Classes that
    /// the dataset does not have are left out.
    private func categories(of classes: ClassTable, in dataset: Dataset) throws -> [Int: Int] {
        let labels = Dictionary(zip(classes.names, 1...)) { first, _ in first }
        var categories: [Int: Int] = [:]
        for category in dataset.categories {
            guard let label = labels[category.name] else {
                throw FileError(
                    path: annotations,
                    fault: "category \(category.id), \(quoted(category.name)), is no class of the model")
            }
            categories[label] = category.id
        }
        return categories
    }
}

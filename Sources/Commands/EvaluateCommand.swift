import ArgumentParser
import COCO
import Formats
import Foundation
import Geometry
import Loading
import Inference
import Tensors
import Training

struct EvaluateCommand: PictureCommand {
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

    @Flag(
        help: ArgumentHelp(
            "Leave out what is broken, and say how much that was.",
            discussion:
                "Of an object with a broken mask only the mask is left out. So are pictures that cannot be read."
        ))
    var skipBroken = false

    @Option(
        help: ArgumentHelp(
            "How far off each keypoint usually is marked, for objects that are no persons.",
            discussion:
                "Numbers with commas between, or a file of them: a part of the object's scale, as COCO's 0.026 "
                + "for a nose.",
            valueName: "numbers"))
    var sigmas: KeypointSigmas?

    @OptionGroup var pictures: ImageOptions

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

    func run(in session: PictureSession) throws { try model.withSettings { try perform(in: session) } }

    private func perform(in session: PictureSession) throws {
        if let output {
            try writing.permission(reading: [annotations, images, model.weights]).check(output, .jsonList)
        }
        let truth = try readDataset()
        let dataset = truth.dataset
        let found: (results: Results, faults: [EvaluationKind: String]) =
            try results.map { try read($0, of: dataset) } ?? (detect(dataset, in: session), [:])
        var missing: [(kind: EvaluationKind, fault: String)] = []
        var evaluations: [Evaluation] = []
        let kinds = found.results.kinds(comparableWith: dataset)
        for kind in EvaluationKind.allCases {
            if let fault = truth.faults[kind] {
                missing.append((kind, "\(annotations): \(fault)"))
            } else if let fault = found.faults[kind] {
                missing.append((kind, "\(results ?? "detections"): \(fault)"))
            } else if kinds.contains(kind) {
                do {
                    let evaluation = try Evaluation(
                        dataset: dataset, results: found.results, kind: kind, sigmas: sigmas?.values,
                        leavesOutIncomplete: skipBroken)
                    remark(on: evaluation)
                    evaluations.append(evaluation)
                } catch let error as COCOError {
                    let advice =
                        kind == .keypoints && sigmas == nil ? "; --sigmas gives those of other objects" : ""
                    missing.append(
                        (kind, "\(results ?? "detections") on \(annotations): \(error.fault)\(advice)"))
                }
            }
        }
        guard !evaluations.isEmpty else {
            throw COCOError(
                fault: missing.first?.fault
                    ?? "\(results ?? annotations): has nothing that both sides have to compare")
        }
        for (kind, fault) in missing { say("! no numbers of \(kind.plural): \(fault)") }
        print(
            json
                ? numbers(evaluations)
                : EvaluationTable(dataset: dataset, results: found.results, evaluations: evaluations)
                    .text(perCategory: perClass))
    }

    private func remark(on evaluation: Evaluation) {
        let (objects, detections) = evaluation.incomplete
        guard objects + detections > 0 else { return }
        say(
            "! \(evaluation.kind.plural): left out \(objects) objects and \(detections) detections that have none"
        )
    }

    private func numbers(_ evaluations: [Evaluation]) -> String {
        let lists = evaluations.map { evaluation in
            let values = evaluation.summary.values.map(\.description).joined(separator: ", ")
            return "\"\(evaluation.kind.rawValue)\": [\(values)]"
        }
        return "{" + lists.joined(separator: ", ") + "}"
    }

    private func readDataset() throws -> AnnotationFile {
        let file = try AnnotationFile(contentsOf: annotations, skipsBroken: skipBroken)
        remark(on: file.skipped, of: annotations)
        for remark in file.remarks { say("! \(annotations): \(remark)") }
        if file.dataset.annotations.contains(where: { $0.id == 0 }) {
            say(
                "! \(annotations): COCO's tools count the detection of annotation 0 as wrong; ids should begin at 1"
            )
        }
        return file
    }

    private func read(
        _ path: String, of dataset: Dataset
    ) throws -> (results: Results, faults: [EvaluationKind: String]) {
        let file = try ResultsFile(contentsOf: path, of: dataset, skipsBroken: skipBroken)
        remark(on: file.skipped, of: path)
        for remark in file.remarks { say("! \(path): \(remark)") }
        return (file.results, file.faults)
    }

    private func remark(on skipped: SkippedEntries, of path: String) {
        guard skipped.total > 0 else { return }
        say("! \(path): left out \(skipped) (first: \(skipped.first ?? ""))")
    }

    /// What the model finds in the dataset's pictures. One picture is in memory at a time; masks are kept as
    /// run lengths.
    private func detect(_ dataset: Dataset, in session: PictureSession) throws -> Results {
        let loaded = try model.load()
        let categories: [Int: Int]
        do {
            let matching = try CategoryMatching(classes: loaded.model.classes.names, of: dataset)
            for remark in matching.remarks { say("! \(annotations): \(remark)") }
            categories = matching.categories
        } catch let error as COCOError {
            throw FileError(path: annotations, fault: error.fault)
        }
        for remark in loaded.remarks { say("! \(remark)") }
        let folder = PictureFolder(path: images ?? "", turning: pictures.turning)
        if let remark = folder.remark(on: dataset.images) { say("! \(annotations): \(remark)") }
        var results = Results()
        var progress = Progress(total: dataset.images.count)
        for picture in dataset.images {
            let image: Image
            do {
                let file = try folder.file(of: picture, annotations: annotations)
                if let remark = file.remark, let name = picture.fileName { say("! \(name): \(remark)") }
                image = file.image
            } catch let error as FileError where skipBroken {
                progress.clear()
                say("! left out \(error)")
                progress.advance()
                continue
            }
            for instance in session.instances(of: loaded, model, in: image) {
                guard let category = categories[instance.label] else { continue }
                results.detections.append(
                    Detection(instance, imageID: picture.id, categoryID: category))
            }
            progress.advance()
        }
        progress.clear()
        if let output { try OutputFile.write(try results.encoded(of: dataset), to: output) }
        return results
    }
}

extension EvaluationKind {
    /// What is compared, for people.
    fileprivate var plural: String {
        switch self {
        case .boxes: "boxes"
        case .masks: "masks"
        case .keypoints: "keypoints"
        }
    }
}

import Figures
import ArgumentParser
import COCO
import Formats
import Foundation
import Loading
import Inference
import Tensors
import Verification

struct DetectCommand: PictureCommand {
    static let configuration = CommandConfiguration(
        commandName: "detect",
        abstract: "Find the objects in pictures.",
        discussion: """
            Prints what was found. With --output, also writes each picture with its boxes and masks, and \
            results.json in COCO's format. A picture's id there comes from --annotations, or is the number that \
            its file name ends in; pictures without such a number of their own are numbered, which is printed. \
            A picture that cannot be read ends the command; what was found before it is kept.

            Example:  maskrcnn detect photos/ street.jpg --weights model.pth --output found
            Swap:     maskrcnn detect street.jpg --replace fpn.p2=mine.npz --weights model.pth
            """)

    @Argument(
        help: "Pictures, or folders of them: PNG or JPEG.",
        completion: .file(extensions: ["png", "jpg", "jpeg"]))
    var images: [String]

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "A folder for pictures and results; made if it does not exist.", valueName: "folder"),
        completion: .directory)
    var output: String?

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case coco
    }

    @Option(help: "The format of the results.")
    var format: Format = .coco

    @Option(
        help: ArgumentHelp("A COCO annotation file that gives the pictures' ids.", valueName: "file"),
        completion: .file(extensions: ["json"]))
    var annotations: String?

    @Flag(help: "Write results only, no pictures.")
    var noPictures = false

    @Flag(help: "Go on after a picture that cannot be read, and say how many there were.")
    var skipUnreadable = false

    @OptionGroup var replacements: ReplacementOptions

    @OptionGroup var pictures: ImageOptions

    @OptionGroup var writing: OutputOptions

    @OptionGroup(title: "Model") var model: ModelOptions

    func run(in session: PictureSession) throws { try model.withSettings { try perform(in: session) } }

    private func perform(in session: PictureSession) throws {
        let paths = try PictureList(images).paths
        let names = try PictureIdentifiers(paths, annotations: annotations)
        let loaded = try model.load()
        let bundles = try replacements.bundles(for: loaded.model)
        if let output {
            try makeFolder(output)
            let permission = writing.permission(
                reading: paths + replacements.paths + [annotations, model.weights])
            try permission.check(output + "/results.json", .jsonList)
            for name in noPictures ? [] : names.pictureNames {
                try permission.check("\(output)/\(name).png", .png)
            }
        }
        for remark in loaded.remarks { say("! \(remark)") }
        var found = FoundDetections(model: loaded.model, dataset: names.dataset, annotations: annotations)
        do {
            try look(at: paths, names: names, found: &found) { picture in
                try bundles.isEmpty
                    ? session.instances(of: loaded, model, in: picture)
                    : loaded.model.detect(picture, replacing: bundles)
            }
        } catch {
            // An hour's work is not lost for the last of a thousand pictures.
            if let output, found.pictures > 0 { try? found.write(to: output) }
            throw error
        }
        if let output { try found.write(to: output) }
        if output != nil, found.pictures > 0, names.isMadeUp.contains(true) {
            say("! ids of pictures are made up where no file name tells one, as printed with each")
        }
        if found.skipped > 0 { print("\(found.skipped) of \(paths.count) pictures could not be read") }
    }

    private func look(
        at paths: [String], names: PictureIdentifiers, found: inout FoundDetections,
        detect: (Image) throws -> [Instance]
    ) throws {
        let model = found.model
        var progress = Progress(total: paths.count)
        defer { progress.clear() }
        for (index, path) in paths.enumerated() {
            let picture: Image
            do { picture = try pictures.read(path) } catch let error as FileError where skipUnreadable {
                progress.clear()
                say("! skipped \(error)")
                found.skipped += 1
                continue
            }
            let instances = try detect(picture)
            progress.clear()
            self.model.remark(on: picture, at: path)
            let identifier = names.identifiers[index]
            let note = output != nil && names.isMadeUp[index] ? " (id \(identifier))" : ""
            report(instances, in: path + note, classes: model.classes)
            found.add(instances, imageID: identifier)
            if let output, !noPictures {
                let name = names.pictureNames[index] + ".png"
                try drawDetections(instances, of: model, on: picture).writePNG(to: output + "/" + name)
            }
            progress.advance()
        }
    }

    private func report(_ instances: [Instance], in path: String, classes: ClassTable) {
        print("\(path): \(instances.count) found")
        for instance in instances {
            let box = [instance.box.x1, instance.box.y1, instance.box.x2, instance.box.y2]
                .map { String(format: "%.1f", $0) }.joined(separator: " ")
            let area = instance.mask.map { "  \($0.area) pixels" } ?? ""
            print(
                "  \(String(format: "%.3f", instance.score))  \(classes.name(of: instance.label))  \(box)\(area)"
            )
        }
    }
}

/// What was found in the pictures so far.
private struct FoundDetections {
    let model: Model
    private var results = Results()
    /// How many pictures were looked at.
    private(set) var pictures = 0
    /// How many could not be read.
    var skipped = 0

    private let dataset: Dataset?
    /// The category ids by label; nil for the model's own.
    private let categories: [Int: Int]?
    /// How many detections are of classes that the dataset does not have.
    private var leftOut = 0

    /// Nothing yet.
    /// - Parameters:
    ///   - dataset: where ids of pictures and categories come from, if not from the model.
    ///   - annotations: its file, for remarks.
    init(model: Model, dataset: Dataset?, annotations: String?) {
        self.model = model
        self.dataset = dataset
        var categories: [Int: Int]?
        if let dataset, let annotations, !dataset.categories.isEmpty {
            do {
                let matching = try CategoryMatching(classes: model.classes.names, of: dataset)
                for remark in matching.remarks { say("! \(annotations): \(remark)") }
                categories = matching.categories
            } catch {
                say(
                    "! \(annotations): \((error as? COCOError)?.fault ?? "\(error)"); results have the model's ids"
                )
            }
        }
        self.categories = categories
    }

    mutating func add(_ instances: [Instance], imageID: Int) {
        pictures += 1
        for instance in instances {
            guard
                let category = categories.map({ $0[instance.label] })
                    ?? model.classes.category(of: instance.label)
            else {
                leftOut += 1
                continue
            }
            results.detections.append(Detection(instance, imageID: imageID, categoryID: category))
        }
    }

    /// Writes `results.json` to a folder, and says so.
    func write(to folder: String) throws {
        let path = folder + "/results.json"
        try OutputFile.write(try results.encoded(of: dataset), to: path)
        if leftOut > 0 {
            say("! \(path): left out \(leftOut) detections of classes that the annotations do not have")
        }
        print("\(path): \(results.detections.count) detections in \(pictures) pictures")
    }
}

/// Makes a folder, and those that it lies in, if it does not exist.
func makeFolder(_ path: String) throws {
    do {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
        throw FileError(path: path, fault: "cannot be made a folder")
    }
}

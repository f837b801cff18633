import ArgumentParser
import COCO
import Formats
import Foundation
import Loading
import MaskRCNN
import Tensors
import Walkthroughs

struct DetectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "detect",
        abstract: "Find the objects in pictures.",
        discussion: """
            Prints what was found. With --output, also writes each picture with its boxes and masks, and \
            results.json in COCO's format. A picture's id there is the number that its file name ends in, or \
            comes from --annotations.

            Example:  maskrcnn detect photos/ street.jpg --weights model.pth --output found
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

    @OptionGroup(title: "Model") var model: ModelOptions

    func run() throws { try model.withSettings(perform) }

    private func perform() throws {
        let paths = try PictureList(images).paths
        let ids = try PictureIdentifiers(paths, annotations: annotations, required: output != nil)
        let loaded = try model.load()
        if let output { try makeFolder(output) }
        for remark in loaded.remarks { say("! \(remark)") }
        var progress = Progress(total: paths.count)
        var results = Results()
        var skipped = 0
        for (index, path) in paths.enumerated() {
            let picture: Image
            do { picture = try Image(contentsOf: path) } catch let error as FileError where skipUnreadable {
                progress.clear()
                say("! skipped \(error)")
                skipped += 1
                continue
            }
            let instances = loaded.model.detect(picture)
            progress.clear()
            report(instances, in: path, classes: loaded.model.classes)
            if let output {
                results.detections += instances.map {
                    Detection(
                        $0, imageID: ids.identifiers[index],
                        categoryID: loaded.model.classes.category(of: $0.label))
                }
                if !noPictures {
                    let name = ids.pictureNames[index] + ".png"
                    try drawDetections(instances, of: loaded.model, on: picture)
                        .writePNG(to: output + "/" + name)
                }
            }
            progress.advance()
        }
        progress.clear()
        if let output {
            let path = output + "/results.json"
            try OutputFile.write(try results.encoded(), to: path)
            print("\(path): \(results.detections.count) detections in \(paths.count - skipped) pictures")
        }
        if skipped > 0 { print("\(skipped) of \(paths.count) pictures could not be read") }
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

/// Makes a folder, and those that it lies in, if it does not exist.
func makeFolder(_ path: String) throws {
    do {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
        throw FileError(path: path, fault: "cannot be made a folder")
    }
}

import Explanations
import Drawing
import ArgumentParser
import Formats
import Foundation
import Loading
import Inference
import Walkthroughs

struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Say which model a checkpoint holds, and list its tensors.",
        discussion: """
            The architecture is read off names and shapes. What they cannot tell is listed with what would be \
            taken for it and why; each has an option. Bundles and other files of tensors are listed too. Without \
            a file, the model that ships with this.

            Example:  maskrcnn inspect maskrcnn_resnet50_fpn_coco-bf2d0c1e.pth
            """)

    @Argument(
        help: "A checkpoint, a bundle, or any other file of tensors that is read here.",
        completion: .file(extensions: ["safetensors", "pth", "pt", "pkl", "npz", "npy"]))
    var file: String?

    @Option(
        help: ArgumentHelp(
            "List only tensors of these names; * stands for anything.", valueName: "pattern"))
    var only = "*"

    @Flag(help: "Leave out the list of tensors.")
    var summary = false

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let report = try Report(path: file ?? LoadedModel.shippedPath, only: only)
        guard !report.tensors.isEmpty || report.count == 0 else {
            throw ValidationError("--only \(only): no tensor has such a name")
        }
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            print(String(decoding: try encoder.encode(report), as: UTF8.self))
            return
        }
        print(
            "\(file == nil ? "The shipped model" : report.file): \(report.container), \(report.count) tensors, "
                + "\(report.parameters) numbers"
        )
        let width = Terminal.standardOutput.width
        // Whoever asks for some tensors wants to see these.
        if only == "*" {
            if let framework = report.framework { print("  names: those of \(framework)") }
            if let model = report.model {
                print("  " + wrapped("model: \(model)", width: width - 2, indent: 4))
            }
            for decision in report.decisions { print("  \(decision)") }
            for remark in report.remarks { print(wrapped("! " + remark, width: width, indent: 2)) }
        }
        if !summary {
            let width = min(report.tensors.map(\.name.count).max() ?? 0, 56)
            for tensor in report.tensors {
                let name = tensor.name.padding(
                    toLength: max(width, tensor.name.count), withPad: " ", startingAt: 0)
                print("  \(name)  \(tensor.type)  \(wording(shape: tensor.shape))")
            }
        }
    }
}

/// What `inspect` says of a file.
private struct Report: Encodable {
    struct TensorRow: Encodable {
        let name: String
        let type: String
        let shape: [Int]
    }

    let file: String
    let container: String
    let count: Int
    let parameters: Int
    let framework: String?
    let model: String?
    let decisions: [String]
    let remarks: [String]
    let metadata: [String: String]
    let tensors: [TensorRow]

    init(path: String, only pattern: String) throws {
        let contents = try TensorFile(contentsOf: path)
        file = path
        container = contents.container.rawValue
        parameters = contents.tensors.reduce(0) { $0 + $1.count }
        metadata = contents.metadata
        count = contents.tensors.count
        tensors = contents.tensors.filter { Stage($0.name).matches(pattern) }.map {
            TensorRow(name: $0.name, type: $0.element.rawValue, shape: $0.shape)
        }
        guard let names = KeyMap.detect(contents.names) else {
            framework = nil
            model = nil
            decisions = []
            let isBundle = contents.metadata["format"] != nil
            remarks = isBundle ? [] : ["The names are of no network that is known here."]
            return
        }
        framework = names == .native ? nil : names.framework
        // A checkpoint with a fault is still listed; the fault is what its owner wants to see.
        do {
            let loaded = try LoadedModel(contentsOf: path)
            model = describe(loaded.model.configuration)
            decisions = loaded.decisions.map { "\($0.subject): \($0.value) (\($0.reason))" }
            remarks = loaded.remarks
        } catch let error as FileError {
            model = nil
            decisions = []
            remarks = ["It does not load: \(error.fault)."]
        }
    }
}

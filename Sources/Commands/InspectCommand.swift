import Explanations
import Drawing
import ArgumentParser
import Formats
import Foundation
import Loading
import Inference
import Tensors
import Walkthroughs

struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Say which model a checkpoint holds, and list its tensors.",
        discussion: """
            The architecture is read off names and shapes. What they cannot tell is listed with what would be \
            taken for it and why; all of it can be said, by --set, by a configuration file, some by options of \
            their own. Bundles and other files of tensors are listed too. Exit code 1 for a file that does not \
            load as a model. Without a file, the model that ships with this.

            Example:  maskrcnn inspect maskrcnn_resnet50_fpn_coco-bf2d0c1e.pth
            All of it, to be changed and read back:
                      maskrcnn inspect model.pth --configuration > mine.json5
                      maskrcnn detect street.jpg --weights model.pth --configuration mine.json5
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

    @Option(
        name: .customLong("configuration"), defaultAsFlag: "", parsing: .next,
        help: ArgumentHelp(
            "Print the whole configuration as a commented file, which --configuration of other commands reads; "
                + "with a file behind it, as that one would have it.",
            valueName: "file"),
        completion: .file(extensions: ["json5", "json", "yaml", "yml", "py"]))
    var printedConfiguration: String? = nil

    @Option(
        help: ArgumentHelp(
            "Where a file leaves open how it is read (stride, order of colours, epsilon, groups), try each way on "
                + "images of the kind that the model knows, and say how trained it looks; give several.",
            valueName: "image"),
        completion: .file())
    var tryImage: [String] = []

    @OptionGroup(title: "Model") var reading: ConfigurationOptions

    func run() throws {
        let path = try file ?? LoadedModel.shippedPath
        let options = try reading.loadingOptions(
            configuration: printedConfiguration.flatMap { $0.isEmpty ? nil : $0 })
        if printedConfiguration != nil {
            let loaded = try LoadedModel(contentsOf: path, options: options)
            print(
                ConfigurationText(
                    loaded.model.configuration, sources: loaded.sources,
                    title: "What the tensors of \(file ?? "the shipped model") do not tell."
                ).text)
            for remark in loaded.remarks { print("// \(remark)") }
            return
        }
        if !tryImage.isEmpty {
            let images = try tryImage.map { try Image(contentsOf: $0) }
            show(try ReadingTrial.all(of: path, options: options, on: images))
            return
        }
        let report = try Report(path: path, options: options, only: only)
        try show(report)
        if report.isRefused { throw ExitCode(1) }
    }

    /// The ways of reading, best first.
    private func show(_ trials: [ReadingTrial]) {
        let width = (trials.map(\.reading.count).max() ?? 0) + 2
        print(
            trials.contains { $0.divergence == nil }
                ? "Read in different ways. Only batch norms keep what would decide between them:"
                : "How far activations are from what batch norms remember, read in different ways; nearest first"
                    + (tryImage.count < 3 ? " (few images may mislead: give more):" : ":"))
        for trial in trials {
            let divergence = trial.divergence.map {
                "  divergence \(Float($0).digits(3))"
            }
            print(
                "  " + trial.reading.padding(toLength: width, withPad: " ", startingAt: 0)
                    + "scores found \(Float(trial.foundScore).digits(2))" + (divergence ?? ""))
        }
    }

    private func show(_ report: Report) throws {
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
            for decision in report.decisions { print("  " + wrapped(decision, width: width - 2, indent: 4)) }
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
    /// Whether the file should hold a model and does not load as one.
    let isRefused: Bool

    private enum CodingKeys: String, CodingKey {
        case file, container, count, parameters, framework, model, decisions, remarks, metadata, tensors
    }

    init(path: String, options: LoadingOptions, only pattern: String) throws {
        let contents = try TensorFile(contentsOf: path, entry: options.entry)
        file = path
        container = contents.container.rawValue
        parameters = contents.tensors.reduce(0) { $0 + $1.count }
        metadata = contents.metadata
        count = contents.tensors.count
        tensors = contents.tensors.filter { Stage($0.name).matches(pattern) }.map {
            TensorRow(name: $0.name, type: $0.element.rawValue, shape: $0.shape)
        }
        let isTrainingState = contents.metadata["training.step"] != nil
        guard !isTrainingState, let names = ParameterNames.readings(of: contents.names).first?.keyMap else {
            framework = nil
            model = nil
            decisions = []
            let isBundle = contents.metadata["format"] != nil
            // The state of a training run is no model and no fault.
            remarks =
                isTrainingState
                ? ["This is the state of a training run; its model is beside it, in model.safetensors."]
                : isBundle ? [] : [Self.remark(onUnknown: contents)]
            isRefused = !isBundle && !isTrainingState && contents.container.holdsModels
            return
        }
        framework = names == .native ? nil : names.framework
        // A checkpoint with a fault is still listed; the fault is what its owner wants to see.
        do {
            let loaded = try LoadedModel(contentsOf: path, options: options)
            model = describe(loaded.model.architecture)
            decisions = loaded.decisions.map { "\($0.subject): \($0.value) (\($0.reason))" }
            remarks = loaded.remarks
            isRefused = false
        } catch let error as FileError {
            model = nil
            decisions = []
            remarks = ["It does not load: \(error.fault)."]
            isRefused = true
        }
    }
}

extension Report {
    /// What to say of names that no network built here has.
    private static func remark(onUnknown file: TensorFile) -> String {
        guard let other = OtherNetwork(in: file.names) else {
            return "The names are of no network that is known here."
        }
        return "It does not load: it \(other.fault)."
    }
}

extension TensorFile.Container {
    /// Whether such files mostly are checkpoints, rather than any arrays.
    fileprivate var holdsModels: Bool { ![.npy, .npz, .npyFolder].contains(self) }
}

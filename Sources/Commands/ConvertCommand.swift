import ArgumentParser
import Formats
import Loading
import Inference

struct ConvertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Write a checkpoint as safetensors.",
        discussion: """
            The parameters get this project's names, which are the stages' names; --names torchvision gives \
            them torchvision's, so that they load there. Numbers are copied as they are, and rows put in \
            order where frameworks number the classes in different ways. What tensors do not tell (the \
            profile, anchors, what else was said or known) goes into the file's metadata.

            Example:  maskrcnn convert maskrcnn_resnet50_fpn_coco-bf2d0c1e.pth maskrcnn.safetensors
            """)

    @Argument(
        help: "The checkpoint to read.", completion: .file(extensions: ["safetensors", "pth", "pt", "pkl"]))
    var input: String

    @Argument(help: "The file to write.", completion: .file(extensions: ["safetensors"]))
    var output: String

    @Option(
        help: ArgumentHelp(
            "Whose names the parameters get: \(KeyMap.allCases.map(\.rawValue).joined(separator: ", ")).",
            valueName: "scheme"))
    var names: KeyMap = .native

    @Flag(help: "Round all numbers to 16 bits: half the size, three significant digits.")
    var half = false

    @OptionGroup var writing: OutputOptions

    @OptionGroup(title: "Model") var file: ConfigurationFileOption

    @OptionGroup(title: "Model") var reading: ConfigurationOptions

    func run() throws {
        try writing.permission(reading: [input]).check(output, .parameters)
        let loaded = try LoadedModel(
            contentsOf: input, options: try reading.loadingOptions(configuration: file.configuration))
        let checkpoint = try Checkpoint(
            contentsOf: input, entry: reading.entry, ignoring: reading.ignore)
        var metadata = try ModelMetadata(loaded).strings
        metadata["format"] = "pt"
        // Names that nobody has said are made up again.
        if checkpoint.metadata["classes"] == nil, reading.classes == nil,
            loaded.model.classes == .standard(for: loaded.model.architecture)
        {
            metadata["classes"] = nil
        }
        // How a file of this project was trained stays with it.
        metadata["training"] = checkpoint.metadata["training"]
        try checkpoint.write(to: output, keyMap: names, metadata: metadata, isRounded: half)
        for remark in loaded.remarks { print("! \(remark)") }
        let source = checkpoint.keyMap == .native ? "" : ", from the names of \(checkpoint.keyMap.framework)"
        print("\(output): \(checkpoint.names.count) tensors\(source)")
    }
}

extension KeyMap: ExpressibleByArgument {}

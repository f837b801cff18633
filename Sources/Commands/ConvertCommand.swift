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
            order where frameworks number the classes in different ways. What tensors do not tell (profile, \
            batch-norm epsilon, the channels that the network expects) goes into the file's metadata.

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

    @OptionGroup(title: "Model") var model: ConversionOptions

    func run() throws {
        try writing.permission(reading: [input]).check(output, .parameters)
        let loaded = try LoadedModel(contentsOf: input, options: try model.loadingOptions())
        let checkpoint = try Checkpoint(contentsOf: input)
        let profile = loaded.model.profile
        var metadata = [
            "format": "pt", "profile": profile.name,
            "batch_norm_epsilon": "\(profile.parameters.batchNormEpsilon)",
        ]
        if case .group(let groups) = loaded.model.configuration.backbone.norm {
            metadata["group_norm_groups"] = "\(groups)"
        }
        let placement = loaded.model.configuration.backbone.stridePlacement
        let isTorchvision = [.native, .torchvision, .torchvisionV2].contains(checkpoint.keyMap)
        if !isTorchvision || placement != Profile.named(profile.name)?.parameters.stridePlacement {
            metadata["stride_placement"] = placement.rawValue
        }
        metadata["channels"] = ModelMetadata(loaded.model).channels
        if checkpoint.metadata["configuration"] != nil {
            metadata["configuration"] = try ModelMetadata(loaded.model).strings["configuration"]
        }
        // What else a file of this project says of itself stays with it.
        for key in ModelMetadata.keys { metadata[key] = metadata[key] ?? checkpoint.metadata[key] }
        try checkpoint.write(to: output, keyMap: names, metadata: metadata, isRounded: half)
        for remark in loaded.remarks { print("! \(remark)") }
        let source = checkpoint.keyMap == .native ? "" : ", from the names of \(checkpoint.keyMap.framework)"
        print("\(output): \(checkpoint.names.count) tensors\(source)")
    }
}

/// What can be said of a checkpoint when it is converted.
struct ConversionOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The profile to note in the file.", valueName: "name"),
        completion: .list(Profile.all.map(\.name)))
    var profile: ProfileName?

    @Option(help: ArgumentHelp("The epsilon to note in the file.", valueName: "number"))
    var batchNormEpsilon: Float?

    @Option(
        help: ArgumentHelp("What the backbone expects: pytorch, caffe or caffe2.", valueName: "style"))
    var backboneStyle: BackboneStyle?

    func loadingOptions() throws -> LoadingOptions {
        if let epsilon = batchNormEpsilon, !(epsilon >= 0 && epsilon.isFinite) {
            throw ValidationError("--batch-norm-epsilon \(epsilon): must be 0 or more")
        }
        return LoadingOptions(
            profile: profile?.profile, batchNormEpsilon: batchNormEpsilon, backboneStyle: backboneStyle)
    }
}

extension KeyMap: ExpressibleByArgument {}

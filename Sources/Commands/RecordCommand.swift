import ArgumentParser
import Formats
import Inference
import Verification

struct RecordCommand: PictureCommand {
    static let configuration = CommandConfiguration(
        commandName: "record",
        abstract: "Run the pipeline over a picture and keep every tensor in a bundle.",
        discussion: """
            Example:  maskrcnn record street.jpg --weights model.pth --output street.safetensors
            One part: maskrcnn record street.jpg --output pyramid.safetensors --stages 'fpn.*'
            Swap:     maskrcnn record street.jpg --replace fpn.p2=mine.npz --weights model.pth --output swapped.safetensors
            """)

    @Argument(
        help: "The picture: PNG or JPEG. Without one, a drawn scene.",
        completion: .file(extensions: ["png", "jpg", "jpeg"]))
    var image: String?

    @Option(
        name: .shortAndLong, help: ArgumentHelp("The bundle to write.", valueName: "file"),
        completion: .file(extensions: ["safetensors"]))
    var output: String

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Keep only stages that match; * stands for anything.", valueName: "pattern"))
    var stages: [String] = ["*"]

    @Flag(
        help: """
            Run the picture twice more, with other algorithms for convolution, and keep with the bundle how far \
            rounding alone moves each stage: 'verify' takes its tolerances from that.
            """)
    var noise = false

    @OptionGroup var replacements: ReplacementOptions

    @OptionGroup var pictures: ImageOptions

    @OptionGroup var writing: OutputOptions

    @OptionGroup(title: "Model") var model: ModelOptions

    func validate() throws {
        guard !noise || replacements.replace.isEmpty else {
            throw ValidationError("--noise: cannot be together with --replace")
        }
    }

    func run(in session: PictureSession) throws { try model.withSettings { try perform(in: session) } }

    private func perform(in session: PictureSession) throws {
        try writing.permission(reading: [image, model.weights] + replacements.paths).check(output, .bundle)
        let picture = try pictures.read(image)
        let loaded = try model.load()
        let recorder = Recorder(patterns: stages)
        let bundles = try replacements.bundles(for: loaded.model)
        if session.keepsRuns && bundles.isEmpty {
            let run = try session.run(model, on: image, turning: pictures.turning)
            for stage in run.stages where recorder.wants(stage) {
                if let value = run[stage] { recorder.record(stage, value) }
            }
        } else {
            _ = try loaded.model.detect(picture, replacing: bundles, observer: recorder)
        }
        guard !recorder.stages.isEmpty else {
            throw ValidationError("--stages \(stages.joined(separator: " ")): no stage of this model matches")
        }
        var metadata = try loaded.bundleMetadata(imagePath: image)
        if !bundles.isEmpty {
            metadata["replaced"] = bundles.keys.map(\.name).sorted().joined(separator: " ")
        }
        let backbone = loaded.model.network.backbone
        metadata[Tolerances.depthKey] = String(backbone.convolutionCount)
        if noise {
            metadata[Tolerances.metadataKey] = try recorder.noise(of: loaded.model, on: picture).metadataText
        }
        var writer = BundleWriter(metadata: metadata)
        for (stage, tensor) in recorder.stages { writer.add(stage, tensor) }
        try writer.write(to: output)
        print("\(output): \(recorder.stages.count) stages")
    }
}

import ArgumentParser
import Formats
import Inference
import Verification
import Walkthroughs

struct StageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stage",
        abstract: "Run one stage alone, on the tensors of a bundle.",
        discussion: """
            A stage is made from the stages right before it, which the bundle must hold: fpn.p2 from \
            fpn.merged.p2, box.pooled from rpn.proposals.boxes and the pyramid, and so on. A pattern runs every \
            stage that matches, each on the bundle's own tensors.

            Example:  maskrcnn stage fpn.p2 --input b.safetensors --weights model.pth --output p2.safetensors
            All:      maskrcnn stage '*' --input b.safetensors --weights model.pth --output all.safetensors
            """)

    @Argument(
        help:
            "A stage's name, a pattern in which * stands for anything, or a page (rpn), for the stages on it."
    )
    var name: String

    @Option(
        name: .shortAndLong, help: ArgumentHelp("Where the inputs are: a bundle.", valueName: "file"),
        completion: .file())
    var input: String

    @Option(
        name: .shortAndLong, help: ArgumentHelp("The bundle to write.", valueName: "file"),
        completion: .file(extensions: ["safetensors"]))
    var output: String

    @OptionGroup var writing: OutputOptions

    @OptionGroup(title: "Model") var model: ModelOptions

    func run() throws { try model.withSettings(perform) }

    private func perform() throws {
        try writing.permission(reading: [input, model.weights]).check(output, .bundle)
        let bundle = try TensorBundle(contentsOf: input)
        let loaded = try model.load(for: bundle)
        let runner = StageRunner(model: loaded.model, bundle: bundle)
        var stages = runner.stages.filter { $0.matches(name) }
        if stages.isEmpty {
            stages = Destination(name, stages: runner.stages)?.stages(of: runner.stages) ?? []
        }
        guard !stages.isEmpty else {
            let similar = similarNames(to: name, among: runner.stages.map(\.name))
            throw ValidationError(
                "'\(name)' is no stage of this model"
                    + (similar.isEmpty ? "; 'maskrcnn stages' lists them" : ". " + didYouMean(similar)))
        }
        var metadata = try loaded.bundleMetadata(imagePath: nil)
        metadata["isolated"] = name
        var writer = BundleWriter(metadata: metadata)
        for stage in stages { writer.add(stage, try runner.run(stage)) }
        try writer.write(to: output)
        print("\(output): \(stages.count) stage\(stages.count == 1 ? "" : "s")")
    }
}

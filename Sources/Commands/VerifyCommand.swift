import ArgumentParser
import Formats
import Loading
import MaskRCNN
import Verification
import Walkthroughs

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Compare your implementation's tensors with recorded ones, stage by stage.",
        discussion: """
            Both are bundles: safetensors, npz, or a folder of npy, with tensors under the names of the stage \
            contract. Rows that are selected and ranked are paired by overlap and score before they are \
            compared. With --isolate each stage of the model runs on the candidate's own inputs, so that an \
            error made in a stage is told from one that it inherits.

            Tolerances are for ‖candidate − reference‖ / ‖reference‖: ten times the noise that \
            'record --noise' measured, at least 1e-5; 1e-4 for bundles without; 1e-5 for a stage in isolation. \
            Integers must agree.

            Exit code 0: all stages are equal within tolerance; 1: some differ or are missing; 2: bad input.

            Example:  maskrcnn verify mine.npz --reference street.safetensors
            Where:    maskrcnn verify mine.npz --reference street.safetensors --isolate --weights model.pth
            A part:   maskrcnn verify mine.npz --reference street.safetensors --stages 'fpn.*'
            """)

    @Argument(
        help: "What to check: a bundle, an npz, or a folder of npy files.",
        completion: .file(extensions: ["safetensors", "npz"]))
    var candidate: String

    @Option(
        help: ArgumentHelp("The bundle to check against.", valueName: "file"),
        completion: .file(extensions: ["safetensors"]))
    var reference: String

    @Flag(help: "Run each stage of the model on the candidate's own inputs.")
    var isolate = false

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Compare only stages that match; * stands for anything.", valueName: "pattern"))
    var stages: [String] = []

    @Option(
        help: ArgumentHelp(
            "The largest relative error that passes: 1e-4, or 'fpn.*=1e-4' for some stages; can be repeated.",
            valueName: "number"))
    var tolerance: [ToleranceOption] = []

    @Option(
        help: ArgumentHelp("Write a page with heat maps of the errors to this folder.", valueName: "folder"),
        completion: .directory)
    var report: String?

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup(title: "Model") var model: ModelOptions

    func run() throws { try model.withSettings(perform) }

    private func perform() throws {
        let reference = try Bundle(contentsOf: reference)
        let candidate = try Bundle(contentsOf: candidate)
        let tolerances = try Tolerances(reference: reference, overrides: tolerance.map(\.value))
        let model = isolate ? try model.load().model : nil
        let comparison = try BundleComparison(
            candidate: candidate, reference: reference, tolerances: tolerances,
            limits: model.map { SelectionLimits($0) } ?? SelectionLimits(),
            patterns: stages.isEmpty ? nil : stages)
        var result = try model.map { try comparison.isolated($0) } ?? comparison.endToEnd()
        result.causes = try causes(of: result, comparison)
        if let report { try ComparisonPage(result, of: comparison).write(to: report) }
        if json {
            print(try ComparisonJSON(result).text())
        } else {
            print(ComparisonTable(result, isColoured: Terminal.standardOutput.isColoured).text)
        }
        if !result.agrees { throw ExitCode(1) }
    }

    /// What may have made the first stage differ that does.
    private func causes(of report: ComparisonReport, _ comparison: BundleComparison) throws -> [Cause] {
        // DIAGNOSIS: the one call of `Diagnosis(model:reference:candidate:).causes(of:)` goes here, for a model
        // that fits the reference (--weights, or the shipped one if the reference's weights.sha256 is its).
        []
    }
}

/// `1e-4` or `fpn.*=1e-4` on the command line.
struct ToleranceOption: ExpressibleByArgument {
    let value: Tolerances.Override

    init?(argument: String) {
        guard let value = Tolerances.Override(argument) else { return nil }
        self.value = value
    }
}

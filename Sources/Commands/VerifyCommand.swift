import Explanations
import ArgumentParser
import Formats
import Foundation
import Loading
import Inference
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
            'record --noise' measured, at least 1e-5; for bundles without, 5e-6 for each convolution of the backbone, \
            at least 1e-4; 1e-5 for a stage in isolation. Integers must agree.

            Where something differs, the usual suspects are tried on the first stage that does, and those that \
            explain its error are named. That takes the model: --weights, unless the shipped one made the \
            reference. --guess-profile needs no reference: it says whose conventions the candidate follows.

            Exit code 0: all stages are equal within tolerance; 1: some differ or are missing; 2: bad input.

            Example:  maskrcnn verify mine.npz --reference street.safetensors
            Where:    maskrcnn verify mine.npz --reference street.safetensors --isolate --weights model.pth
            A part:   maskrcnn verify mine.npz --reference street.safetensors --stages 'fpn.*'
            Whose:    maskrcnn verify mine.npz --guess-profile --weights model.pth
            """)

    @Argument(
        help: "What to check: a bundle, an npz, or a folder of npy files.",
        completion: .file(extensions: ["safetensors", "npz"]))
    var candidate: String

    @Option(
        help: ArgumentHelp("The bundle to check against.", valueName: "file"),
        completion: .file(extensions: ["safetensors"]))
    var reference: String?

    @Flag(help: "Say which profile the candidate follows: no reference needed.")
    var guessProfile = false

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

    @OptionGroup var writing: OutputOptions

    @OptionGroup(title: "Model") var model: ModelOptions

    func validate() throws {
        guard guessProfile || reference != nil else {
            throw ValidationError("--reference is missing: the bundle to check against")
        }
    }

    func run() throws { try model.withSettings(perform) }

    private func perform() throws {
        // In a folder that is yet to be made, nothing can be lost.
        if let report, FileManager.default.fileExists(atPath: report) {
            try writing.permission(reading: [candidate, reference, model.weights])
                .check(report + "/index.html", .html)
        }
        if guessProfile { try guess() }
        if let reference { try compare(with: try TensorBundle(contentsOf: reference)) }
    }

    private func compare(with reference: TensorBundle) throws {
        let candidate = try TensorBundle(contentsOf: candidate)
        let tolerances = try Tolerances(reference: reference, overrides: tolerance.map(\.value))
        let model = isolate ? try model.load(for: reference).model : nil
        let comparison = try BundleComparison(
            candidate: candidate, reference: reference, tolerances: tolerances,
            limits: model.map { SelectionLimits($0) } ?? SelectionLimits(),
            patterns: stages.isEmpty ? nil : stages)
        var result = try model.map { try comparison.isolated($0) } ?? comparison.endToEnd()
        result.causes = try causes(of: result, reference: reference, candidate: candidate)
        if let report { try ComparisonPage(result, of: comparison).write(to: report) }
        if json {
            print(try ComparisonJSON(result).text())
        } else {
            print(ComparisonTable(result, isColoured: Terminal.standardOutput.isColoured).text)
        }
        if !result.agrees { throw ExitCode(1) }
    }

    /// What may have made the first stage differ that does: the usual suspects, tried on it.
    private func causes(of report: ComparisonReport, reference: TensorBundle, candidate: TensorBundle) throws
        -> [Cause]
    {
        guard let stage = report.firstDivergence, let model = try modelBehind(reference) else { return [] }
        let path = try self.model.weights ?? LoadedModel.shippedPath
        let options = try self.model.loadingOptions(
            recorded: StatedConfiguration(bundleMetadata: reference.metadata))
        return Diagnosis(model: model, reference: reference, candidate: candidate) {
            ReadingTrial.otherReadings(of: path, as: model, options: options, layersOnly: true).map {
                OtherReading(option: $0.option, model: $0.model)
            }
        }.causes(of: stage)
    }

    /// The model that a reference was recorded with, if it is known: the one given, or the shipped one if the
    /// reference says that it is; by the reference's conventions, unless others are asked for.
    private func modelBehind(_ reference: TensorBundle) throws -> Model? {
        let loaded = try model.load(recorded: StatedConfiguration(bundleMetadata: reference.metadata))
        if model.weights == nil && model.randomWeights == nil {
            guard let hash = loaded.file?.sha256(), hash == reference.metadata["weights.sha256"] else {
                return nil
            }
        }
        return loaded.model
    }

    private func guess() throws {
        let candidate = try TensorBundle(contentsOf: candidate)
        print("Stages that come out of the candidate's own inputs, by the conventions of each profile:")
        for guess in Verification.guessProfile(
            candidate: candidate, model: try model.load(for: candidate).model)
        {
            let differing = guess.differing.prefix(3).map(\.name).joined(separator: ", ")
            let more = guess.differing.count > 3 ? ", …" : ""
            let name = guess.profile + String(repeating: " ", count: max(16 - guess.profile.count, 1))
            print(
                "  \(name)\(Int((100 * guess.score).rounded())) %"
                    + (differing.isEmpty ? "" : "; differs in \(differing)\(more)"))
        }
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

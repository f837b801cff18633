import ArgumentParser
import Explanations

/// Prints how well anchors cover the objects of drawn scenes.
struct CalculateCoverage: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coverage",
        abstract: "How well anchors of some sizes and shapes cover the objects of drawn scenes.",
        discussion: """
            For each object the overlap (IoU) with its best anchor: no network runs.

            Example:  maskrcnn calculate coverage --scenes 100
            """)

    @Option(help: ArgumentHelp("How many scenes.", valueName: "number")) var scenes = 100

    @Option(help: ArgumentHelp("Which scenes.", valueName: "number")) var seed: UInt64 = 2

    @OptionGroup(title: "Model") var model: ModelOptions

    func validate() throws {
        guard 1...10_000 ~= scenes else {
            throw ValidationError("--scenes \(scenes): must be from 1 to 10000")
        }
    }

    func run() throws {
        try CoverageCalculation(
            model: try model.load().model, scenes: scenes, seed: seed, print: { print($0) }
        ).run()
    }
}

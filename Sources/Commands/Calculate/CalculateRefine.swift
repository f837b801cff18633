import ArgumentParser
import Explanations

/// Prints the box head's output for one proposal, and the refined box.
struct CalculateRefine: PictureCommand {
    static let configuration = CommandConfiguration(
        commandName: "refine",
        abstract: "From a proposal to a detection: class probabilities and the refined box.",
        discussion: """
            Shows the proposal that a detection came from, or any other by --proposal.

            Example:  maskrcnn calculate refine --detection 1
            """)

    @Option(help: ArgumentHelp("A detection of the picture, 0 for the best.", valueName: "number"))
    var detection = 0

    @Option(help: ArgumentHelp("A proposal instead, 0 for the best.", valueName: "number"))
    var proposal: Int?

    @OptionGroup var pipeline: PipelineOptions

    func run(in session: PictureSession) throws {
        try pipeline.withRun(in: session) { run in
            try RefineCalculation(detection: detection, proposal: proposal, print: { print($0) }).run(on: run)
        }
    }
}

import ArgumentParser
import Explanations

/// Prints the number of boxes after each step of the two selections.
struct CalculateSelection: PictureCommand {
    static let configuration = CommandConfiguration(
        commandName: "selection",
        abstract: "From anchors to detections: how many boxes each step leaves.",
        discussion: """
            With --detections, also a list of what per-class suppression chose from.

            Example:  maskrcnn calculate selection
            """)

    @Flag(help: "List the boxes of each class, and who suppressed whom.")
    var detections = false

    @OptionGroup var pipeline: PipelineOptions

    func run(in session: PictureSession) throws {
        try pipeline.withRun(in: session) { run in
            try SelectionCalculation(listsDetections: detections, print: { print($0) }).run(on: run)
        }
    }
}

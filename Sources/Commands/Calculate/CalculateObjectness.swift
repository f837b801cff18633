import ArgumentParser
import Explanations

/// Prints the region proposal network's output for the anchors of one cell.
struct CalculateObjectness: PictureCommand {
    static let configuration = CommandConfiguration(
        commandName: "objectness",
        abstract: "What the region proposal network says of the anchors of one cell.",
        discussion: """
            Without --row and --column, the cell of the level's best anchor.

            Example:  maskrcnn calculate objectness p4
            """)

    @Argument(help: ArgumentHelp("The level: p2 … p6.", valueName: "level"))
    var level = LevelArgument(4)

    @Option(help: ArgumentHelp("The cell's row, from 0.", valueName: "number")) var row: Int?
    @Option(help: ArgumentHelp("Its column, from 0.", valueName: "number")) var column: Int?

    @OptionGroup var pipeline: PipelineOptions

    func validate() throws {
        guard (row == nil) == (column == nil) else {
            throw ValidationError("--row and --column: give both or neither")
        }
    }

    func run(in session: PictureSession) throws {
        try pipeline.withRun(in: session) { run in
            try ObjectnessCalculation(level: level.index, row: row, column: column, print: { print($0) }).run(
                on: run)
        }
    }
}

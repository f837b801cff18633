import ArgumentParser
import Explanations

/// Prints how a lateral and a top-down map are added at a few positions of one channel.
struct CalculateFusion: PictureCommand {
    static let configuration = CommandConfiguration(
        commandName: "fusion",
        abstract: "Where lateral and top-down maps meet: four positions of one channel.",
        discussion: "Example:  maskrcnn calculate fusion p3 --row 12 --column 20")

    @Argument(help: ArgumentHelp("The level that is made: p2, p3 or p4.", valueName: "level"))
    var level = LevelArgument(3)

    @Option(help: ArgumentHelp("Row of the upper left of four positions, even.", valueName: "number"))
    var row = 12
    @Option(help: ArgumentHelp("Its column, even.", valueName: "number"))
    var column = 20
    @Option(help: ArgumentHelp("The channel.", valueName: "number"))
    var channel = 0

    @OptionGroup var pipeline: PipelineOptions

    func validate() throws {
        guard 2...4 ~= level.index else {
            throw ValidationError("\(level.name): has no coarser map to be joined with; use p2, p3 or p4")
        }
    }

    func run(in session: PictureSession) throws {
        try pipeline.withRun(in: session) { run in
            try FusionCalculation(
                level: level.index, row: row, column: column, channel: channel, print: { print($0) }
            ).run(on: run)
        }
    }
}

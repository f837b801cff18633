import ArgumentParser
import Explanations

/// Prints one output of one convolution, term by term.
struct CalculateConvolutionCell: PictureCommand {
    static let configuration = CommandConfiguration(
        commandName: "convolution-cell",
        abstract: "One output of one convolution, as a sum over the window and the channels.",
        discussion: """
            Layers: backbone.stem, fpn.lateral.p2 … p5, fpn.p2 … p5, rpn.hidden.p2 … p6.

            Example:  maskrcnn calculate convolution-cell backbone.stem --row 30 --column 40 --channel 3
            """)

    @Argument(help: ArgumentHelp("The layer.", valueName: "name"))
    var layer = "backbone.stem"

    @Option(help: ArgumentHelp("The output's row, from 0.", valueName: "number")) var row = 0
    @Option(help: ArgumentHelp("Its column, from 0.", valueName: "number")) var column = 0
    @Option(help: ArgumentHelp("Its channel, from 0.", valueName: "number")) var channel = 0

    @OptionGroup var pipeline: PipelineOptions

    func run(in session: PictureSession) throws {
        try pipeline.withRun(in: session) { run in
            try ConvolutionCellCalculation(
                layer: layer, row: row, column: column, channel: channel, print: { print($0) }
            ).run(on: run)
        }
    }
}

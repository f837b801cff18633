import ArgumentParser
import Geometry
import Inference
import Tensors

/// A few positions of one channel where lateral and top-down maps meet.
struct CalculateFusion: ParsableCommand {
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

    func run() throws {
        try pipeline.withRun { run in
            let index = level.index
            guard let lateral = run.tensor(.lateral(index)), let topDown = run.tensor(.topDown(index)),
                let merged = run.tensor(.merged(index)), let coarser = run.tensor(.merged(index + 1))
            else { throw ValidationError("the model has no pyramid") }
            let (row, column) = (
                try checked(row, below: lateral.shape[0] - 1, "row"),
                try checked(column, below: lateral.shape[1] - 1, "column")
            )
            let channel = try checked(channel, below: lateral.shape[2], "channel")
            func grid(_ map: Tensor) -> [String] {
                (row...row + 1).map { row in
                    (column...column + 1).map { Commands.column(map[row, $0, channel], 4, width: 9) }.joined()
                }
            }
            var sheet = Worksheet()
            sheet.heading(
                "channel \(channel), rows \(row) and \(row + 1), columns \(column) and \(column + 1)")
            for (name, map) in [
                ("fpn.lateral.p\(index)", lateral), ("fpn.topdown.p\(index)", topDown),
                ("fpn.merged.p\(index)", merged),
            ] {
                let lines = grid(map)
                sheet.step(name, lines[0])
                sheet.step("", lines[1])
            }
            let (coarseRow, coarseColumn) = (
                row * coarser.shape[0] / lateral.shape[0], column * coarser.shape[1] / lateral.shape[1]
            )
            sheet.heading("row \(row), column \(column)")
            sheet.step(
                "from p\(index + 1)",
                "fpn.merged.p\(index + 1) at row \(coarseRow), column \(coarseColumn): "
                    + short(coarser[coarseRow, coarseColumn, channel]))
            sheet.step(
                "sum",
                "\(short(lateral[row, column, channel])) \(signed(topDown[row, column, channel])) = "
                    + short(merged[row, column, channel]))
            print(sheet.text)
        }
    }
}

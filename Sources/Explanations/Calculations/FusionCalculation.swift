import Geometry
import Inference
import Tensors

/// The sum of lateral and top-down maps at a few positions of one channel.
package struct FusionCalculation {
    private let level: Int
    private let row: Int
    private let column: Int
    private let channel: Int
    private let print: (String) -> Void

    /// A calculation for the given values; `print` receives its text line by line.
    package init(level: Int, row: Int, column: Int, channel: Int, print: @escaping (String) -> Void) {
        self.level = level
        self.row = row
        self.column = column
        self.channel = channel
        self.print = print
    }

    package func run(on run: PictureRun) throws {
        let index = level
        guard let lateral = run.tensor(.lateral(index)), let topDown = run.tensor(.topDown(index)),
            let merged = run.tensor(.merged(index)), let coarser = run.tensor(.merged(index + 1))
        else { throw CalculationError("the model has no pyramid") }
        let (row, column) = (
            try checked(row, below: lateral.shape[0] - 1, "row"),
            try checked(column, below: lateral.shape[1] - 1, "column")
        )
        let channel = try checked(channel, below: lateral.shape[2], "channel")
        func grid(_ map: Tensor) -> [String] {
            (row...row + 1).map { row in
                (column...column + 1).map { Explanations.column(map[row, $0, channel], 4, width: 9) }.joined()
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

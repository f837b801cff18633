import Explanations
import ArgumentParser
import Geometry
import Kernels
import Inference
import Tensors

/// What the region proposal network says of the anchors of one cell.
struct CalculateObjectness: ParsableCommand {
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

    func run() throws {
        try pipeline.withRun { run in
            let trace = try SelectionTrace(run)
            guard let found = trace.levels.first(where: { $0.name == level.name }) else {
                throw ValidationError("\(level.name): the model has no such level")
            }
            let size = found.anchors.size, shapes = found.anchors.shapes.boxes.count
            let best = (found.candidates.anchors.first ?? 0) / shapes
            let row = try checked(row ?? best / size.width, below: size.height, "row")
            let column = try checked(column ?? best % size.width, below: size.width, "column")
            var sheet = Worksheet()
            sheet.heading("\(level.name), row \(row), column \(column) of \(size) cells")
            for shape in 0..<shapes {
                let index = (row * size.width + column) * shapes + shape
                let anchor = found.anchors[index]
                let logit = found.objectness[row, column, shape]
                let delta = BoxDelta(
                    dx: found.deltas[row, column, 4 * shape], dy: found.deltas[row, column, 4 * shape + 1],
                    dw: found.deltas[row, column, 4 * shape + 2], dh: found.deltas[row, column, 4 * shape + 3]
                )
                let box = run.model.conventions.proposals.coder.decode(delta, from: anchor)
                sheet.heading("anchor \(index): \(corners(anchor))")
                sheet.step("objectness", "1 / (1 + exp(\(short(-logit)))) = \(probability(sigmoid(logit)))")
                sheet.step("delta", list(delta))
                sheet.step("decoded", corners(box))
                sheet.step("clipped to \(trace.size)", corners(box.clipped(to: trace.size)))
                sheet.step(
                    "candidate",
                    found.candidates.anchors.firstIndex(of: index).map {
                        "number \($0) of \(found.candidates.anchors.count) on \(level.name)"
                    } ?? "not among the best \(found.candidates.anchors.count) of \(level.name)")
            }
            print(sheet.text)
        }
    }
}

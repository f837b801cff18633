import Geometry
import Inference
import Kernels
import Tensors

/// The region proposal network's output for the anchors of one cell.
package struct ObjectnessCalculation {
    private let level: Int
    private let row: Int?
    private let column: Int?
    private let print: (String) -> Void

    /// A calculation for the given values; `print` receives its text line by line.
    package init(level: Int, row: Int?, column: Int?, print: @escaping (String) -> Void) {
        self.level = level
        self.row = row
        self.column = column
        self.print = print
    }

    private var levelName: String { "p\(level)" }

    package func run(on run: PictureRun) throws {
        let trace = try SelectionTrace(run)
        guard let found = trace.levels.first(where: { $0.name == levelName }) else {
            throw CalculationError("\(levelName): the model has no such level")
        }
        let size = found.anchors.size, shapes = found.anchors.shapes.boxes.count
        let best = (found.candidates.anchors.first ?? 0) / shapes
        let row = try checked(row ?? best / size.width, below: size.height, "row")
        let column = try checked(column ?? best % size.width, below: size.width, "column")
        var sheet = Worksheet()
        sheet.heading("\(levelName), row \(row), column \(column) of \(size) cells")
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
                    "number \($0) of \(found.candidates.anchors.count) on \(levelName)"
                } ?? "not among the best \(found.candidates.anchors.count) of \(levelName)")
        }
        print(sheet.text)
    }
}

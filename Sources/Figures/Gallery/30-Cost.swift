import Drawing
import Explanations
import Inference

extension Gallery {
    /// Figure 30: multiplications, memory and time of each step.
    func cost() throws -> Sheet {
        let cost = Cost(run)
        let steps = PipelineStep.allCases.filter { run.seconds[$0] != nil }.map { step in
            CostFigure.Step(
                name: step.rawValue, part: step.part, multiplications: cost.multiplications[step] ?? 0,
                activationBytes: cost.activations[step] ?? 0,
                parameterBytes: 4 * (cost.parameters[step] ?? 0), seconds: run.seconds[step])
        }
        guard !steps.isEmpty else { throw NothingToDraw("the run has no steps") }
        let shape = run.shapeText(.inputTensor) ?? ""
        let proposals = run.tensor(.boxPooled)?.shape[0] ?? 0
        return CostFigure(
            steps: steps,
            subtitle:
                "For an input of \(shape), \(proposals) proposals and \(run.instances.count) detections.",
            theme: theme
        ).sheet
    }
}

// MARK: - Drawing

/// Figure 30: what each step of the pipeline costs: multiplications, memory and time.
package struct CostFigure: SheetFigure {
    /// One step.
    package struct Step: Sendable {
        /// Its name.
        package var name: String
        /// The part of the pipeline that gives it its colour.
        package var part: Part
        /// Multiplications by weights, as the layers' definitions have them.
        package var multiplications: Double
        /// Bytes that its layers write: activations.
        package var activationBytes: Double
        /// Bytes of its parameters.
        package var parameterBytes: Double
        /// Seconds; nil where nobody took the time.
        package var seconds: Double?

        /// A step.
        package init(
            name: String, part: Part, multiplications: Double, activationBytes: Double,
            parameterBytes: Double, seconds: Double?
        ) {
            self.name = name
            self.part = part
            self.multiplications = multiplications
            self.activationBytes = activationBytes
            self.parameterBytes = parameterBytes
            self.seconds = seconds
        }
    }

    private let steps: [Step]
    private let subtitle: String
    private let theme: Theme

    /// The cost of steps in data-flow order.
    package init(steps: [Step], subtitle: String = "", theme: Theme) {
        self.steps = steps
        self.subtitle = subtitle
        self.theme = theme
    }

    private struct Column {
        let title: String
        let value: (Step) -> Double?
        let text: (Double) -> String
    }

    private static let rowHeight = 26.0
    private static let nameWidth = 84.0
    private static let gap = 14.0

    private var columns: [Column] {
        let all = [
            Column(title: "multiplications", value: { $0.multiplications }, text: { scaled($0, "") }),
            Column(title: "activations", value: { $0.activationBytes }, text: { scaled($0, "B") }),
            Column(title: "parameters", value: { $0.parameterBytes }, text: { scaled($0, "B") }),
        ]
        let time = Column(title: "time of this run", value: { $0.seconds }, text: duration)
        return steps.contains { $0.seconds != nil } ? all + [time] : all
    }

    /// The drawing.
    package var sheet: Sheet {
        let columns = columns
        let table = Sheet.Block(
            height: 20 + Self.rowHeight * Double(steps.count + 1) + 4, role: .drawing("the steps")
        ) { canvas, room in
            let width =
                (room.width - Self.nameWidth - Self.gap * Double(columns.count)) / Double(columns.count)
            for (index, step) in steps.enumerated() {
                canvas.text(
                    step.name,
                    at: Point(x: room.x, y: room.y + 20 + Self.rowHeight * (Double(index) + 0.5)),
                    font: Font(size: 11, isBold: true), within: Self.nameWidth - 4,
                    color: step.part.color(in: theme), anchor: TextAnchor(.leading, .middle))
            }
            let last = room.y + 20 + Self.rowHeight * (Double(steps.count) + 0.5) + 4
            canvas.line(
                from: Point(x: room.x, y: last - Self.rowHeight / 2 - 1),
                to: Point(x: room.maxX, y: last - Self.rowHeight / 2 - 1), Stroke(theme.rule, width: 1))
            canvas.text(
                "all", at: Point(x: room.x, y: last), font: Font(size: 11, isBold: true),
                color: theme.ink, anchor: TextAnchor(.leading, .middle))
            for (index, column) in columns.enumerated() {
                let x = room.x + Self.nameWidth + Self.gap + Double(index) * (width + Self.gap)
                draw(
                    column, on: canvas, in: Rectangle(x: x, y: room.y, width: width, height: room.height),
                    lastRow: last)
            }
        }
        return Sheet(
            title: "What each step costs", subtitle: subtitle, blocks: [table],
            caption:
                "Multiplications are those of the layers' definitions; in 3×3 convolutions the Winograd "
                + "algorithm makes do with a quarter. Activations are what the layers write. Bars are shares of their column's largest."
                + (columns.count > 3
                    ? " The time is of one run that kept every stage; maskrcnn benchmark takes medians."
                    : ""),
            theme: theme
        )
    }

    private func draw(_ column: Column, on canvas: Canvas, in room: Rectangle, lastRow: Double) {
        canvas.text(
            column.title, at: Point(x: room.x, y: room.y), font: Font(size: 11, isBold: true),
            within: room.width, color: theme.ink, anchor: TextAnchor(.leading, .top))
        let values = steps.map { column.value($0) }
        let sum = values.reduce(0) { $0 + ($1 ?? 0) }
        let largest = values.reduce(0) { max($0, $1 ?? 0) }
        for (index, value) in values.enumerated() {
            let y = room.y + 20 + Self.rowHeight * Double(index)
            guard let value, value > 0 else {
                canvas.text(
                    "–", at: Point(x: room.x, y: y + Self.rowHeight / 2), font: Font(size: 10),
                    color: theme.mutedInk, anchor: TextAnchor(.leading, .middle))
                continue
            }
            let width = largest > 0 ? room.width * value / largest : 0
            canvas.fill(
                Rectangle(x: room.x, y: y + 15, width: max(width, 1), height: 6),
                steps[index].part.color(in: theme), cornerRadius: 1.5)
            canvas.text(
                "\(column.text(value)), \(percent(value / sum))", at: Point(x: room.x, y: y + 2),
                font: Font(size: 10), within: room.width, color: theme.ink,
                anchor: TextAnchor(.leading, .top))
        }
        canvas.text(
            column.text(sum), at: Point(x: room.x, y: lastRow), font: Font(size: 11, isBold: true),
            color: theme.ink, anchor: TextAnchor(.leading, .middle))
    }

    private func percent(_ share: Double) -> String {
        share < 0.005 ? "< 1 %" : "\(Int((share * 100).rounded())) %"
    }
}

/// `1.23 G`, `45.6 MB`: three digits and a factor of a thousand.
private func scaled(_ value: Double, _ unit: String) -> String {
    var (value, index) = (value, 0)
    let prefixes = ["", "k", "M", "G", "T"]
    while value >= 999.5 && index < prefixes.count - 1 { (value, index) = (value / 1000, index + 1) }
    let suffix = prefixes[index] + unit
    return figures(value) + (suffix.isEmpty ? "" : " " + suffix)
}

/// `0.42 ms`, `12 ms`, `1.23 s`.
private func duration(_ seconds: Double) -> String {
    seconds < 0.9995 ? "\(figures(seconds * 1000)) ms" : "\(figures(seconds)) s"
}

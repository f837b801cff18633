import Drawing
import Explanations
import Geometry
import Inference
import Tensors

extension Gallery {
    /// Figure 15: of the proposals that became likely detections, the one that the head is least sure of.
    func classes() throws -> Sheet {
        let trace = try selection.box == nil ? traceWithDetections() : SelectionTrace(run)
        let likely = max(trace.detections.scores.count { $0 >= 0.5 }, 1)
        let detection =
            selection.detection
            ?? (0..<likely).min { trace.detections.scores[$0] < trace.detections.scores[$1] } ?? 0
        let proposal = selection.box ?? trace.detections.proposals[detection]
        let box = trace.proposals.boxes[proposal]
        let count = trace.probabilities.shape[1]
        let coder = run.model.conventions.detections.coder
        let entries = (0..<count).map { label in
            let index = proposal * count + label
            let delta = label == 0 ? nil : refinement(trace.refinements, proposal: proposal, label: label)
            return ClassesFigure.Entry(
                label: label, name: label == 0 ? "background" : run.model.classes.name(of: label),
                probability: Double(trace.probabilities.withUnsafeElements { $0[index] }), delta: delta,
                box: delta.map { coder.decode($0, from: box).clipped(to: trace.size) })
        }
        return ClassesFigure(
            ground: ground(size: trace.size), proposal: (proposal, box), entries: entries,
            theme: theme
        ).sheet
    }
}

// MARK: - Drawing

/// Figure 15: what the box head says of one proposal: a probability for every class, and for every class
/// another box.
package struct ClassesFigure: SheetFigure {
    /// What the head says of one class.
    package struct Entry {
        /// The class's index; 0 is background.
        package var label: Int
        /// Its name.
        package var name: String
        /// The proposal's probability of being one.
        package var probability: Double
        /// How the proposal changes if it is one; nil for background.
        package var delta: BoxDelta?
        /// The refined box, clipped; nil for background.
        package var box: Box?

        /// An entry.
        package init(label: Int, name: String, probability: Double, delta: BoxDelta?, box: Box?) {
            self.label = label
            self.name = name
            self.probability = probability
            self.delta = delta
            self.box = box
        }
    }

    private let ground: Ground
    private let proposal: (index: Int, box: Box)
    private let entries: [Entry]
    private let left: Int
    private let theme: Theme

    /// - Parameters:
    ///   - ground: the picture in the frame of the boxes.
    ///   - proposal: the proposal and its index.
    ///   - entries: background and all classes. The most probable ones are drawn.
    package init(
        ground: Ground, proposal: (index: Int, box: Box), entries: [Entry], theme: Theme
    ) {
        self.ground = ground
        self.proposal = proposal
        let sorted = entries.sorted { ($1.probability, $0.label) < ($0.probability, $1.label) }
        self.entries = Array(sorted.prefix(12))
        left = max(entries.count - 12, 0)
        self.theme = theme
    }

    /// The drawing.
    package var sheet: Sheet {
        Sheet(
            title: "Class probabilities, and a box for every class",
            subtitle:
                "Softmax makes the classes compete for the proposal. Box regression does not choose: it "
                + "refines the proposal once for each class, and the class’s own box is taken.",
            blocks: [
                pictures,
                .heading(
                    "The same numbers",
                    note: "refinement as the network gives it, before the coder’s weights",
                    theme: theme), table.block,
            ],
            caption: "Proposal \(proposal.index), \(boxText(proposal.box)) (dashed)."
                + (left > 0 ? " \(left) less probable classes are left out." : "")
                + " A class’s regression is trained on proposals of that class only, so the boxes of "
                + "improbable classes mean little.",
            theme: theme
        )
    }

    private func color(_ entry: Entry) -> Color { theme.lineColor(ofClass: entry.label) }

    private var pictures: Sheet.Block {
        let boxes = entries.compactMap(\.box).filter(\.isFinite)
        let around = boxes.reduce(proposal.box) { $0.union($1) }
        let (width, height) = (300.0, max(250, 24 + 19 * Double(entries.count)))
        let close = ground.showing(
            around.grown(by: max(around.width, around.height) * 0.08, aspect: Float(height / width)),
            fade: 0.4)
        return Sheet.Block(height: height, role: .drawing("boxes and probabilities")) { canvas, room in
            let place = Rectangle(x: room.x, y: room.y, width: width, height: height)
            close.draw(on: canvas, in: place, theme: theme) { places in
                for entry in entries.reversed() {
                    guard let box = entry.box else { continue }
                    let isBest = entry.label == best?.label
                    canvas.outline(
                        places.rectangle(box), color(entry).withOpacity(isBest ? 1 : 0.75),
                        width: isBest ? 3 : 1.25, theme: theme)
                }
                canvas.stroke(
                    places.rectangle(proposal.box), Stroke(theme.ink, width: 1.5, dashes: [5, 3]))
            }
            drawBars(
                in: Rectangle(
                    x: place.maxX + 16, y: room.y, width: room.maxX - place.maxX - 16, height: height),
                on: canvas)
        }
    }

    /// The most probable class that is not background.
    private var best: Entry? { entries.first { $0.label != 0 } }

    private func drawBars(in room: Rectangle, on canvas: Canvas) {
        canvas.text(
            "probability", at: Point(x: room.x, y: room.y), font: Font(size: 11, isBold: true),
            color: theme.ink, anchor: TextAnchor(.leading, .top))
        let leading = (room.height - 24) / Double(max(entries.count, 1))
        let names = 84.0
        let scale = room.width - names - 52
        for (index, entry) in entries.enumerated() {
            let y = room.y + 22 + leading * (Double(index) + 0.5)
            canvas.text(
                entry.name, at: Point(x: room.x + names - 6, y: y), font: Font(size: 10.5),
                within: names - 8, color: theme.ink, anchor: TextAnchor(.trailing, .middle))
            let share = entry.probability.isFinite ? min(max(entry.probability, 0), 1) : 0
            let height = min(leading * 0.7, 16)
            canvas.fill(
                Rectangle(x: room.x + names, y: y - height / 2, width: scale, height: height),
                theme.rule.withOpacity(0.4), cornerRadius: 2)
            canvas.fill(
                Rectangle(x: room.x + names, y: y - height / 2, width: max(scale * share, 1), height: height),
                color(entry), cornerRadius: 2)
            canvas.text(
                figures(entry.probability), at: Point(x: room.maxX, y: y), font: Font(size: 10),
                color: theme.mutedInk, anchor: TextAnchor(.trailing, .middle))
        }
    }

    private var table: TextTable {
        TextTable(
            [
                .init("class", width: 100, isNumber: false), .init("probability", width: 82),
                .init("dx", width: 62), .init("dy", width: 62), .init("dw", width: 62),
                .init("dh", width: 62), .init("refined box", width: 150),
            ],
            rows: entries.map { entry in
                let deltas = entry.delta.map { [$0.dx, $0.dy, $0.dw, $0.dh].map { figures(Double($0)) } }
                return TextTable.Row(
                    [entry.name, figures(entry.probability)] + (deltas ?? ["", "", "", ""])
                        + [entry.box.map(boxText) ?? "none"], color: color(entry))
            }, theme: theme)
    }
}

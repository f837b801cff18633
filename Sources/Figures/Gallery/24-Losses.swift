import Drawing
import Explanations
import Training

extension Gallery {
    /// Figure 24: losses and learning rate, from the record that lies beside the model's weights.
    func losses() throws -> Sheet {
        guard run.loaded.file != nil else { throw NothingToDraw("random weights have not been trained") }
        guard let record = try run.loaded.trainingRecord() else {
            throw NothingToDraw("no metrics.jsonl lies beside the weights to tell how they were trained")
        }
        let reports = record.reports
        let curves = LossKind.allCases.compactMap { kind -> LossesFigure.Curve? in
            let values = reports.map { $0.losses[kind.rawValue] ?? .nan }
            guard values.contains(where: \.isFinite) else { return nil }
            return LossesFigure.Curve(
                name: kind.rawValue, meaning: kind.meaning, part: kind.part, values: values)
        }
        guard !curves.isEmpty, let last = reports.last else {
            throw NothingToDraw("the record of the training holds no losses")
        }
        return LossesFigure(
            steps: reports.map { Double($0.step) }, curves: curves, rates: reports.map(\.rate),
            subtitle:
                "The parts of the loss over \(last.step + 1) steps; what is added up is weighted as the run's "
                + "configuration says.",
            theme: theme
        ).sheet
    }
}

extension LossKind {
    /// What the loss asks, in a few words.
    fileprivate var meaning: String {
        switch self {
        case .objectness: "is the anchor an object?"
        case .proposalBoxes: "from anchor to object"
        case .classes: "which class?"
        case .boxes: "from proposal to object"
        case .masks: "which pixels?"
        case .keypoints: "where is each keypoint?"
        }
    }

    fileprivate var part: Part {
        switch self {
        case .objectness, .proposalBoxes: .proposals
        case .classes, .boxes: .boxes
        case .masks: .masks
        case .keypoints: .keypoints
        }
    }
}

// MARK: - Drawing

/// Figure 24: how the losses fell in training, and the learning rate that they fell at.
package struct LossesFigure: SheetFigure {
    /// One part of the loss.
    package struct Curve: Sendable {
        /// The name of the stage that it is taken at: `rpn.objectness`.
        package var name: String
        /// What it is, in a few words: "is there an object? cross-entropy".
        package var meaning: String
        /// The part of the network that it trains.
        package var part: Part
        /// One number for each of the record's steps; NaN where the record has none.
        package var values: [Double]

        /// A curve.
        package init(name: String, meaning: String, part: Part, values: [Double]) {
            self.name = name
            self.meaning = meaning
            self.part = part
            self.values = values
        }
    }

    private let steps: [Double]
    private let curves: [Curve]
    private let rates: [Double]
    private let subtitle: String
    private let theme: Theme

    /// The record of a run: the steps that were reported, and numbers for each of them.
    package init(
        steps: [Double], curves: [Curve], rates: [Double], subtitle: String = "", theme: Theme
    ) {
        self.steps = steps
        self.curves = curves
        self.rates = rates
        self.subtitle = subtitle
        self.theme = theme
    }

    /// How many reports a smoothed number is the mean of.
    private var window: Int { max(1, steps.count / 40) }

    /// The drawing.
    package var sheet: Sheet {
        let columns = 2
        let rows = stride(from: 0, to: curves.count, by: columns).map { start in
            let names = curves[start..<min(start + columns, curves.count)].map(\.name)
            return Sheet.Block(height: 150, role: .drawing(names.joined(separator: " and "))) {
                canvas, room in
                let width = (room.width - 18) / Double(columns)
                for index in start..<min(start + columns, curves.count) {
                    draw(
                        curves[index], on: canvas,
                        in: Rectangle(
                            x: room.x + Double(index - start) * (width + 18), y: room.y, width: width,
                            height: room.height))
                }
            }
        }
        return Sheet(
            title: "What training minimised", subtitle: subtitle,
            blocks: rows + [
                .heading("Learning rate", note: "logarithmic", theme: theme), ratePlot,
            ],
            caption:
                "Losses are on logarithmic axes of their own, without their weights in the sum. Faint: as "
                + "reported; bold: the mean of \(window) reports up to there. Dotted lines: where the rate drops.",
            theme: theme
        )
    }

    private var span: ClosedRange<Double> {
        let ends = steps.filter(\.isFinite)
        return min(0, ends.min() ?? 0)...max(ends.max() ?? 1, 0)
    }

    private func draw(_ curve: Curve, on canvas: Canvas, in room: Rectangle) {
        let color = curve.part.color(in: theme)
        let title = Font(size: 11, isBold: true)
        canvas.text(
            curve.name, at: Point(x: room.x, y: room.y), font: title, color: color,
            anchor: TextAnchor(.leading, .top))
        let used = canvas.extents(of: curve.name, font: title).width + 8
        canvas.text(
            curve.meaning, at: Point(x: room.x + used, y: room.y + 1), font: Font(size: 10),
            within: room.width - used, color: theme.mutedInk, anchor: TextAnchor(.leading, .top))
        let positive = curve.values.filter { $0.isFinite && $0 > 0 }
        guard let low = positive.min(), let high = positive.max() else { return }
        let axes = Axes(
            x: Axis("", span), y: Axis("", low / 1.1...high * 1.1, isLogarithmic: true),
            theme: theme)
        let field = axes.draw(
            on: canvas, in: Rectangle(x: room.x, y: room.y + 14, width: room.width, height: room.height - 14))
        drawDrops(in: field, on: canvas)
        plot(curve.values, in: field, Stroke(color.withOpacity(0.35), width: 0.75), on: canvas)
        let smooth = smoothed(curve.values)
        plot(smooth, in: field, Stroke(color, width: 1.75, isRound: true), on: canvas)
        if let last = smooth.last(where: \.isFinite) {
            let (text, font) = ("ends at \(figures(last))", Font(size: 10, isBold: true))
            let corner = Point(x: field.frame.maxX - 4, y: field.frame.y + 3)
            let width = canvas.extents(of: text, font: font).width
            canvas.fill(
                Rectangle(x: corner.x - width - 3, y: corner.y - 1, width: width + 6, height: 14),
                theme.paper.withOpacity(0.85))
            canvas.text(
                text, at: corner, font: font, color: theme.ink, anchor: TextAnchor(.trailing, .top))
        }
    }

    private var ratePlot: Sheet.Block {
        Sheet.Block(height: 120, role: .drawing("learning rate")) { canvas, room in
            let positive = rates.filter { $0.isFinite && $0 > 0 }
            guard let low = positive.min(), let high = positive.max() else { return }
            let axes = Axes(
                x: Axis("training step", span), y: Axis("", low / 1.3...high * 1.3, isLogarithmic: true),
                theme: theme)
            let field = axes.draw(on: canvas, in: room)
            drawDrops(in: field, on: canvas)
            plot(rates, in: field, Stroke(theme.ink, width: 1.5), on: canvas)
        }
    }

    private func drawDrops(in field: Axes.Field, on canvas: Canvas) {
        for step in drops {
            let x = field.point(step, 1).x
            canvas.line(
                from: Point(x: x, y: field.frame.y), to: Point(x: x, y: field.frame.maxY),
                Stroke(theme.mutedInk, width: 0.9, dashes: [1.5, 2.5]))
        }
    }

    /// The first steps reported at a rate below two thirds of the one before.
    private var drops: [Double] {
        zip(rates, rates.dropFirst()).enumerated().compactMap { index, pair in
            pair.1 < 0.67 * pair.0 ? steps[index + 1] : nil
        }
    }

    private func plot(_ values: [Double], in field: Axes.Field, _ stroke: Stroke, on canvas: Canvas) {
        // Reports without a number leave a gap.
        var run: [Point] = []
        for (step, value) in zip(steps, values) {
            if value.isFinite && value > 0 && step.isFinite {
                run.append(field.point(step, value))
            } else {
                canvas.polyline(run, stroke)
                run = []
            }
        }
        canvas.polyline(run, stroke)
    }

    /// The mean of the last `window` numbers at each place, as far as there are any.
    private func smoothed(_ values: [Double]) -> [Double] {
        values.indices.map { index in
            let near = values[max(0, index - window + 1)...index].filter(\.isFinite)
            return near.isEmpty ? .nan : near.reduce(0, +) / Double(near.count)
        }
    }
}

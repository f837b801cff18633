import COCO
import Drawing
import Explanations
import Geometry
import Inference
import Scenes

extension Gallery {
    /// Figure 25: this model on drawn scenes that the shipped one has not been trained on. It has nothing to do
    /// with the picture.
    func precisionRecall() throws -> Sheet {
        let model = run.model
        guard let trial = SceneTrial(seed: ShippedScene.seed, count: 40, classes: model.classes) else {
            throw NothingToDraw(
                "the model's classes are not those of the drawn scenes, which are what there is to evaluate on"
            )
        }
        let results = trial.results { model.detect($0) }
        let evaluations = try results.kinds(comparableWith: trial.dataset).map {
            try Evaluation(dataset: trial.dataset, results: results, kind: $0)
        }
        guard let first = evaluations.first else {
            throw NothingToDraw("the model found nothing in the scenes")
        }
        let perCategory = evaluations.map { evaluation in evaluation.summaryPerCategory.map { $0.values[0] } }
        return PrecisionRecallFigure(
            evaluations.map(PrecisionRecallFigure.Kind.init),
            classes: first.categories.indices.map { index in
                PrecisionRecallFigure.ClassRow(
                    name: first.categories[index].name, objects: first.truthCounts[index],
                    values: perCategory.map { $0[index] })
            },
            thresholds: first.parameters.overlapThresholds, recalls: first.parameters.recallThresholds,
            source: "\(trial.dataset.images.count) drawn scenes of seed \(ShippedScene.seed), "
                + "\(first.truthCounts.reduce(0, +)) objects, \(results.detections.count) detections.",
            theme: theme
        ).sheet
    }
}

extension PrecisionRecallFigure.Kind {
    /// The curves of an evaluation, averaged over the categories that have objects.
    fileprivate init(_ evaluation: Evaluation) {
        let curves = evaluation.curves
        let limit = evaluation.parameters.detectionLimits.count - 1
        let categories = evaluation.categories.indices.filter {
            curves.recall(threshold: 0, category: $0, area: 0, limit: limit) >= 0
        }
        let precisions = evaluation.parameters.overlapThresholds.indices.map { threshold in
            evaluation.parameters.recallThresholds.indices.map { recall in
                categories.reduce(0) {
                    $0
                        + curves.precision(
                            threshold: threshold, recall: recall, category: $1, area: 0, limit: limit)
                } / Double(max(categories.count, 1))
            }
        }
        func value(_ threshold: Double?) -> Double {
            evaluation.summary.metrics.first {
                $0.measure == .averagePrecision && $0.threshold == threshold && $0.area == "all"
            }?.value ?? -1
        }
        let name =
            switch evaluation.kind {
            case .boxes: "boxes"
            case .masks: "masks"
            case .keypoints: "keypoints"
            }
        self.init(
            name: name, summary: (value(nil), value(0.5), value(0.75)),
            averagePrecisions: precisions.map { $0.reduce(0, +) / Double(max($0.count, 1)) },
            precisions: precisions)
    }
}

// MARK: - Drawing

/// Figure 25: precision over recall, and average precision over the threshold of overlap.
package struct PrecisionRecallFigure: SheetFigure {
    /// One kind of evaluation: boxes, masks or keypoints.
    package struct Kind: Sendable {
        /// Its name: "boxes".
        package var name: String
        /// AP, AP50 and AP75, from 0 to 1; −1 where there was nothing to find.
        package var summary: (all: Double, half: Double, strict: Double)
        /// The average precision at each threshold.
        package var averagePrecisions: [Double]
        /// For each threshold, the precision at each recall, averaged over the classes.
        package var precisions: [[Double]]

        /// A kind of evaluation.
        package init(
            name: String, summary: (all: Double, half: Double, strict: Double), averagePrecisions: [Double],
            precisions: [[Double]]
        ) {
            self.name = name
            self.summary = summary
            self.averagePrecisions = averagePrecisions
            self.precisions = precisions
        }
    }

    /// One class's numbers.
    package struct ClassRow: Sendable {
        /// The class.
        package var name: String
        /// How many objects there are.
        package var objects: Int
        /// AP of each kind, in the order of the kinds; −1 where there was nothing to find.
        package var values: [Double]

        /// A class's numbers.
        package init(name: String, objects: Int, values: [Double]) {
            self.name = name
            self.objects = objects
            self.values = values
        }
    }

    private let kinds: [Kind]
    private let classes: [ClassRow]
    private let thresholds: [Double]
    private let recalls: [Double]
    private let source: String
    private let theme: Theme

    /// The figure of an evaluation.
    /// - Parameters:
    ///   - kinds: boxes, and masks and keypoints where there are any. The curves are of the second, or the only
    ///     one.
    ///   - thresholds: of overlap.
    ///   - recalls: at which precision is read off.
    ///   - source: what was evaluated, as a sentence.
    package init(
        _ kinds: [Kind], classes: [ClassRow], thresholds: [Double], recalls: [Double], source: String,
        theme: Theme
    ) {
        self.kinds = kinds
        self.classes = classes
        self.thresholds = thresholds
        self.recalls = recalls
        self.source = source
        self.theme = theme
    }

    private var curveKind: Kind? { kinds.count > 1 ? kinds[1] : kinds.first }

    /// The drawing.
    package var sheet: Sheet {
        Sheet(
            title: "Precision, recall and average precision",
            subtitle: source,
            blocks: [
                .grid([curvesPanel, thresholdsPanel], columns: 2, tallest: 300, theme: theme),
                table.block,
            ],
            caption:
                "Detections of all pictures are taken best first. Precision is the part of those taken so far "
                + "that is right, recall the part of the objects that they have found; each precision is the "
                + "largest at that recall or a larger one. Right means an overlap of at least the threshold with an object "
                + "not found before. AP is the area under a curve, averaged over classes and ten thresholds.",
            theme: theme
        )
    }

    private var curvesPanel: Panel {
        let area = PlotArea(
            x: 0...1, y: 0...1, xName: "recall", yName: "precision", xTicks: [0, 0.25, 0.5, 0.75, 1],
            yTicks: [0, 0.25, 0.5, 0.75, 1], theme: theme)
        return Panel(
            "Precision over recall, \(curveKind?.name ?? "")",
            note: "One curve for each threshold of overlap; the mean over the classes.", aspect: 0.9
        ) { canvas, room in
            area.draw(on: canvas, in: room)
            guard let kind = curveKind else { return }
            for (index, precisions) in kind.precisions.enumerated() {
                let points = zip(recalls, precisions).map { area.place($0, $1, in: room) }
                canvas.polyline(points, Stroke(color(index), width: 1.6, isRound: true))
            }
            drawKey(on: canvas, in: area.frame(in: room))
        }
    }

    /// From strict, dark, to lenient: the order of the colours is that of the curves.
    private func color(_ threshold: Int) -> Color {
        let share = Double(threshold) / Double(max(thresholds.count - 1, 1))
        // Yellow does not show on white, nor violet on black.
        return ColorMap.sequential.color(of: theme.background == .light ? 0.8 * (1 - share) : 1 - 0.7 * share)
    }

    /// The thresholds with their colours from first to last, at the lower left, where curves rarely are.
    private func drawKey(on canvas: Canvas, in frame: Rectangle) {
        guard let first = thresholds.first, let last = thresholds.last else { return }
        let font = Font(size: 10)
        let swatch = 9.0
        let plate = Rectangle(
            x: frame.x + 6, y: frame.maxY - 24, width: 64 + swatch * Double(thresholds.count), height: 18)
        canvas.fill(plate, theme.paper.withOpacity(0.85), cornerRadius: 3)
        let y = plate.y + plate.height / 2
        for index in thresholds.indices {
            canvas.fill(
                Rectangle(x: plate.x + 32 + swatch * Double(index), y: y - 4, width: swatch, height: 8),
                color(index))
        }
        for (text, x, anchor) in [
            (figures(first, decimals: 2), plate.x + 28, TextAnchor.Horizontal.trailing),
            (figures(last, decimals: 2), plate.maxX - 28, .leading),
        ] {
            canvas.text(
                text, at: Point(x: x, y: y), font: font, color: theme.ink,
                anchor: TextAnchor(anchor, .middle))
        }
    }

    private var thresholdsPanel: Panel {
        let area = PlotArea(
            x: 0.5...0.95, y: 0...1, xName: "threshold of overlap (keypoints: of similarity)",
            yName: "average precision", xTicks: [0.5, 0.6, 0.7, 0.8, 0.9], yTicks: [0, 0.25, 0.5, 0.75, 1],
            theme: theme)
        return Panel(
            "AP over the threshold",
            note: kinds.map { "\($0.name): AP \(text($0.summary.all))" }.joined(separator: ", ") + ".",
            aspect: 0.9
        ) { canvas, room in
            area.draw(on: canvas, in: room)
            var labels: [Double] = []
            for (index, kind) in kinds.enumerated() {
                let points = zip(thresholds, kind.averagePrecisions).filter { $0.1 >= 0 }.map {
                    area.place($0.0, $0.1, in: room)
                }
                let color = kindColor(index)
                canvas.polyline(points, Stroke(color, width: 2, isRound: true))
                for point in points { canvas.fill(circleAt: point, radius: 2.6, color) }
                let frame = area.frame(in: room)
                let y = frame.maxY - 14 - 15 * Double(kinds.count - 1 - labels.count)
                labels.append(y)
                canvas.line(
                    from: Point(x: frame.x + 8, y: y), to: Point(x: frame.x + 26, y: y),
                    Stroke(color, width: 2.5))
                canvas.text(
                    kind.name, at: Point(x: frame.x + 32, y: y), font: Font(size: 10.5),
                    color: theme.ink, anchor: TextAnchor(.leading, .middle))
            }
        }
    }

    private func kindColor(_ index: Int) -> Color {
        [theme.keptColor, theme.droppedColor, theme.thirdColor][index % 3]
    }

    private var table: TextTable {
        let objects = classes.reduce(0) { $0 + $1.objects }
        let summaries: [TextTable.Row] = [
            .init(["all", "\(objects)"] + kinds.map { text($0.summary.all) }, isBold: true),
            .init(["all, at 0.5", ""] + kinds.map { text($0.summary.half) }),
            .init(["all, at 0.75", ""] + kinds.map { text($0.summary.strict) }),
        ]
        return TextTable(
            [.init("class", width: 140, isNumber: false), .init("objects", width: 90)]
                + kinds.map { .init("AP, \($0.name)", width: 120) },
            rows: classes.map { .init([$0.name, "\($0.objects)"] + $0.values.map(text)) } + summaries,
            theme: theme)
    }

    private func text(_ value: Double) -> String { value < 0 ? "–" : figures(value, decimals: 3) }
}

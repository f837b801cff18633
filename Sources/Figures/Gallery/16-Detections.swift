import Drawing
import Geometry
import Inference
import Tensors

extension Gallery {
    /// Figure 16.
    func detections() throws -> Sheet {
        let trace = try traceWithDetections()
        let found = trace.classBoxes
        let boxes = found.boxes.indices.map { index in
            DetectionsFigure.ClassBox(
                box: found.boxes[index], label: found.classes[index], score: Double(found.scores[index]),
                suppressor: trace.classSuppression.suppressor[index])
        }
        let settings = run.model.settings.boxes
        let classes = run.model.classes
        return DetectionsFigure(
            ground: ground(size: trace.size), boxes: boxes, kept: trace.classSuppression.kept,
            counts: DetectionsFigure.Counts(
                proposals: trace.proposals.boxes.count, classes: run.model.architecture.classes,
                detections: trace.detections.boxes.count, limit: settings.detectionsPerImage,
                scoreThreshold: Double(settings.scoreThreshold), overlapThreshold: settings.nmsThreshold),
            className: { classes.name(of: $0) }, shownClass: try chosenLabel(),
            shownCount: selection.maximumBoxes ?? 20, theme: theme
        ).sheet
    }
}

// MARK: - Drawing

/// Figure 16: from class boxes to detections: suppression within each class, and the cut.
package struct DetectionsFigure: SheetFigure {
    /// A refined box of one class.
    package struct ClassBox {
        /// Refined and clipped.
        package var box: Box
        /// Its class, from 1.
        package var label: Int
        /// Its probability.
        package var score: Double
        /// The box that suppressed it, as an index; nil if it was kept.
        package var suppressor: Int?

        /// A class box.
        package init(box: Box, label: Int, score: Double, suppressor: Int?) {
            self.box = box
            self.label = label
            self.score = score
            self.suppressor = suppressor
        }
    }

    /// How many boxes each step starts with.
    package struct Counts {
        /// Proposals.
        package var proposals: Int
        /// Classes, without background.
        package var classes: Int
        /// Detections after the cut.
        package var detections: Int
        /// Where the cut is.
        package var limit: Int
        /// What a probability has to exceed.
        package var scoreThreshold: Double
        /// The largest overlap that two kept boxes of a class may have.
        package var overlapThreshold: Double

        /// Counts.
        package init(
            proposals: Int, classes: Int, detections: Int, limit: Int, scoreThreshold: Double,
            overlapThreshold: Double
        ) {
            self.proposals = proposals
            self.classes = classes
            self.detections = detections
            self.limit = limit
            self.scoreThreshold = scoreThreshold
            self.overlapThreshold = overlapThreshold
        }
    }

    private let ground: Ground
    private let boxes: [ClassBox]
    private let kept: [Int]
    private let counts: Counts
    private let className: (Int) -> String
    private let shownClass: Int?
    private let shownCount: Int
    private let theme: Theme

    /// - Parameters:
    ///   - ground: the picture in the frame of the boxes.
    ///   - boxes: those probable enough; at least one.
    ///   - kept: the kept ones, best first.
    ///   - className: the name of a class, from 1.
    ///   - shownClass: the one whose boxes are drawn; nil for those with most boxes.
    ///   - shownCount: how many kept boxes of a class are drawn at most.
    package init(
        ground: Ground, boxes: [ClassBox], kept: [Int], counts: Counts, className: @escaping (Int) -> String,
        shownClass: Int? = nil, shownCount: Int = 20, theme: Theme
    ) {
        self.shownClass = shownClass
        self.shownCount = shownCount
        self.ground = ground
        self.boxes = boxes
        self.kept = kept
        self.counts = counts
        self.className = className
        self.theme = theme
    }

    /// The drawing.
    package var sheet: Sheet {
        Sheet(
            title: "From class boxes to detections",
            subtitle: "Boxes of one class that overlap by more than \(setting(counts.overlapThreshold)) are "
                + "taken for the same object: the most probable one is kept. Classes do not suppress each "
                + "other.",
            blocks: [
                funnel, .grid(panels, columns: 3, theme: theme),
                .heading(
                    "The cut", note: "what suppression kept, best first; bars in the class’s colour",
                    theme: theme), bars,
            ],
            caption: caption, theme: theme
        )
    }

    private var caption: String {
        let all = shownClasses.count
        let left = Set(boxes.map(\.label)).count - all
        return
            "Thick: kept, with its probability. Thin: suppressed, with a line from its centre to that of the kept box that did it (disc)."
            + (left > 0 && shownClass == nil
                ? " \(left) more class\(left == 1 ? "" : "es") with fewer boxes." : "")
    }

    // MARK: How many are left

    private var funnel: Sheet.Block {
        let all = counts.proposals * counts.classes
        let steps = [
            ("\(counts.proposals) × \(counts.classes) = \(all)", "proposals × classes"),
            ("\(boxes.count)", "probability > \(setting(counts.scoreThreshold))"),
            ("\(kept.count)", "after suppression"),
            ("\(counts.detections)", "the best \(counts.limit)"),
        ]
        return Sheet.Block(height: 40, role: .drawing("how many are left")) { canvas, room in
            let gap = 26.0
            let width = (room.width - 3 * gap) / 4
            for (index, step) in steps.enumerated() {
                let place = Rectangle(
                    x: room.x + (width + gap) * Double(index), y: room.y, width: width, height: 40)
                canvas.node(place, step.0, [step.1], part: .boxes, theme: theme)
                if index > 0 {
                    canvas.arrow(
                        from: Point(x: place.x - gap + 4, y: place.y + 20),
                        to: Point(x: place.x - 4, y: place.y + 20), Stroke(theme.ink, width: 1.25))
                }
            }
        }
    }

    // MARK: Class by class

    /// The classes with most boxes, in order of their indices.
    private var shownClasses: [Int] {
        if let shownClass { return [shownClass] }
        let members = Dictionary(grouping: boxes, by: \.label).mapValues(\.count)
        let order = members.keys.sorted { (members[$1] ?? 0, $0) < (members[$0] ?? 0, $1) }
        return order.prefix(6).sorted()
    }

    private var panels: [Panel] {
        shownClasses.map { label in
            let all = boxes.indices.filter { boxes[$0].label == label }
            let keptOnes = kept.filter { boxes[$0].label == label }
            // More would hide the picture and each other.
            let own = Array(keptOnes.prefix(shownCount))
            let shown = Set(own)
            let members = all.filter { shown.contains(boxes[$0].suppressor ?? $0) }
            let color = theme.lineColor(ofClass: label)
            return ground.panel(
                className(label),
                note: "\(counted(all.count, "box", "boxes")), \(keptOnes.count) kept"
                    + (own.count < keptOnes.count ? "; the best \(own.count) drawn" : ""),
                theme: theme
            ) { canvas, places in
                for index in members {
                    canvas.stroke(
                        places.rectangle(boxes[index].box), Stroke(color.withOpacity(0.7), width: 0.9))
                }
                for index in own.reversed() {
                    canvas.outline(
                        places.rectangle(boxes[index].box), color, width: 2.25, theme: theme)
                }
                for index in members {
                    guard let suppressor = boxes[index].suppressor else { continue }
                    let (start, end) = (
                        places.center(boxes[index].box), places.center(boxes[suppressor].box)
                    )
                    canvas.line(from: start, to: end, Stroke(theme.ink, width: 0.75))
                    canvas.fill(circleAt: start, radius: 1.25, theme.ink)
                }
                for index in own.reversed() {
                    let center = places.center(boxes[index].box)
                    canvas.fill(circleAt: center, radius: 3.75, theme.paper)
                    canvas.fill(circleAt: center, radius: 2.75, color)
                }
                canvas.tag(
                    own.prefix(6).map {
                        (
                            DetectionOverlay.text(ofScore: boxes[$0].score), places.rectangle(boxes[$0].box),
                            color
                        )
                    }, within: places.room, theme: theme)
            }
        }
    }

    // MARK: The cut

    private var bars: Sheet.Block {
        let shown = kept.prefix(max(min(counts.limit + counts.limit / 4 + 5, 150), 1))
        return Sheet.Block(height: 170) { canvas, room in
            let axes = Axes(
                x: Axis("rank after suppression", 0...Double(max(shown.count, 10))),
                y: Axis("probability", 0...1), theme: theme)
            let field = axes.draw(on: canvas, in: room)
            for (rank, index) in shown.enumerated() {
                let (start, end) = (
                    field.point(Double(rank) + 0.1, boxes[index].score), field.point(Double(rank) + 0.9, 0)
                )
                let color = theme.palette.color(ofClass: boxes[index].label)
                canvas.fill(
                    Rectangle(x: start.x, y: start.y, width: end.x - start.x, height: end.y - start.y),
                    rank < counts.limit ? color : color.withOpacity(0.3))
            }
            let threshold = field.point(0, counts.scoreThreshold)
            canvas.line(
                from: threshold, to: Point(x: field.frame.maxX, y: threshold.y),
                Stroke(theme.droppedColor, width: 1, dashes: [4, 3]))
            canvas.tag(
                "threshold \(setting(counts.scoreThreshold))",
                at: Point(x: field.frame.maxX - 2, y: threshold.y - 3),
                color: theme.droppedColor, within: field.frame,
                anchor: TextAnchor(.trailing, .bottom), theme: theme)
            if counts.limit < shown.count {
                let cut = field.point(Double(counts.limit), 0)
                canvas.line(
                    from: Point(x: cut.x, y: field.frame.y), to: cut, Stroke(theme.ink, width: 1.5))
                canvas.tag(
                    "cut at \(counts.limit)", at: Point(x: cut.x + 3, y: field.frame.y + 2),
                    color: theme.ink, within: field.frame, theme: theme)
            } else {
                canvas.tag(
                    "the cut at \(counts.limit) leaves all of them",
                    at: Point(x: field.frame.maxX - 2, y: field.frame.y + 2), color: theme.mutedInk,
                    within: field.frame, anchor: TextAnchor(.trailing, .top), theme: theme)
            }
        }
    }
}

import Drawing
import Explanations
import Geometry
import Inference
import Tensors

extension Gallery {
    /// Figure 29.
    func provenance() throws -> Sheet {
        let trace = try traceWithDetections()
        let story =
            try selection.detection.map { try Provenance(run, detection: $0, trace: trace) }
            ?? tellingDetection(trace)
        return ProvenanceFigure(
            ground: ground(size: trace.size), detection: story.detection, origin: origin(of: story),
            outcome: try outcome(of: story), shownCount: selection.maximumBoxes ?? 60, theme: theme
        ).sheet
    }

    private func origin(of story: Provenance) -> ProvenanceFigure.Origin {
        ProvenanceFigure.Origin(
            level: story.anchor.level, levelIndex: pyramidIndex(story.anchor.level), row: story.anchor.row,
            column: story.anchor.column, verticalStride: story.anchor.verticalStride,
            horizontalStride: story.anchor.horizontalStride, side: Double(story.anchor.size),
            aspectRatio: Double(story.anchor.aspectRatio), anchor: story.anchor.box, decoded: story.decoded,
            proposal: story.clipped, logit: Double(story.logit), objectness: Double(story.objectness),
            rank: story.rank, candidateCount: story.candidateCount, proposalIndex: story.proposal,
            proposalCount: story.proposalCount,
            suppressed: story.suppressedCandidates.map {
                ProvenanceFigure.Suppressed(
                    box: $0.box, score: Double($0.score), overlap: Double($0.overlap))
            })
    }

    private func outcome(of story: Provenance) throws -> ProvenanceFigure.Outcome {
        let model = run.model
        let letter =
            switch model.architecture.features {
            case .pyramid: "p"
            case .c4, .c5: "c"
            }
        let stage: Stage =
            letter == "p" ? .pyramid(story.poolingLevel) : .backbone(story.poolingLevel)
        return ProvenanceFigure.Outcome(
            poolingLevel: "\(letter)\(story.poolingLevel)", poolingIndex: story.poolingLevel,
            map: HeatMap(meanMagnitudeOf: try run.recorded(stage)), stride: 1 << story.poolingLevel,
            classes: story.probabilities.enumerated().map { label, probability in
                (label, label == 0 ? "background" : model.classes.name(of: label), Double(probability))
            },
            label: story.label, className: story.className, box: story.box, score: Double(story.score),
            suppressed: story.suppressedClassBoxes.map {
                ProvenanceFigure.Suppressed(
                    box: $0.box, score: Double($0.score), overlap: Double($0.overlap))
            },
            mask: run.tensor(.maskProbabilities).map { mask(of: story.detection, in: $0) },
            maskLevel: story.maskLevel.map { "\(letter)\($0)" }, result: try picture(of: story),
            resultText: text(of: story))
    }

    /// One detection's mask out of `[detections, side, side]`.
    private func mask(of detection: Int, in probabilities: Tensor) -> HeatMap {
        let (height, width) = (probabilities.shape[1], probabilities.shape[2])
        let start = detection * height * width
        let values = probabilities.withUnsafeElements { Array($0[start..<start + height * width]) }
        return HeatMap(values: values, width: width, height: height, isSigned: false, limit: 1)
    }

    private func picture(of story: Provenance) throws -> Image {
        guard let instance = story.instance else { return run.image }
        var options = DetectionOverlay.Options()
        options.showsLabels = false
        options.scale = 0.6
        options.palette = theme.palette
        // The picture is shown enlarged: lines are drawn finer than its own pixels.
        let pixelsPerPoint = min(max(1280 / Double(run.image.width), 1), 6)
        return try DetectionOverlay(
            image: run.image, instances: [DrawnInstance(instance, of: run.model)], options: options
        ).figure.image(pixelsPerPoint: pixelsPerPoint)
    }

    private func text(of story: Provenance) -> String {
        guard let instance = story.instance else { return "nothing of it lies within the picture" }
        var parts: [String] = []
        if let mask = instance.mask { parts.append("mask of \(mask.area) pixels, cut at 0.5") }
        if run.model.classes.hasKeypoints(instance.label), let keypoints = instance.keypoints {
            parts.append("\(keypoints.count) keypoints")
        }
        return parts.isEmpty ? "box and class" : parts.joined(separator: "; ")
    }
}

// MARK: - Drawing

/// Figure 29: where one detection comes from, from its anchor to its mask.
package struct ProvenanceFigure: SheetFigure {
    /// A box that was suppressed on the way.
    package struct Suppressed {
        /// The box.
        package var box: Box
        /// Its score.
        package var score: Double
        /// Its overlap (IoU) with the one that suppressed it.
        package var overlap: Double

        /// A suppressed box.
        package init(box: Box, score: Double, overlap: Double) {
            self.box = box
            self.score = score
            self.overlap = overlap
        }
    }

    /// The region proposal network's part of the way.
    package struct Origin {
        /// The level's name: `p4`.
        package var level: String
        /// Its pyramid index: 4 for p4.
        package var levelIndex: Int
        /// The cell: row and column, from 0.
        package var row: Int, column: Int
        /// Pixels from one row and one column of cells to the next.
        package var verticalStride: Int, horizontalStride: Int
        /// The shape: side in pixels, and height over width.
        package var side: Double, aspectRatio: Double
        /// The anchor, what the network makes of it, and what the picture leaves of that.
        package var anchor: Box, decoded: Box, proposal: Box
        /// The anchor's objectness.
        package var logit: Double, objectness: Double
        /// Its rank on its level, from 0, and among how many.
        package var rank: Int, candidateCount: Int
        /// The proposal's index, and how many there are.
        package var proposalIndex: Int, proposalCount: Int
        /// What it suppressed, best first.
        package var suppressed: [Suppressed]

        /// The origin of a detection.
        package init(
            level: String, levelIndex: Int, row: Int, column: Int, verticalStride: Int,
            horizontalStride: Int, side: Double, aspectRatio: Double, anchor: Box, decoded: Box,
            proposal: Box, logit: Double, objectness: Double, rank: Int, candidateCount: Int,
            proposalIndex: Int, proposalCount: Int, suppressed: [Suppressed]
        ) {
            self.level = level
            self.levelIndex = levelIndex
            self.row = row
            self.column = column
            self.verticalStride = verticalStride
            self.horizontalStride = horizontalStride
            self.side = side
            self.aspectRatio = aspectRatio
            self.anchor = anchor
            self.decoded = decoded
            self.proposal = proposal
            self.logit = logit
            self.objectness = objectness
            self.rank = rank
            self.candidateCount = candidateCount
            self.proposalIndex = proposalIndex
            self.proposalCount = proposalCount
            self.suppressed = suppressed
        }
    }

    /// The heads' part of the way.
    package struct Outcome {
        /// The name of the map that the proposal was pooled from: `p3`; and its pyramid index.
        package var poolingLevel: String, poolingIndex: Int
        /// That map in one matrix, over the network's input; and its stride.
        package var map: HeatMap, stride: Int
        /// Background and all classes: index, name, probability.
        package var classes: [(label: Int, name: String, probability: Double)]
        /// The detected class.
        package var label: Int, className: String
        /// The detection's box and score.
        package var box: Box, score: Double
        /// What it suppressed, best first.
        package var suppressed: [Suppressed]
        /// The probabilities of its mask; nil without a mask head.
        package var mask: HeatMap?
        /// The name of the map that the mask was pooled from.
        package var maskLevel: String?
        /// The picture with what came out drawn over it, and a line on it.
        package var result: Image, resultText: String

        /// The outcome of a detection.
        package init(
            poolingLevel: String, poolingIndex: Int, map: HeatMap, stride: Int,
            classes: [(label: Int, name: String, probability: Double)], label: Int, className: String,
            box: Box, score: Double, suppressed: [Suppressed], mask: HeatMap?, maskLevel: String?,
            result: Image, resultText: String
        ) {
            self.poolingLevel = poolingLevel
            self.poolingIndex = poolingIndex
            self.map = map
            self.stride = stride
            self.classes = classes
            self.label = label
            self.className = className
            self.box = box
            self.score = score
            self.suppressed = suppressed
            self.mask = mask
            self.maskLevel = maskLevel
            self.result = result
            self.resultText = resultText
        }
    }

    private let ground: Ground
    private let detection: Int
    private let origin: Origin
    private let outcome: Outcome
    private let shownCount: Int
    private let theme: Theme

    /// - Parameters:
    ///   - ground: the picture in the frame of the boxes.
    ///   - detection: the detection's index.
    ///   - shownCount: how many suppressed boxes a drawing shows at most.
    package init(
        ground: Ground, detection: Int, origin: Origin, outcome: Outcome, shownCount: Int = 60, theme: Theme
    ) {
        self.shownCount = shownCount
        self.ground = ground
        self.detection = detection
        self.origin = origin
        self.outcome = outcome
        self.theme = theme
    }

    /// The drawing.
    package var sheet: Sheet {
        var blocks = [chain]
        if !suppressedRows.isEmpty {
            blocks.append(
                .heading("What it suppressed on the way", note: suppressedNote, theme: theme))
            blocks.append(table.block)
        }
        return Sheet(
            title: "Where detection \(detection) comes from: \(outcome.className) "
                + DetectionOverlay.text(ofScore: outcome.score),
            subtitle:
                "Each picture is a step; arrows go the way of the data. Read them backwards to trace the "
                + "detection to one cell of one map.",
            blocks: blocks,
            caption:
                "Boxes are in pixels of the resized picture, \(ground.size.width)×\(ground.size.height).",
            theme: theme
        )
    }

    private var levelColor: Color { theme.color(ofLevel: origin.levelIndex) }
    private var classColor: Color { theme.lineColor(ofClass: outcome.label) }

    /// The part of the picture where it all happens.
    private var close: Ground {
        let boxes = [origin.anchor, origin.decoded, origin.proposal, outcome.box].filter(\.isFinite)
        // A box that is yet to be clipped may be far larger than the picture: little of that is shown, or the picture
        // itself would become too small to be seen.
        let whole = Box(x1: 0, y1: 0, x2: Float(ground.size.width), y2: Float(ground.size.height))
        let limit = whole.grown(by: 0.04 * max(whole.x2, whole.y2), aspect: whole.y2 / max(whole.x2, 1))
        let reach = boxes.dropFirst().reduce(boxes.first ?? outcome.box) { $0.union($1) }
        let around = Box(
            x1: max(reach.x1, limit.x1), y1: max(reach.y1, limit.y1), x2: min(reach.x2, limit.x2),
            y2: min(reach.y2, limit.y2))
        let view = around.grown(by: max(around.width, around.height) * 0.06 + 2, aspect: aspect)
        return ground.showing(view.moved(into: ground.size), fade: 0.4)
    }

    /// The shape of all pictures: that of the picture, within limits.
    private var aspect: Float {
        min(max(Float(ground.size.height) / Float(ground.size.width), 0.6), 1)
    }

    // MARK: The chain

    private static let gap = 18.0

    /// The pictures in rows of three, with arrows from each to the next.
    private var chain: Sheet.Block {
        let panels = panels
        let rows = stride(from: 0, to: panels.count, by: 3).map { start in
            Sheet.Block.grid(
                Array(panels[start..<min(start + 3, panels.count)]), columns: 3, gap: Self.gap,
                theme: theme)
        }
        let height = rows.reduce(0) { $0 + $1.height } + Self.gap * Double(rows.count - 1)
        let width = (Sheet.contentWidth - 2 * Self.gap) / 3
        let picture = width * Double(aspect)
        return Sheet.Block(height: height, role: .panels(panels)) { canvas, room in
            var y = room.y
            for (index, row) in rows.enumerated() {
                row.draw(canvas, Rectangle(x: room.x, y: y, width: room.width, height: row.height))
                let count = min(panels.count - 3 * index, 3)
                for column in 1..<max(count, 1) {
                    let x = room.x + (width + Self.gap) * Double(column)
                    canvas.arrow(
                        from: Point(x: x - Self.gap + 3, y: y + 17 + picture / 2),
                        to: Point(x: x - 3, y: y + 17 + picture / 2), Stroke(theme.ink, width: 1.5))
                }
                y += row.height + Self.gap
            }
        }
    }

    private var panels: [Panel] {
        var panels = [
            cellAndAnchor, decoded, proposalSuppression, pooled, classes, refined, classSuppression,
        ]
        if let mask = outcome.mask { panels.append(maskPanel(mask)) }
        panels.append(result)
        return panels.enumerated().map { index, panel in
            var panel = panel
            panel.title = "\(index + 1). " + panel.title
            return panel
        }
    }

    /// `64`, or `61×64`, rows before columns, where they differ.
    private var strideText: String {
        origin.verticalStride == origin.horizontalStride
            ? "\(origin.verticalStride)" : "\(origin.verticalStride)×\(origin.horizontalStride)"
    }

    private var cellAndAnchor: Panel {
        let whole = Box(x1: 0, y1: 0, x2: Float(ground.size.width), y2: Float(ground.size.height))
        let wide = ground.showing(whole.grown(by: 0, aspect: aspect))
        return wide.panel(
            "a cell of \(origin.level), an anchor",
            note: "row \(origin.row), column \(origin.column), stride \(strideText); side "
                + "\(setting(origin.side)), height \(setting(origin.aspectRatio)) × width",
            theme: theme
        ) { canvas, places in
            // Lines that lie closer than can be told apart would hide the picture.
            let spacing = Double(max(origin.horizontalStride, 1)) * places.scale
            let rule = Stroke(levelColor.withOpacity(min(0.35, spacing / 12)), width: min(0.5, spacing / 4))
            let (right, bottom) = (Float(ground.size.width), Float(ground.size.height))
            for x in stride(from: 0, through: ground.size.width, by: max(origin.horizontalStride, 1)) {
                canvas.line(from: places.point(Float(x), 0), to: places.point(Float(x), bottom), rule)
            }
            for y in stride(from: 0, through: ground.size.height, by: max(origin.verticalStride, 1)) {
                canvas.line(from: places.point(0, Float(y)), to: places.point(right, Float(y)), rule)
            }
            let (x, y) = (
                Float(origin.column * origin.horizontalStride), Float(origin.row * origin.verticalStride)
            )
            let cell = Box(
                x1: x, y1: y, x2: x + Float(origin.horizontalStride), y2: y + Float(origin.verticalStride))
            canvas.fill(places.rectangle(cell), levelColor.withOpacity(0.8))
            canvas.outline(places.rectangle(origin.anchor), levelColor, width: 2, theme: theme)
        }
    }

    private var decoded: Panel {
        close.panel(
            "decoded and clipped",
            note: "objectness \(figures(origin.objectness)) (logit \(figures(origin.logit))): "
                + "number \(origin.rank) of \(origin.candidateCount) candidates on \(origin.level); 0 is the best",
            theme: theme
        ) { canvas, places in
            canvas.outline(
                places.rectangle(origin.anchor), theme.ink, width: 1.25, dashes: [5, 3],
                theme: theme)
            canvas.stroke(places.rectangle(origin.decoded), Stroke(levelColor, width: 1, dashes: [2, 2]))
            canvas.outline(places.rectangle(origin.proposal), levelColor, width: 2, theme: theme)
            canvas.arrow(
                from: places.center(origin.anchor), to: places.center(origin.decoded),
                Stroke(levelColor, width: 1.5))
        }
    }

    private var proposalSuppression: Panel {
        close.panel(
            "suppression on \(origin.level)",
            note:
                "kept, as number \(origin.proposalIndex) of \(origin.proposalCount) proposals; it suppressed "
                + "\(origin.suppressed.count)", theme: theme
        ) { canvas, places in
            draw(origin.suppressed, on: canvas, places)
            canvas.outline(places.rectangle(origin.proposal), levelColor, width: 2, theme: theme)
        }
    }

    private func draw(_ suppressed: [Suppressed], on canvas: Canvas, _ places: Ground.Places) {
        for other in suppressed.prefix(shownCount) {
            canvas.stroke(
                places.rectangle(other.box),
                Stroke(theme.droppedColor.withOpacity(0.8), width: 0.9))
        }
    }

    private var pooled: Panel {
        let color = theme.color(ofLevel: outcome.poolingIndex)
        let close = close
        return close.panel(
            "pooled from \(outcome.poolingLevel)",
            note:
                "mean absolute value over channels, one cell for every \(outcome.stride) px; the proposal as a "
                + "region of interest",
            theme: theme
        ) { canvas, places in
            var map = outcome.map
            map.limit = largest(of: map, within: close.view)
            let whole = Box(
                x1: 0, y1: 0, x2: Float(map.width * outcome.stride), y2: Float(map.height * outcome.stride))
            map.draw(on: canvas, in: places.rectangle(whole), theme: theme)
            canvas.outline(places.rectangle(origin.proposal), .white, width: 3.5, theme: theme)
            canvas.stroke(places.rectangle(origin.proposal), Stroke(color, width: 2))
        }
    }

    /// The largest number of the map's part that is shown, which so takes the whole colour map.
    private func largest(of map: HeatMap, within view: Box) -> Float {
        let stride = Float(outcome.stride)
        var largest: Float = 0
        for row in 0..<map.height {
            for column in 0..<map.width {
                let (x, y) = ((Float(column) + 0.5) * stride, (Float(row) + 0.5) * stride)
                guard view.x1...view.x2 ~= x, view.y1...view.y2 ~= y else { continue }
                largest = max(largest, map.values[row * map.width + column])
            }
        }
        return largest
    }

    private var classes: Panel {
        let best = outcome.classes.sorted { ($1.probability, $0.label) < ($0.probability, $1.label) }
            .prefix(5)
        return Panel(
            "classified", note: "softmax over \(outcome.classes.count) classes, background among them",
            aspect: Double(aspect)
        ) { canvas, room in
            canvas.stroke(room, Stroke(theme.rule, width: 0.75))
            let leading = (room.height - 12) / 5
            for (index, entry) in best.enumerated() {
                let y = room.y + 6 + leading * (Double(index) + 0.5)
                canvas.text(
                    entry.name, at: Point(x: room.x + 68, y: y), font: Font(size: 10), within: 62,
                    color: theme.ink, anchor: TextAnchor(.trailing, .middle))
                let share = entry.probability.isFinite ? min(max(entry.probability, 0), 1) : 0
                canvas.fill(
                    Rectangle(
                        x: room.x + 74, y: y - 6, width: max((room.width - 130) * share, 1), height: 12),
                    theme.lineColor(ofClass: entry.label), cornerRadius: 2)
                canvas.text(
                    figures(entry.probability), at: Point(x: room.maxX - 6, y: y), font: Font(size: 9.5),
                    color: theme.mutedInk, anchor: TextAnchor(.trailing, .middle))
            }
        }
    }

    private var refined: Panel {
        close.panel(
            "refined for “\(outcome.className)”",
            note: "dashed: proposal \(boxText(origin.proposal)); solid: \(boxText(outcome.box))",
            theme: theme
        ) { canvas, places in
            canvas.outline(
                places.rectangle(origin.proposal), theme.ink, width: 1.25, dashes: [5, 3],
                theme: theme)
            canvas.outline(places.rectangle(outcome.box), classColor, width: 2, theme: theme)
        }
    }

    private var classSuppression: Panel {
        close.panel(
            "suppression by class",
            note: "kept, as detection \(detection); it suppressed "
                + counted(outcome.suppressed.count, "box", "boxes"),
            theme: theme
        ) { canvas, places in
            draw(outcome.suppressed, on: canvas, places)
            canvas.outline(places.rectangle(outcome.box), classColor, width: 2, theme: theme)
        }
    }

    private func maskPanel(_ mask: HeatMap) -> Panel {
        close.panel(
            "mask, \(mask.height)×\(mask.width)",
            note:
                "probabilities, pooled from \(outcome.maskLevel ?? outcome.poolingLevel); here stretched to "
                + "the box", theme: theme
        ) { canvas, places in
            let image = ColorMap.sequential.image(
                of: mask.values, width: mask.width, height: mask.height, scale: 1)
            canvas.draw(image, in: places.rectangle(outcome.box), filter: .nearest)
            canvas.outline(places.rectangle(outcome.box), classColor, width: 2, theme: theme)
        }
    }

    private var result: Panel {
        let shown = Ground(outcome.result, size: ground.size, view: close.view, fade: 0)
        return shown.panel("the result", note: outcome.resultText, theme: theme) { _, _ in }
    }

    // MARK: What was suppressed

    private var suppressedRows: [TextTable.Row] {
        func rows(_ suppressed: [Suppressed], _ place: String, _ color: Color) -> [TextTable.Row] {
            suppressed.prefix(5).map { other in
                TextTable.Row(
                    [place, boxText(other.box), figures(other.score), figures(other.overlap)], color: color)
            }
        }
        return rows(origin.suppressed, "candidate on \(origin.level)", levelColor)
            + rows(outcome.suppressed, "\(outcome.className) box", classColor)
    }

    private var suppressedNote: String {
        counted(origin.suppressed.count, "candidate", "candidates") + ", "
            + counted(outcome.suppressed.count, "box", "boxes") + " of its class"
            + (max(origin.suppressed.count, outcome.suppressed.count) > 5 ? "; the best five of each" : "")
    }

    private var table: TextTable {
        TextTable(
            [
                .init("", width: 170, isNumber: false), .init("box", width: 170, isNumber: false),
                .init("score", width: 80), .init("overlap (IoU)", width: 100),
            ], rows: suppressedRows, theme: theme)
    }
}

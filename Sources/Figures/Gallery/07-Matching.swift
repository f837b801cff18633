import Drawing
import Explanations
import Geometry
import Inference
import Training

extension Gallery {
    /// Figure 7.
    func matching() throws -> Sheet {
        let trace = try SelectionTrace(run)
        let known = try PictureObjects(run)
        let boxes = known.objects.map { known.resized($0.box, to: trace.size) }
        let matcher = BoxMatcher.anchors
        // Over all levels at once: an object's best anchor is the best of all.
        let all = trace.levels.flatMap { Array($0.anchors) }
        let matches = matcher(
            all, with: boxes, crowds: known.crowds.map { known.resized($0, to: trace.size) })

        var anchors: [MatchingFigure.Anchor] = []
        var levels: [MatchingFigure.Level] = []
        var start = 0
        let shown = Set(
            try chosen(trace.levels, { pyramidIndex($0.name) }, \.name).map(\.name))
        for level in trace.levels {
            defer { start += level.anchors.count }
            guard shown.contains(level.name) else { continue }
            var counts: [MatchingFigure.Verdict: Int] = [:]
            var background: [MatchingFigure.Anchor] = []
            for index in start..<start + level.anchors.count {
                let anchor = Self.anchor(all[index], matches[index], boxes: boxes, matcher: matcher)
                counts[anchor.verdict, default: 0] += 1
                if anchor.verdict == .background {
                    background.append(anchor)
                } else {
                    anchors.append(anchor)
                }
            }
            levels.append(
                MatchingFigure.Level(name: level.name, index: pyramidIndex(level.name), counts: counts))
            anchors += Self.spread(background, count: (selection.maximumBoxes ?? 60) / shown.count)
        }
        return MatchingFigure(
            ground: ground(size: trace.size),
            objects: zip(known.objects, boxes).map {
                MatchingFigure.Object(box: $1, name: $0.name, label: $0.label)
            },
            objectsAre: "Objects are \(known.words).", anchors: anchors, levels: levels,
            thresholds: (matcher.backgroundOverlap, matcher.objectOverlap),
            maximumBoxes: selection.maximumBoxes ?? .max, theme: theme
        ).sheet
    }

    /// Some of many anchors, from everywhere among them.
    fileprivate static func spread(_ anchors: [MatchingFigure.Anchor], count: Int) -> [MatchingFigure.Anchor]
    {
        if count >= anchors.count { return anchors }
        // Multiples of the golden ratio's fraction, whole parts cut off, leave no large gap and no pattern.
        return (0..<max(count, 0)).map { index in
            let position = (Double(index) * 0.6180339887).truncatingRemainder(dividingBy: 1)
            return anchors[Int(position * Double(anchors.count))]
        }
    }

    private static func anchor(
        _ box: Box, _ match: BoxMatch, boxes: [Box], matcher: BoxMatcher
    ) -> MatchingFigure.Anchor {
        switch match {
        case .object(let object):
            let isGood = box.overlap(with: boxes[object]) >= matcher.objectOverlap
            return MatchingFigure.Anchor(
                box: box, verdict: isGood ? .positive : .lowQuality, object: object)
        case .ignored:
            let overlaps = boxes.map { box.overlap(with: $0) }
            let best = overlaps.indices.dropFirst().reduce(0) { overlaps[$1] > overlaps[$0] ? $1 : $0 }
            // In a crowd, an ignored anchor may overlap no object.
            return MatchingFigure.Anchor(
                box: box, verdict: .ignored, object: overlaps[best] > 0 ? best : nil)
        case .background:
            return MatchingFigure.Anchor(box: box, verdict: .background, object: nil)
        }
    }
}

// MARK: - Drawing

/// Figure 7: which anchors stand for which objects while a region proposal network is trained.
package struct MatchingFigure: SheetFigure {
    /// An object of the picture.
    package struct Object {
        /// Its box.
        package var box: Box
        /// What it is.
        package var name: String
        /// Its class, from 1, which chooses the colour.
        package var label: Int

        /// An object.
        package init(box: Box, name: String, label: Int) {
            self.box = box
            self.name = name
            self.label = label
        }
    }

    /// What an anchor is for.
    package enum Verdict: CaseIterable, Sendable {
        /// It overlaps an object by the upper threshold or more.
        case positive
        /// It overlaps less, but no anchor overlaps the object more.
        case lowQuality
        /// It lies between the thresholds, or in a crowd.
        case ignored
        /// It overlaps no object by the lower threshold.
        case background
    }

    /// An anchor that is drawn.
    package struct Anchor {
        /// The anchor.
        package var box: Box
        /// What it is for.
        package var verdict: Verdict
        /// The object that it overlaps most.
        package var object: Int?

        /// An anchor.
        package init(box: Box, verdict: Verdict, object: Int?) {
            self.box = box
            self.verdict = verdict
            self.object = object
        }
    }

    /// How many anchors of a level are for what.
    package struct Level {
        /// `p2`.
        package var name: String
        /// The pyramid index: 2 for p2.
        package var index: Int
        /// How many anchors there are of each kind.
        package var counts: [Verdict: Int]

        /// A level.
        package init(name: String, index: Int, counts: [Verdict: Int]) {
            self.name = name
            self.index = index
            self.counts = counts
        }
    }

    private let ground: Ground
    private let objects: [Object]
    private let objectsAre: String
    private let anchors: [Anchor]
    private let levels: [Level]
    private let thresholds: (low: Float, high: Float)
    private let maximumBoxes: Int
    private let theme: Theme

    /// - Parameters:
    ///   - ground: the picture in the frame of the anchors.
    ///   - objects: what the anchors are matched to.
    ///   - objectsAre: where the objects are from, as a sentence for the caption.
    ///   - anchors: all that are not background, and as many of these as are to be drawn.
    ///   - levels: finest first.
    ///   - thresholds: the overlaps that divide background, ignored and positive.
    ///   - maximumBoxes: how many anchors a drawing shows at most.
    package init(
        ground: Ground, objects: [Object], objectsAre: String, anchors: [Anchor], levels: [Level],
        thresholds: (low: Float, high: Float), maximumBoxes: Int = .max, theme: Theme
    ) {
        self.maximumBoxes = maximumBoxes
        self.ground = ground
        self.objects = objects
        self.objectsAre = objectsAre
        self.anchors = anchors
        self.levels = levels
        self.thresholds = thresholds
        self.theme = theme
    }

    /// The drawing.
    package var sheet: Sheet {
        Sheet(
            title: "Matching: which anchor stands for which object",
            subtitle: "Training needs an answer for every anchor. Its best overlap with an object decides; "
                + "each object also gets the anchors that overlap it most.",
            blocks: [
                .grid(Verdict.allCases.map(panel), columns: 2, theme: theme), counts, table.block,
            ],
            caption: caption, theme: theme
        )
    }

    private var caption: String {
        "Thin lines: anchors, in the colour of their object. Thick lines: the objects’ boxes. \(objectsAre) "
            + "Ignored anchors have no part in the loss. Of the background only a few anchors of each level are drawn; "
            + "training samples it too, as there is so much more of it."
    }

    private func count(_ verdict: Verdict) -> Int { levels.reduce(0) { $0 + ($1.counts[verdict] ?? 0) } }

    private func color(_ verdict: Verdict) -> Color {
        switch verdict {
        case .positive: theme.keptColor
        case .lowQuality: theme.color(ofLevel: 3)
        case .ignored: theme.mutedInk
        case .background: theme.droppedColor
        }
    }

    private func name(_ verdict: Verdict) -> String {
        switch verdict {
        case .positive: "positive"
        case .lowQuality: "low quality"
        case .ignored: "ignored"
        case .background: "background"
        }
    }

    private func title(_ verdict: Verdict) -> String {
        let (low, high) = (setting(Double(thresholds.low)), setting(Double(thresholds.high)))
        return switch verdict {
        case .positive: "Positive: overlap ≥ \(high)"
        case .lowQuality: "Low-quality match: < \(high), but the object’s best"
        case .ignored: "Ignored: from \(low) to \(high)"
        case .background: "Background: overlap < \(low)"
        }
    }

    private func panel(_ verdict: Verdict) -> Panel {
        let shown = Gallery.spread(anchors.filter { $0.verdict == verdict }, count: maximumBoxes)
        let total = count(verdict)
        let note =
            "\(total) anchor\(total == 1 ? "" : "s")" + (shown.count < total ? ", \(shown.count) drawn" : "")
        return ground.panel(title(verdict), note: note, theme: theme) { canvas, places in
            // Many lines make a heap that hides the picture: the more there are, the fainter.
            let strength = min(1, max(0.25, 12 / Double(max(shown.count, 1)).squareRoot() / 2))
            for anchor in shown {
                let color =
                    verdict == .background
                    ? color(verdict)
                    : anchor.object.map { theme.lineColor(ofClass: objects[$0].label) }
                        ?? theme.mutedInk
                canvas.stroke(
                    places.rectangle(anchor.box), Stroke(color.withOpacity(strength), width: 1))
            }
            for object in objects {
                canvas.outline(
                    places.rectangle(object.box), theme.lineColor(ofClass: object.label), width: 2.5,
                    theme: theme)
            }
            if verdict == .positive {
                canvas.tag(
                    objects.map { ($0.name, places.rectangle($0.box), theme.ink) },
                    within: places.room, theme: theme)
            }
        }
    }

    /// The anchors of each level, kind by kind, as shares of a bar.
    private var counts: Sheet.Block {
        let rowHeight = 17.0
        return Sheet.Block(
            height: 18 + rowHeight * Double(levels.count), role: .drawing("anchors level by level")
        ) { canvas, room in
            canvas.text(
                "Anchors that are not background, level by level: blue positive, green low quality, grey ignored",
                at: Point(x: room.x, y: room.y),
                font: Font(size: 11, isBold: true), color: theme.ink, anchor: TextAnchor(.leading, .top))
            let kinds: [Verdict] = [.positive, .lowQuality, .ignored]
            let sums = levels.map { level in kinds.reduce(0) { $0 + (level.counts[$1] ?? 0) } }
            let scale = 300 / Double(max(sums.max() ?? 1, 1))
            for (index, level) in levels.enumerated() {
                let y = room.y + 18 + rowHeight * Double(index)
                canvas.text(
                    level.name, at: Point(x: room.x, y: y + rowHeight / 2),
                    font: Font(size: 10, isBold: true),
                    color: theme.color(ofLevel: level.index),
                    anchor: TextAnchor(.leading, .middle))
                var x = room.x + 30
                for kind in kinds {
                    let width = scale * Double(level.counts[kind] ?? 0)
                    canvas.fill(Rectangle(x: x, y: y + 3, width: width, height: rowHeight - 6), color(kind))
                    x += width
                }
                let words = kinds.compactMap { kind -> String? in
                    let count = level.counts[kind] ?? 0
                    return count == 0 ? nil : "\(count) \(name(kind))"
                }
                let all = level.counts.values.reduce(0, +)
                canvas.text(
                    (words.isEmpty ? "none" : words.joined(separator: ", ")) + " of \(all)",
                    at: Point(x: x + 8, y: y + rowHeight / 2), font: Font(size: 10),
                    within: room.maxX - x - 8, color: theme.mutedInk,
                    anchor: TextAnchor(.leading, .middle))
            }
        }
    }

    /// What each object got.
    private var table: TextTable {
        TextTable(
            [
                .init("object", width: 110, isNumber: false), .init("box", width: 190, isNumber: false),
                .init("positive", width: 80), .init("low quality", width: 90), .init("ignored", width: 80),
            ],
            rows: objects.prefix(12).enumerated().map { index, object in
                let own = anchors.filter { $0.object == index }
                func count(_ verdict: Verdict) -> String { "\(own.count { $0.verdict == verdict })" }
                return TextTable.Row(
                    [
                        object.name, boxText(object.box), count(.positive), count(.lowQuality),
                        count(.ignored),
                    ], color: theme.lineColor(ofClass: object.label))
            }, theme: theme)
    }
}

/// `39, 171 – 97, 229`: the corners of a box in whole pixels.
func boxText(_ box: Box) -> String {
    func whole(_ number: Float) -> String {
        guard number.isFinite, abs(number) < 1e6 else { return figures(Double(number)) }
        return number.rounded() < 0 ? "−\(Int(-number.rounded()))" : "\(Int(number.rounded()))"
    }
    return "\(whole(box.x1)), \(whole(box.y1)) – \(whole(box.x2)), \(whole(box.y2))"
}

import Drawing
import Explanations
import Geometry
import Inference
import Tensors

extension Gallery {
    /// Figure 9.
    func decoding() throws -> Sheet {
        let trace = try SelectionTrace(run)
        let chosen = try chosenMember(of: trace)
        var members = try decodingMembers(trace)
        if let chosen { members = [chosen] + members.filter { $0 != chosen } }
        let limit = selection.maximumBoxes ?? .max
        var items = members.prefix(limit).map { item($0, of: trace) }
        if chosen == nil, items.count < limit, !items.contains(where: Self.isCut) {
            let kept = trace.suppression.outcome.kept.prefix(trace.proposals.boxes.count)
            let others = kept.lazy.map { self.item(trace.suppression.members[$0], of: trace) }
            if let cut = others.first(where: Self.isCut) { items.append(cut) }
        }
        // The chosen one, or that which has most to show: how much is cut off, else how far it moved.
        let telling = items.indices.max { Self.interest(items[$0]) < Self.interest(items[$1]) } ?? 0
        let worked = chosen == nil ? telling : 0
        return DecodingFigure(
            ground: ground(size: trace.size), items: items, worked: worked, theme: theme
        ).sheet
    }

    /// The candidate behind the chosen proposal or detection, if one is chosen.
    private func chosenMember(of trace: SelectionTrace) throws -> CandidateSuppression.Member? {
        let proposal = selection.box ?? selection.detection.map { trace.detections.proposals[$0] }
        return proposal.map { trace.suppression.members[trace.suppression.outcome.kept[$0]] }
    }

    private func item(_ member: CandidateSuppression.Member, of trace: SelectionTrace) -> DecodingFigure.Item
    {
        let level = trace.levels[member.level]
        let index = level.candidates.anchors[member.rank]
        let delta = level.deltas.delta(at: index)
        let anchor = level.anchors[index]
        return DecodingFigure.Item(
            level: level.name, levelIndex: pyramidIndex(level.name), anchor: anchor, delta: delta,
            decoded: run.model.conventions.proposals.coder.decode(delta, from: anchor),
            clipped: level.candidates.boxes[member.rank],
            score: Double(level.candidates.scores[member.rank]))
    }

    /// Whether clipping takes enough of a box to be seen.
    private static func isCut(_ item: DecodingFigure.Item) -> Bool {
        item.clipped.area < 0.96 * item.decoded.area
    }

    /// The candidates that became detections, the best few; proposals where nothing was detected.
    private func decodingMembers(_ trace: SelectionTrace) throws -> [CandidateSuppression.Member] {
        let detections = trace.detections
        let likely = detections.scores.count { $0 >= 0.5 }
        var proposals: [Int] = []
        for proposal in detections.proposals.prefix(max(likely, 1)) where !proposals.contains(proposal) {
            proposals.append(proposal)
        }
        if proposals.isEmpty { proposals = Array(trace.proposals.boxes.indices) }
        guard !proposals.isEmpty else { throw NothingToDraw("there are no proposals") }
        return proposals.prefix(6).map { trace.suppression.members[trace.suppression.outcome.kept[$0]] }
    }

    private static func interest(_ item: DecodingFigure.Item) -> Float {
        let lost = 1 - item.clipped.area / item.decoded.area
        let moved = 1 - item.anchor.overlap(with: item.decoded)
        let interest = (isCut(item) ? 1 + min(lost, 0.3) : 0) + moved
        return interest.isFinite ? interest : -1
    }
}

// MARK: - Drawing

/// Figure 9: anchors, the boxes that the network makes of them, and what the picture leaves of these.
package struct DecodingFigure: SheetFigure {
    /// One anchor on its way.
    package struct Item {
        /// The level's name: `p4`.
        package var level: String
        /// Its pyramid index: 4 for p4.
        package var levelIndex: Int
        /// The anchor.
        package var anchor: Box
        /// What the network says of it.
        package var delta: BoxDelta
        /// The anchor, changed.
        package var decoded: Box
        /// The part of it within the picture.
        package var clipped: Box
        /// The anchor's objectness, a probability.
        package var score: Double

        /// An item.
        package init(
            level: String, levelIndex: Int, anchor: Box, delta: BoxDelta, decoded: Box, clipped: Box,
            score: Double
        ) {
            self.level = level
            self.levelIndex = levelIndex
            self.anchor = anchor
            self.delta = delta
            self.decoded = decoded
            self.clipped = clipped
            self.score = score
        }
    }

    private let ground: Ground
    private let items: [Item]
    private let worked: Int
    private let theme: Theme

    /// - Parameters:
    ///   - ground: the picture in the frame of the boxes.
    ///   - items: best first; at least one.
    ///   - worked: the one whose numbers are worked out.
    package init(ground: Ground, items: [Item], worked: Int, theme: Theme) {
        precondition(items.indices.contains(worked))
        self.ground = ground
        self.items = items
        self.worked = worked
        self.theme = theme
    }

    private static let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ").map(String.init)

    private func letter(_ index: Int) -> String { Self.letters[index % Self.letters.count] }

    private func color(_ index: Int) -> Color { theme.lineColor(ofClass: index + 1) }

    /// The drawing.
    package var sheet: Sheet {
        Sheet(
            title: "Decoding: from anchors to boxes",
            subtitle:
                "The network does not name corners. It says how to move and stretch each anchor: dx and dy "
                + "in widths and heights of the anchor, dw and dh as logarithms of growth.",
            blocks: [
                .grid(panels, columns: 3, theme: theme),
                .heading(
                    "\(letter(worked)) worked out",
                    note: "dashed: anchor; solid: decoded; shaded: cut off by the picture’s edge",
                    theme: theme), workedOut, table.block,
            ],
            caption: "Boxes are x1, y1 – x2, y2 in pixels of the resized picture. A dw or dh above "
                + "log(1000/16) ≈ 4.14 is cut down to that before the exponential.",
            theme: theme
        )
    }

    // MARK: Three panels

    /// The picture with some room around it, as far as boxes reach beyond.
    private var wide: Ground {
        let whole = Box(x1: 0, y1: 0, x2: Float(ground.size.width), y2: Float(ground.size.height))
        let limit = whole.grown(by: whole.x2 / 4, aspect: whole.y2 / whole.x2)
        let reach = items.flatMap { [$0.anchor, $0.decoded] }.filter(\.isFinite).reduce(whole) {
            $0.union($1)
        }
        let view = Box(
            x1: max(reach.x1, limit.x1), y1: max(reach.y1, limit.y1), x2: min(reach.x2, limit.x2),
            y2: min(reach.y2, limit.y2))
        return ground.showing(view.grown(by: 4, aspect: whole.y2 / whole.x2))
    }

    private var panels: [Panel] {
        let wide = wide
        return [
            wide.panel("1. anchors", theme: theme) { canvas, places in
                draw(\.anchor, dashes: [4, 2], on: canvas, places)
            },
            wide.panel("2. decoded", theme: theme) { canvas, places in
                for item in items {
                    canvas.stroke(
                        places.rectangle(item.anchor),
                        Stroke(theme.mutedInk.withOpacity(0.8), width: 0.75, dashes: [3, 2]))
                }
                draw(\.decoded, on: canvas, places)
                for (index, item) in items.enumerated() {
                    canvas.arrow(
                        from: places.center(item.anchor), to: places.center(item.decoded),
                        Stroke(color(index), width: 1.25))
                }
            },
            wide.panel("3. clipped to the picture", theme: theme) { canvas, places in
                draw(\.clipped, on: canvas, places)
            },
        ]
    }

    private func draw(
        _ box: KeyPath<Item, Box>, dashes: [Double] = [], on canvas: Canvas, _ places: Ground.Places
    ) {
        for (index, item) in items.enumerated() {
            canvas.outline(
                places.rectangle(item[keyPath: box]), color(index), width: 1.5, dashes: dashes,
                theme: theme)
        }
        // No letter covers another, however close the boxes lie.
        canvas.tag(
            items.enumerated().map { index, item in
                (letter(index), places.rectangle(item[keyPath: box]), color(index))
            }, font: Font(size: 9.5, isBold: true), within: places.room, theme: theme)
    }

    // MARK: One item

    private var workedOut: Sheet.Block {
        let item = items[worked]
        let height = 216.0
        let side = 280.0
        let around = item.anchor.union(item.decoded)
        let view = around.grown(
            by: max(around.width, around.height) * 0.12, aspect: Float(height / side))
        let close = ground.showing(view)
        return Sheet.Block(height: height, role: .drawing("\(letter(worked)) worked out")) { canvas, room in
            let place = Rectangle(x: room.x, y: room.y, width: side, height: height)
            close.draw(on: canvas, in: place, theme: theme) { places in
                let decoded = places.rectangle(item.decoded)
                drawCutOff(item, on: canvas, places)
                canvas.outline(
                    places.rectangle(item.anchor), theme.ink, width: 1.25, dashes: [5, 3],
                    theme: theme)
                canvas.outline(decoded, color(worked), width: 2, theme: theme)
                let (start, end) = (places.center(item.anchor), places.center(item.decoded))
                canvas.fill(circleAt: start, radius: 3, theme.ink)
                canvas.arrow(from: start, to: end, Stroke(color(worked), width: 1.75))
                canvas.tag(
                    "anchor", at: corner(places.rectangle(item.anchor)), color: theme.ink,
                    within: place.inset(by: 2), anchor: TextAnchor(.trailing, .top), theme: theme)
                canvas.tag(
                    "decoded", at: Point(x: decoded.x, y: decoded.y), color: color(worked),
                    within: place.inset(by: 2), theme: theme)
            }
            drawNumbers(
                of: item,
                in: Rectangle(
                    x: place.maxX + 16, y: room.y, width: room.maxX - place.maxX - 16, height: height),
                on: canvas)
        }
    }

    private func corner(_ rectangle: Rectangle) -> Point { Point(x: rectangle.maxX, y: rectangle.maxY - 14) }

    /// Shades the parts of the decoded box that lie beyond the picture.
    private func drawCutOff(_ item: Item, on canvas: Canvas, _ places: Ground.Places) {
        let (outer, inner) = (item.decoded, item.clipped)
        let parts = [
            Box(x1: outer.x1, y1: outer.y1, x2: outer.x2, y2: inner.y1),
            Box(x1: outer.x1, y1: inner.y2, x2: outer.x2, y2: outer.y2),
            Box(x1: outer.x1, y1: inner.y1, x2: inner.x1, y2: inner.y2),
            Box(x1: inner.x2, y1: inner.y1, x2: outer.x2, y2: inner.y2),
        ]
        for part in parts where part.width > 0 && part.height > 0 {
            canvas.fill(places.rectangle(part), theme.droppedColor.withOpacity(0.35))
        }
    }

    private func drawNumbers(of item: Item, in room: Rectangle, on canvas: Canvas) {
        let (anchor, decoded) = (item.anchor, item.decoded)
        func number(_ value: Float) -> String { Self.decimal(value) }
        let middle = (x: (anchor.x1 + anchor.x2) / 2, y: (anchor.y1 + anchor.y2) / 2)
        let target = (x: (decoded.x1 + decoded.x2) / 2, y: (decoded.y1 + decoded.y2) / 2)
        let lines: [(String, isBold: Bool)] = [
            ("anchor: centre \(number(middle.x)), \(number(middle.y))", true),
            ("        size \(number(anchor.width)) × \(number(anchor.height))", true),
            ("", false),
            ("x = \(number(middle.x)) + dx · w", false),
            (
                "  = \(number(middle.x)) + \(figures(Double(item.delta.dx))) · \(number(anchor.width)) = \(number(target.x))",
                false
            ),
            ("y = \(number(middle.y)) + dy · h", false),
            (
                "  = \(number(middle.y)) + \(figures(Double(item.delta.dy))) · \(number(anchor.height)) = \(number(target.y))",
                false
            ),
            (
                "w = \(number(anchor.width)) · exp(\(figures(Double(item.delta.dw)))) = \(number(decoded.width))",
                false
            ),
            (
                "h = \(number(anchor.height)) · exp(\(figures(Double(item.delta.dh)))) = \(number(decoded.height))",
                false
            ),
            ("", false),
            ("decoded \(Self.text(decoded))", true),
            ("clipped \(Self.text(item.clipped))", true),
        ]
        for (index, line) in lines.enumerated() {
            canvas.text(
                line.0, at: Point(x: room.x, y: room.y + 2 + 17.5 * Double(index)),
                font: Font(size: 10.5, isBold: line.isBold, isMonospaced: true), within: room.width,
                color: theme.ink, anchor: TextAnchor(.leading, .top))
        }
    }

    private var table: TextTable {
        TextTable(
            [
                .init("", width: 18, isNumber: false), .init("level", width: 36, isNumber: false),
                .init("objectness", width: 66), .init("anchor", width: 126), .init("dx", width: 58),
                .init("dy", width: 58), .init("dw", width: 58), .init("dh", width: 58),
                .init("proposal", width: 130),
            ],
            rows: items.enumerated().map { index, item in
                let delta = [item.delta.dx, item.delta.dy, item.delta.dw, item.delta.dh]
                return TextTable.Row(
                    [letter(index), item.level, figures(item.score), boxText(item.anchor)]
                        + delta.map { figures(Double($0)) } + [boxText(item.clipped)], color: color(index))
            }, theme: theme)
    }

    /// A number with one decimal.
    package static func decimal(_ value: Float) -> String {
        guard value.isFinite, abs(value) < 1e6 else { return figures(Double(value)) }
        let tenths = Int((abs(value) * 10).rounded())
        return (value < 0 && tenths > 0 ? "−" : "") + "\(tenths / 10).\(tenths % 10)"
    }

    static func text(_ box: Box) -> String {
        [box.x1, box.y1, box.x2, box.y2].map(decimal).joined(separator: ", ")
    }
}

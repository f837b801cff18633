import Tensors

/// Figure 1: the whole pipeline of one picture, with the shapes that its tensors had.
///
/// Four columns: the picture and the network's input, the backbone with its finest map at the bottom, the feature
/// pyramid with a level beside each of the backbone's, and the region proposals. Below them the heads, each a row
/// that starts with what a region pools.
public struct OverviewFigure {
    /// A box of the diagram: a tensor's name, and its shape or what else there is to say in a few words.
    public struct Node: Sendable {
        /// In bold.
        public var title: String
        /// Below the title.
        public var lines: [String]

        /// A box.
        public init(_ title: String, _ lines: String...) {
            self.title = title
            self.lines = lines
        }
    }

    /// A head: up to three boxes from left to right, the first of which is what regions pool.
    public struct Head {
        /// Which one it is.
        public var part: Part
        /// Its boxes.
        public var nodes: [Node]

        /// A head.
        public init(_ part: Part, _ nodes: [Node]) {
            self.part = part
            self.nodes = nodes
        }
    }

    private let picture: Image
    private let result: Image
    private let input: Node
    private let backbone: [Node]
    private let pyramid: [Node]
    private let proposals: [Node]
    private let heads: [Head]
    private let detections: Node
    private let subtitle: String
    private let background: Background

    /// The overview of one run.
    ///
    /// - Parameters:
    ///   - picture: as decoded.
    ///   - result: with what was found drawn over it.
    ///   - input: what the first convolution sees.
    ///   - backbone: the backbone's maps, finest first.
    ///   - pyramid: the pyramid's maps, finest first, the first of which stands beside the backbone's second; empty
    ///     for a model without pyramid.
    ///   - proposals: the head that runs on every level, and what is selected.
    ///   - heads: the box head first; what follows it starts from the detections.
    ///   - detections: what the box head ends with.
    public init(
        picture: Image, result: Image, input: Node, backbone: [Node], pyramid: [Node], proposals: [Node],
        heads: [Head], detections: Node, subtitle: String, background: Background
    ) {
        self.picture = picture
        self.result = result
        self.input = input
        self.backbone = backbone
        self.pyramid = pyramid
        self.proposals = proposals
        self.heads = heads
        self.detections = detections
        self.subtitle = subtitle
        self.background = background
    }

    private static let columnWidth = 131.0
    private static let columnStep = 159.0
    private static let rowStep = 48.0
    private static let rowHeight = 34.0
    private static let headHeight = 58.0
    private static let headStep = 90.0

    /// Rows of the upper half: the backbone's, and those by which the pyramid is higher.
    private var rows: Int { max(backbone.count, pyramid.count + 1, 4) }
    private var upperHeight: Double { 18 + Double(rows) * Self.rowStep }
    private var line: Stroke { Stroke(background.mutedInk, width: 1.25) }

    /// The drawing.
    public var figure: Figure {
        let block = Sheet.Block(height: upperHeight + 12 + Double(heads.count) * Self.headStep) {
            canvas, room in
            drawBackbone(on: canvas, in: room)
            drawProposals(on: canvas, in: room)
            drawHeads(on: canvas, in: room)
        }
        return Sheet(
            title: "The pipeline, with the shapes of this picture's tensors", subtitle: subtitle,
            blocks: [block],
            caption: "Shapes are channels × height × width; those of heads begin with the number of regions.",
            background: background
        ).figure
    }

    // MARK: The upper half

    /// The box in a column, and in a row counted from the bottom of the upper half.
    private func cell(_ column: Int, _ row: Int, in room: Rectangle) -> Rectangle {
        Rectangle(
            x: room.x + Double(column) * Self.columnStep,
            y: room.y + upperHeight - Double(row + 1) * Self.rowStep + (Self.rowStep - Self.rowHeight) / 2,
            width: Self.columnWidth, height: Self.rowHeight)
    }

    private func drawBackbone(on canvas: Canvas, in room: Rectangle) {
        heading("Picture", column: 0, part: .input, on: canvas, in: room)
        heading("Backbone", column: 1, part: .backbone, on: canvas, in: room)
        let inputCell = cell(0, 0, in: room)
        let most = inputCell.y - 22 - (room.y + 18)
        let scale = min(
            Self.columnWidth / Double(picture.width), min(most, 150) / Double(picture.height))
        let size = (width: Double(picture.width) * scale, height: Double(picture.height) * scale)
        let place = Rectangle(
            x: room.x + (Self.columnWidth - size.width) / 2, y: room.y + 18, width: size.width,
            height: size.height)
        canvas.draw(picture, in: place, filter: .bilinear)
        canvas.stroke(place, Stroke(background.rule, width: 0.75))
        canvas.arrow(from: place.bottom, to: inputCell.top, line)
        for (line, text) in ["resize,", "normalise,", "pad"].enumerated() {
            canvas.text(
                text,
                at: Point(x: place.bottom.x + 6, y: (place.maxY + inputCell.y) / 2 + 13 * Double(line - 1)),
                font: Font(size: 10), color: background.mutedInk, anchor: TextAnchor(.leading, .middle))
        }
        draw(input, .input, inputCell, on: canvas)
        for (row, node) in backbone.enumerated() {
            let here = cell(1, row, in: room)
            draw(node, .backbone, here, on: canvas)
            canvas.arrow(
                from: row == 0 ? inputCell.right : cell(1, row - 1, in: room).top,
                to: row == 0 ? here.left : here.bottom, line)
        }
        guard !pyramid.isEmpty else { return }
        heading("Feature pyramid", column: 2, part: .pyramid, on: canvas, in: room)
        for (level, node) in pyramid.enumerated() {
            let here = cell(2, level + 1, in: room)
            draw(node, .pyramid, here, on: canvas)
            if level + 1 < backbone.count {
                canvas.arrow(from: cell(1, level + 1, in: room).right, to: here.left, line)
            }
            guard level > 0 else { continue }
            // The top-down path goes down from the backbone's last level; what lies above is made from it.
            let below = cell(2, level, in: room)
            let isTopDown = level + 1 < backbone.count
            canvas.arrow(
                from: isTopDown ? here.bottom : below.top, to: isTopDown ? below.top : here.bottom, line)
        }
    }

    /// The boxes that the region proposals are read from.
    private func sources(in room: Rectangle) -> [Rectangle] {
        pyramid.isEmpty
            ? [cell(1, backbone.count - 1, in: room)]
            : pyramid.indices.map { cell(2, $0 + 1, in: room) }
    }

    private func proposalCells(in room: Rectangle) -> [Rectangle] {
        let column = pyramid.isEmpty ? 2 : 3
        let first = cell(column, rows - 1, in: room)
        let bottom = cell(column, 1, in: room).maxY
        // Each as high as its lines demand, the first with room for twice as many.
        let shares = proposals.enumerated().map { index, node in
            index == 0 ? 2 * Double(node.lines.count) + 1 : Double(node.lines.count) + 1.5
        }
        let gap = 16.0
        let height = bottom - first.y - gap * Double(max(proposals.count - 1, 0))
        let unit = height / max(shares.reduce(0, +), 1)
        var y = first.y
        return shares.map { share in
            defer { y += share * unit + gap }
            return Rectangle(x: first.x, y: y, width: first.width, height: share * unit)
        }
    }

    private func drawProposals(on canvas: Canvas, in room: Rectangle) {
        heading(
            "Region proposals", column: pyramid.isEmpty ? 2 : 3, part: .proposals, on: canvas, in: room)
        let cells = proposalCells(in: room)
        guard let first = cells.first else { return }
        // A rail that all levels run into.
        let rail = first.x - 17
        let sources = sources(in: room)
        for source in sources {
            canvas.line(from: source.right, to: Point(x: rail, y: source.right.y), line)
        }
        let heights = sources.map(\.right.y) + [first.left.y]
        canvas.line(
            from: Point(x: rail, y: heights.min() ?? 0), to: Point(x: rail, y: heights.max() ?? 0), line)
        canvas.arrow(from: Point(x: rail, y: first.left.y), to: first.left, line)
        for (index, node) in proposals.enumerated() {
            draw(node, .proposals, cells[index], on: canvas)
            if index > 0 { canvas.arrow(from: cells[index - 1].bottom, to: cells[index].top, line) }
        }
    }

    // MARK: The heads

    private func headCell(_ column: Int, _ row: Int, in room: Rectangle) -> Rectangle {
        Rectangle(
            x: room.x + Double(column) * Self.columnStep,
            y: room.y + upperHeight + 36 + Double(row) * Self.headStep, width: Self.columnWidth,
            height: Self.headHeight)
    }

    private func drawHeads(on canvas: Canvas, in room: Rectangle) {
        for (row, head) in heads.enumerated() {
            for (column, node) in head.nodes.prefix(3).enumerated() {
                let here = headCell(column, row, in: room)
                draw(node, head.part, here, on: canvas)
                if column > 0 {
                    canvas.arrow(from: headCell(column - 1, row, in: room).right, to: here.left, line)
                }
            }
        }
        guard !heads.isEmpty, let proposals = proposalCells(in: room).last else { return }
        let pooled = headCell(0, 0, in: room)
        // Maps and proposals come down to the first head; the maps' rail joins that of the proposals.
        let rail = pooled.y - 18
        canvas.arrow(
            through: [
                proposals.bottom, Point(x: proposals.bottom.x, y: rail), Point(x: pooled.top.x, y: rail),
                pooled.top,
            ], line)
        canvas.text(
            "regions, and the maps that they pool from", at: Point(x: pooled.top.x + 8, y: rail - 3),
            font: Font(size: 10), color: background.mutedInk, anchor: TextAnchor(.leading, .bottom))
        let found = headCell(3, 0, in: room)
        draw(detections, .boxes, found, on: canvas)
        canvas.arrow(from: headCell(2, 0, in: room).right, to: found.left, line)
        drawResult(on: canvas, in: room)
    }

    /// From the detections back to the left for further heads, and into the picture.
    private func drawResult(on canvas: Canvas, in room: Rectangle) {
        let found = headCell(3, 0, in: room)
        let bottom = room.maxY - 2
        let top = found.maxY + 24
        var place = Rectangle(x: found.x, y: top, width: found.width, height: bottom - top)
        let scale = min(place.width / Double(result.width), max(place.height, 1) / Double(result.height))
        guard heads.count > 1 else { return }
        place.width = Double(result.width) * scale
        place.height = Double(result.height) * scale
        place.x = found.x + (found.width - place.width) / 2
        // In the middle of the rows whose arrows end here.
        let middle = (headCell(0, 1, in: room).left.y + headCell(0, heads.count - 1, in: room).left.y) / 2
        place.y = min(max(middle - place.height / 2, top), bottom - place.height)
        for row in 1..<heads.count {
            let pooled = headCell(0, row, in: room)
            let rail = pooled.y - 15
            let turn = Point(x: pooled.top.x + Double(row - 1) * 14, y: rail)
            if row == 1 {
                canvas.arrow(
                    through: [
                        Point(x: found.x + 20, y: found.maxY), Point(x: found.x + 20, y: rail),
                        turn, Point(x: turn.x, y: pooled.y),
                    ], line)
                canvas.text(
                    "the detected boxes", at: Point(x: turn.x + 8, y: rail - 2), font: Font(size: 10),
                    color: background.mutedInk, anchor: TextAnchor(.leading, .bottom))
            } else {
                let x = room.x - 8
                let above = headCell(0, row - 1, in: room)
                canvas.arrow(
                    through: [
                        Point(x: above.top.x, y: above.y - 15), Point(x: x, y: above.y - 15),
                        Point(x: x, y: pooled.left.y), pooled.left,
                    ], line)
            }
            let last = headCell(min(heads[row].nodes.count, 3) - 1, row, in: room)
            canvas.arrow(
                from: last.right,
                to: Point(x: place.x, y: min(last.right.y, place.maxY - 4)), line)
        }
        canvas.arrow(from: found.bottom, to: Point(x: found.bottom.x, y: place.y), line)
        canvas.draw(result, in: place, filter: .bilinear)
        canvas.stroke(place, Stroke(background.rule, width: 0.75))
    }

    private func draw(_ node: Node, _ part: Part, _ place: Rectangle, on canvas: Canvas) {
        canvas.node(place, node.title, node.lines, part: part, background: background)
    }

    private func heading(_ text: String, column: Int, part: Part, on canvas: Canvas, in room: Rectangle) {
        canvas.text(
            text, at: Point(x: room.x + Double(column) * Self.columnStep, y: room.y),
            font: Font(size: 12, isBold: true), color: part.color(on: background),
            anchor: TextAnchor(.leading, .top))
    }
}

extension Rectangle {
    /// The middles of the four edges.
    var top: Point { Point(x: x + width / 2, y: y) }
    var bottom: Point { Point(x: x + width / 2, y: maxY) }
    var left: Point { Point(x: x, y: y + height / 2) }
    var right: Point { Point(x: maxX, y: y + height / 2) }
}

import Drawing
import Explanations
import Inference
import Tensors

extension Gallery {
    /// Figure 1: the pipeline with the shapes that this run's tensors had.
    func overview() throws -> Sheet {
        let architecture = run.model.architecture
        var backbone = [node(.stem)]
        for stage in run.backboneStages { backbone.append(node(.backbone(stage))) }
        var pyramid: [OverviewFigure.Node] = []
        if case .pyramid = architecture.features {
            pyramid = run.model.levelNames.indices.map { node(.pyramid($0 + 2)) }
        }
        let network = architecture.backbone.groups > 1 ? "ResNeXt" : "ResNet"
        return OverviewFigure(
            picture: run.image, result: try resultWithoutLabels(), input: node(.inputTensor),
            backbone: backbone, pyramid: pyramid, proposals: proposalNodes, heads: headRows,
            detections: node(.detectionBoxes),
            subtitle:
                "A \(network) with \(family) and \(architecture.classes) classes, on \(run.name).",
            theme: theme
        ).sheet
    }

    /// Where the heads read from, in a few words.
    private var family: String {
        switch run.model.architecture.features {
        case .pyramid: "a feature pyramid"
        case .c4: "heads on c4"
        case .c5: "heads on c5"
        }
    }

    private func node(_ stage: Stage, _ more: String...) -> OverviewFigure.Node {
        var node = OverviewFigure.Node(stage.name, run.shapeText(stage) ?? "")
        node.lines += more
        return node
    }

    private var proposalNodes: [OverviewFigure.Node] {
        let names = run.model.levelNames
        let anchors = names.reduce(0) { total, name in
            if case .boxes(let boxes) = run[.anchors(name)] { total + boxes.count } else { total }
        }
        let candidates = names.reduce(0) { total, name in
            if case .boxes(let boxes) = run[.candidateBoxes(name)] { total + boxes.count } else { total }
        }
        let perPosition = run.model.architecture.proposals.anchorsPerPosition
        var head = OverviewFigure.Node("rpn.objectness")
        // Without a pyramid the box is twice as wide.
        head.lines =
            names.count > 1
            ? [
                "and rpn.deltas:", "3×3, then 1×1 layers", "shared by all levels",
                "\(perPosition) anchors a position,", "\(anchors) in all",
            ]
            : [
                "and rpn.deltas: 3×3, then 1×1 layers",
                "\(perPosition) anchors a position, \(anchors) in all",
            ]
        return [
            head, OverviewFigure.Node("rpn.candidates", "the best \(candidates), decoded"),
            node(.proposalBoxes, "after suppression"),
        ]
    }

    private var headRows: [OverviewFigure.Head] {
        var heads = [
            OverviewFigure.Head(
                .boxes,
                [node(.boxPooled, poolingName), boxHidden, node(.boxDeltas, "and class probabilities")])
        ]
        if run[.maskPooled] != nil {
            let hidden: OverviewFigure.Node =
                if run[.maskUpsampled] != nil {
                    node(
                        .maskUpsampled,
                        run[.maskC5] == nil ? "convolutions, then 2×" : "the fifth stage, then 2×")
                } else {
                    node(.maskHidden(1), "fully connected")
                }
            heads.append(
                OverviewFigure.Head(
                    .masks,
                    [node(.maskPooled, poolingName), hidden, node(.maskProbabilities, "of the class found")]))
        }
        if run[.keypointPooled] != nil {
            let layers = run.model.architecture.keypoints?.convolutions ?? 0
            heads.append(
                OverviewFigure.Head(
                    .keypoints,
                    [
                        node(.keypointPooled, poolingName),
                        layers > 0
                            ? node(.keypointHidden(layers), "3×3 convolutions")
                            : OverviewFigure.Node("no hidden layer"),
                        node(.keypointHeatmaps, "one map a keypoint"),
                    ]))
        }
        return heads
    }

    private var boxHidden: OverviewFigure.Node {
        switch run.model.architecture.boxes.head {
        case .twoLayers: node(.boxHidden(2), "two fully connected layers")
        case .convolutions: node(.boxHidden(1), "convolutions, fully connected")
        case .residualStage: node(.boxHidden(1), "the fifth stage, averaged")
        }
    }

    private var poolingName: String {
        switch run.model.conventions.pooling.layer {
        case .pool: "RoIPool"
        case .warp: "RoIWarp"
        case .align: "RoIAlign"
        case .crop: "crop_and_resize"
        }
    }

    /// The picture with what was found, without words, which would be too small to read.
    private func resultWithoutLabels() throws -> Image {
        let likely = run.instances.filter { $0.score >= 0.5 }
        let classes = run.model.classes
        let drawn = (likely.isEmpty ? run.instances : likely).map { instance in
            DrawnInstance(
                box: instance.box, classIndex: instance.label, className: classes.name(of: instance.label),
                score: Double(instance.score), mask: instance.mask,
                keypoints: classes.hasKeypoints(instance.label) ? instance.keypoints ?? [] : [])
        }
        var options = DetectionOverlay.Options()
        options.showsLabels = false
        options.palette = theme.palette
        // Drawn at about half its size.
        options.scale = 2
        return try DetectionOverlay(image: run.image, instances: drawn, options: options).figure.image()
    }
}

// MARK: - Drawing

/// Figure 1: the whole pipeline of one picture, with the shapes that its tensors had.
///
/// Four columns: the picture and the network's input, the backbone with its finest map at the bottom, the feature
/// pyramid with a level beside each of the backbone's, and the region proposals. Below them the heads, each a row
/// that starts with what a region pools.
package struct OverviewFigure: SheetFigure {
    /// A box of the diagram: a tensor's name, and its shape or what else there is to say in a few words.
    package struct Node: Sendable {
        /// In bold.
        package var title: String
        /// Below the title.
        package var lines: [String]

        /// A box.
        package init(_ title: String, _ lines: String...) {
            self.title = title
            self.lines = lines
        }
    }

    /// A head: up to three boxes from left to right, the first of which is what regions pool.
    package struct Head {
        /// Which one it is.
        package var part: Part
        /// Its boxes.
        package var nodes: [Node]

        /// A head.
        package init(_ part: Part, _ nodes: [Node]) {
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
    private let theme: Theme

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
    package init(
        picture: Image, result: Image, input: Node, backbone: [Node], pyramid: [Node], proposals: [Node],
        heads: [Head], detections: Node, subtitle: String, theme: Theme
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
        self.theme = theme
    }

    private static let columnWidth = 131.0
    private static let columnStep = 159.0
    private static let rowStep = 48.0
    private static let rowHeight = 34.0
    private static let headHeight = 58.0
    private static let headStep = 90.0

    /// Rows of the upper half: the backbone's, and those by which the pyramid is higher.
    private var rows: Int { max(backbone.count, pyramid.count + 1, 4) }
    /// Rows of the lower half: the heads', and one for the result.
    private var headRows: Int { max(heads.count, 2) }
    private var upperHeight: Double { 18 + Double(rows) * Self.rowStep }
    private var line: Stroke { Stroke(theme.mutedInk, width: 1.25) }

    /// The drawing.
    package var sheet: Sheet {
        let height = upperHeight + 12 + Double(headRows) * Self.headStep
        let block = Sheet.Block(height: height, role: .drawing("the pipeline")) { canvas, room in
            drawBackbone(on: canvas, in: room)
            drawProposals(on: canvas, in: room)
            drawHeads(on: canvas, in: room)
        }
        let sums =
            pyramid.isEmpty
            ? ""
            : " Each ⊕ adds the backbone's map, through a 1×1 convolution, and the coarser sum, enlarged; a "
                + "3×3 convolution makes a level of the sum."
        return Sheet(
            title: "The pipeline, with the shapes of this picture's tensors", subtitle: subtitle,
            blocks: [block],
            caption: "Shapes are channels × height × width; those of heads begin with the number of regions."
                + sums,
            theme: theme
        )
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
        canvas.stroke(place, Stroke(theme.rule, width: 0.75))
        canvas.arrow(from: place.bottom, to: inputCell.top, line)
        for (line, text) in ["resize,", "normalise,", "pad"].enumerated() {
            canvas.text(
                text,
                at: Point(x: place.bottom.x + 6, y: (place.maxY + inputCell.y) / 2 + 13 * Double(line - 1)),
                font: Font(size: 10), color: theme.mutedInk, anchor: TextAnchor(.leading, .middle))
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
            guard level + 1 < backbone.count else {
                // What lies above the backbone's last level is made of the output below it.
                if level > 0 { canvas.arrow(from: cell(2, level, in: room).top, to: here.bottom, line) }
                continue
            }
            drawFusion(level, from: cell(1, level + 1, in: room).right, to: here.left, on: canvas)
        }
    }

    /// The lateral map meets the coarser level's sum in a sum of its own, from which the level's output and the next
    /// finer sum are made.
    private func drawFusion(_ level: Int, from lateral: Point, to output: Point, on canvas: Canvas) {
        let radius = 5.5
        let sum = Point(x: (lateral.x + output.x) / 2 - 2.5, y: lateral.y)
        let isCoarsest = level + 2 == backbone.count
        if isCoarsest {
            // Nothing is added to the coarsest lateral map.
            canvas.arrow(from: lateral, to: output, line)
        } else {
            canvas.line(from: lateral, to: Point(x: sum.x - radius, y: sum.y), line)
            canvas.arrow(from: Point(x: sum.x + radius, y: sum.y), to: output, line)
            // From the sum above, or from the lateral map that stands in its place.
            let start = level + 3 == backbone.count ? 0 : radius
            canvas.arrow(
                from: Point(x: sum.x, y: sum.y - Self.rowStep + start),
                to: Point(x: sum.x, y: sum.y - radius), line)
            canvas.stroke(circleAt: sum, radius: radius, line)
            canvas.line(
                from: Point(x: sum.x - 3, y: sum.y), to: Point(x: sum.x + 3, y: sum.y), line)
            canvas.line(
                from: Point(x: sum.x, y: sum.y - 3), to: Point(x: sum.x, y: sum.y + 3), line)
        }
    }

    /// The boxes that the region proposals are read from.
    private func sources(in room: Rectangle) -> [Rectangle] {
        pyramid.isEmpty
            ? [cell(1, backbone.count - 1, in: room)]
            : pyramid.indices.map { cell(2, $0 + 1, in: room) }
    }

    /// The boxes of the last column, or the last two without a pyramid: each as high as its lines demand, all of
    /// them as high as the upper half.
    private func proposalCells(in room: Rectangle) -> [Rectangle] {
        let first = cell(pyramid.isEmpty ? 2 : 3, rows - 1, in: room)
        let width = first.width + (pyramid.isEmpty ? Self.columnStep : 0)
        let needs = proposals.map { node in
            let lines = node.lines.flatMap { wrapped($0, font: Font(size: 10), width: width - 6, in: theme) }
            return 24 + 12.5 * Double(lines.count)
        }
        let gap = 16.0
        let height = room.y + upperHeight - 7 - first.y - gap * Double(max(proposals.count - 1, 0))
        let unit = height / max(needs.reduce(0, +), 1)
        var y = first.y
        return needs.map { need in
            defer { y += need * unit + gap }
            return Rectangle(x: first.x, y: y, width: width, height: need * unit)
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
            font: Font(size: 10), color: theme.mutedInk, anchor: TextAnchor(.leading, .bottom))
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
        place.width = Double(result.width) * scale
        place.height = Double(result.height) * scale
        place.x = found.x + (found.width - place.width) / 2
        // In the middle of the rows whose arrows end here.
        let middle = (headCell(0, 1, in: room).left.y + headCell(0, headRows - 1, in: room).left.y) / 2
        place.y = min(max(middle - place.height / 2, top), bottom - place.height)
        for row in heads.indices.dropFirst() {
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
                    color: theme.mutedInk, anchor: TextAnchor(.leading, .bottom))
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
        canvas.stroke(place, Stroke(theme.rule, width: 0.75))
    }

    private func draw(_ node: Node, _ part: Part, _ place: Rectangle, on canvas: Canvas) {
        canvas.node(place, node.title, node.lines, part: part, theme: theme)
    }

    private func heading(_ text: String, column: Int, part: Part, on canvas: Canvas, in room: Rectangle) {
        canvas.text(
            text, at: Point(x: room.x + Double(column) * Self.columnStep, y: room.y),
            font: Font(size: 12, isBold: true), color: part.color(in: theme),
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

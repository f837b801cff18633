import Drawing
import Foundation
import Inference

extension Gallery {
    /// Figure 22: the heads of this model, and those that it would have on the other kind of features.
    func heads() throws -> Sheet {
        let own = run.model.architecture
        let isC4 = own.boxes.head == .residualStage
        let other = isC4 ? own.onPyramid : own.onC4
        let kind =
            switch own.features {
            case .pyramid: "a feature pyramid"
            case .c4: "c4"
            case .c5: "c5"
            }
        return HeadsFigure(
            [
                HeadsFigure.Architecture(name: "This model: heads on \(kind)", heads: own.headShapes),
                HeadsFigure.Architecture(
                    name: isC4
                        ? "The same backbone with the paper's feature pyramid"
                        : "The same backbone with heads on c4: the fifth stage becomes the head",
                    heads: other.headShapes),
            ],
            subtitle: "After the paper's figure 4, with the sizes of this model.", theme: theme
        ).sheet
    }
}

extension Architecture {
    /// The same backbone and classes with the heads of a C4 model.
    fileprivate var onC4: Architecture {
        var other = self
        other.features = .c4
        other.boxes.head = .residualStage
        other.boxes.poolSize = 7
        if var masks {
            var channels = Int(256)
            if case .fullyConvolutional(_, let own, _) = masks.head { channels = own }
            masks.head = .fullyConvolutional(convolutions: 0, channels: channels, norm: .bias)
            masks.poolSize = 14
            other.masks = masks
        }
        other.keypoints = nil
        return other
    }

    /// The same backbone and classes with the pyramid and the heads that the paper has.
    fileprivate var onPyramid: Architecture {
        var other = self
        other.features = .pyramid(Pyramid())
        other.boxes = Boxes()
        if let masks { other.masks = Masks(isClassAgnostic: masks.isClassAgnostic) }
        other.keypoints = nil
        return other
    }

    /// Channels of the maps that regions are pooled from.
    private var pooledChannels: Int {
        switch features {
        case .pyramid(let pyramid): pyramid.channels
        case .c4: backbone.outputs[2]
        case .c5: backbone.outputs[3]
        }
    }

    /// What each head does to one region.
    fileprivate var headShapes: [HeadsFigure.Head] {
        [boxHead] + [maskHead, keypointHead].compactMap { $0 }
    }

    private var boxHead: HeadsFigure.Head {
        var side = boxes.poolSize
        var steps: [HeadsFigure.Step]
        switch boxes.head {
        case .twoLayers(let hidden):
            steps = [
                HeadsFigure.Step("fully\nconnected", .vector(hidden)),
                HeadsFigure.Step("fully\nconnected", .vector(hidden)),
            ]
        case .convolutions(let count, let channels, _, let hidden):
            steps = [HeadsFigure.Step("fully\nconnected", .vector(hidden))]
            if count > 0 {
                steps.insert(
                    HeadsFigure.Step(
                        "3×3\nconvolution", count: count, .map(side: side, channels: channels)), at: 0)
            }
        case .residualStage:
            side *= 2
            steps = [
                HeadsFigure.Step("fifth\nstage", .map(side: side / 2, channels: backbone.outputs[3])),
                HeadsFigure.Step("average", .vector(backbone.outputs[3])),
            ]
        }
        return HeadsFigure.Head(
            name: "Box head", part: .boxes, start: .map(side: side, channels: pooledChannels), steps: steps,
            ends: [
                HeadsFigure.Step("", .vector(classes + 1), name: "class logits"),
                HeadsFigure.Step("", .table(rows: classes + 1, columns: 4), name: "box deltas"),
            ])
    }

    private var maskHead: HeadsFigure.Head? {
        guard let masks else { return nil }
        let channelsOut = masks.isClassAgnostic ? 1 : classes + 1
        var side = masks.poolSize
        let start = HeadsFigure.Shape.map(side: side, channels: pooledChannels)
        var steps: [HeadsFigure.Step] = []
        if boxes.head == .residualStage {
            side = (side + 1) / 2
            steps.append(
                HeadsFigure.Step("fifth\nstage", .map(side: side, channels: backbone.outputs[3])))
        }
        switch masks.head {
        case .fullyConvolutional(let count, let channels, _):
            if count > 0 {
                steps.append(
                    HeadsFigure.Step(
                        "3×3\nconvolution", count: count, .map(side: side, channels: channels)))
            }
            side *= 2
            steps.append(HeadsFigure.Step("2×2\ntransposed", .map(side: side, channels: channels)))
            steps.append(
                HeadsFigure.Step("1×1", .map(side: side, channels: channelsOut), name: "mask logits"))
        case .fullyConnected(let hidden, let outputSide):
            steps += hidden.map { HeadsFigure.Step("fully\nconnected", .vector($0)) }
            steps.append(
                HeadsFigure.Step(
                    "fully\nconnected", .map(side: outputSide, channels: channelsOut), name: "mask logits"))
        }
        return HeadsFigure.Head(name: "Mask head", part: .masks, start: start, steps: steps, ends: [])
    }

    private var keypointHead: HeadsFigure.Head? {
        guard let keypoints else { return nil }
        let side = keypoints.poolSize
        var steps = [
            HeadsFigure.Step("4×4\ntransposed", .map(side: 2 * side, channels: keypoints.count)),
            HeadsFigure.Step(
                "2×\nbilinear", .map(side: 4 * side, channels: keypoints.count), name: "heat maps"),
        ]
        if keypoints.convolutions > 0 {
            steps.insert(
                HeadsFigure.Step(
                    "3×3\nconvolution", count: keypoints.convolutions,
                    .map(side: side, channels: keypoints.channels)), at: 0)
        }
        return HeadsFigure.Head(
            name: "Keypoints", part: .keypoints, start: .map(side: side, channels: pooledChannels),
            steps: steps, ends: [])
    }
}

// MARK: - Drawing

/// Figure 22: the heads as chains of maps and vectors, after Mask R-CNN's figure 4.
package struct HeadsFigure: SheetFigure {
    /// What one region is at some place of a head.
    package enum Shape: Sendable, Equatable {
        /// A map of that side, with channels.
        case map(side: Int, channels: Int)
        /// A vector.
        case vector(Int)
        /// A table: a vector for each of several classes.
        case table(rows: Int, columns: Int)

        /// Channels first: `256×14×14`.
        package var text: String {
            switch self {
            case .map(let side, let channels): "\(channels)×\(side)×\(side)"
            case .vector(let count): "\(count)"
            case .table(let rows, let columns): "\(rows)×\(columns)"
            }
        }
    }

    /// One operation and what it makes.
    package struct Step: Sendable {
        /// In a few words: "3×3 convolution".
        package var operation: String
        /// How often it is done, one after the other.
        package var count: Int
        /// What it makes.
        package var shape: Shape
        /// What the result is called, if it ends the head: "class logits".
        package var name: String

        /// An operation.
        package init(_ operation: String, count: Int = 1, _ shape: Shape, name: String = "") {
            self.operation = operation
            self.count = count
            self.shape = shape
            self.name = name
        }
    }

    /// One head.
    package struct Head: Sendable {
        /// "Box head".
        package var name: String
        /// Its colour.
        package var part: Part
        /// What it starts from.
        package var start: Shape
        /// What comes one after the other.
        package var steps: [Step]
        /// Results that are all made of the last step's: class logits and box deltas.
        package var ends: [Step]

        /// A head.
        package init(name: String, part: Part, start: Shape, steps: [Step], ends: [Step]) {
            self.name = name
            self.part = part
            self.start = start
            self.steps = steps
            self.ends = ends
        }
    }

    /// The heads of one architecture.
    package struct Architecture: Sendable {
        /// "This model: heads on a feature pyramid".
        package var name: String
        /// Its heads.
        package var heads: [Head]

        /// An architecture.
        package init(name: String, heads: [Head]) {
            self.name = name
            self.heads = heads
        }
    }

    private let architectures: [Architecture]
    private let subtitle: String
    private let theme: Theme

    /// Architectures, one below the other.
    package init(_ architectures: [Architecture], subtitle: String = "", theme: Theme) {
        self.architectures = architectures
        self.subtitle = subtitle
        self.theme = theme
    }

    /// The drawing.
    package var sheet: Sheet {
        Sheet(
            title: "The heads: what happens to one region", subtitle: subtitle,
            blocks: architectures.flatMap { architecture in
                [.heading(architecture.name, theme: theme)] + architecture.heads.map(block)
            },
            caption:
                "Shapes are channels × height × width of one region; all regions go through the same weights. "
                + "The front of a block is as large as the map, its depth grows with the logarithm of the channels. "
                + "Hidden layers end with ReLU.",
            theme: theme
        )
    }

    // MARK: One head

    private static let labelWidth = 62.0

    private func block(_ head: Head) -> Sheet.Block {
        let shapes = [head.start] + head.steps.map(\.shape)
        let solids = shapes.map(Solid.init)
        let tallest = max(
            solids.map(\.height).max() ?? 0, Double(head.ends.count) * 42, 46)
        return Sheet.Block(height: tallest + 20, role: .drawing(head.name)) { canvas, room in
            let middle = room.y + tallest / 2
            canvas.text(
                head.name, at: Point(x: room.x, y: middle), font: Font(size: 11, isBold: true),
                within: Self.labelWidth, color: head.part.color(in: theme),
                anchor: TextAnchor(.leading, .middle))
            let endWidth = head.ends.isEmpty ? 0 : 112.0
            let chain = room.width - Self.labelWidth - endWidth
            let step = chain / Double(shapes.count)
            var right = 0.0
            for (index, solid) in solids.enumerated() {
                let center = Point(x: room.x + Self.labelWidth + step * (Double(index) + 0.5), y: middle)
                if index > 0 {
                    arrow(
                        head.steps[index - 1], from: right + 3, to: center.x - solid.width / 2 - 3, y: middle,
                        on: canvas)
                }
                draw(solid, at: center, part: head.part, on: canvas)
                let name = index == 0 ? "pooled region" : head.steps[index - 1].name
                caption(
                    [shapes[index].text] + (name.isEmpty ? [] : [name]),
                    below: Point(x: center.x, y: center.y + solid.height / 2), width: step, on: canvas)
                right = center.x + solid.width / 2
            }
            drawEnds(
                head, from: Point(x: right + 3, y: middle),
                in: Rectangle(x: room.maxX - endWidth, y: room.y, width: endWidth, height: tallest),
                on: canvas)
        }
    }

    private func drawEnds(_ head: Head, from start: Point, in room: Rectangle, on canvas: Canvas) {
        for (index, end) in head.ends.enumerated() {
            let y = room.y + room.height * (Double(index) + 0.5) / Double(head.ends.count)
            let box = Rectangle(x: room.x + 22, y: y - 17, width: room.width - 22, height: 34)
            canvas.arrow(from: start, to: box.left, Stroke(theme.mutedInk, width: 1.25))
            canvas.node(box, end.name, [end.shape.text], part: head.part, theme: theme)
        }
    }

    /// An arrow with the operation's name above it, in as many lines as it takes, and how often below.
    private func arrow(_ step: Step, from start: Double, to end: Double, y: Double, on canvas: Canvas) {
        canvas.arrow(
            from: Point(x: start, y: y), to: Point(x: end, y: y), Stroke(theme.mutedInk, width: 1.25))
        let font = Font(size: 9.5)
        let lines = step.operation.split(separator: "\n").map(String.init)
        for (index, line) in lines.enumerated() {
            canvas.text(
                line, at: Point(x: (start + end) / 2, y: y - 5 - 11.5 * Double(lines.count - 1 - index)),
                font: font, within: end - start + 20, color: theme.ink,
                anchor: TextAnchor(.center, .bottom))
        }
        if step.count > 1 {
            canvas.text(
                "× \(step.count)", at: Point(x: (start + end) / 2, y: y + 5),
                font: Font(size: 11, isBold: true),
                color: theme.ink, anchor: TextAnchor(.center, .top))
        }
    }

    private func caption(_ lines: [String], below point: Point, width: Double, on canvas: Canvas) {
        for (index, line) in lines.enumerated() {
            canvas.text(
                line, at: Point(x: point.x, y: point.y + 3 + 12 * Double(index)), font: Font(size: 10),
                within: width, color: index == 0 ? theme.ink : theme.mutedInk,
                anchor: TextAnchor(.center, .top))
        }
    }

    private func draw(_ solid: Solid, at center: Point, part: Part, on canvas: Canvas) {
        let color = part.color(in: theme)
        let edge = Stroke(color, width: 1.25)
        let depth = solid.depth * Solid.slant
        let front = Rectangle(
            x: center.x - solid.width / 2, y: center.y - solid.height / 2 + depth, width: solid.face.width,
            height: solid.face.height)
        let back = Point(x: depth, y: -depth)
        func moved(_ point: Point) -> Point { Point(x: point.x + back.x, y: point.y + back.y) }
        let corners = (
            topLeft: Point(x: front.x, y: front.y), topRight: Point(x: front.maxX, y: front.y),
            bottomRight: Point(x: front.maxX, y: front.maxY)
        )
        let top = [corners.topLeft, moved(corners.topLeft), moved(corners.topRight), corners.topRight]
        let side = [
            corners.topRight, moved(corners.topRight), moved(corners.bottomRight), corners.bottomRight,
        ]
        for (polygon, opacity) in [(top, 0.18), (side, 0.42)] {
            canvas.fill(polygon: polygon, theme.paper)
            canvas.fill(polygon: polygon, color.withOpacity(opacity))
            canvas.polyline(polygon, isClosed: true, edge)
        }
        canvas.fill(front, theme.paper)
        canvas.fill(front, color.withOpacity(0.28))
        canvas.stroke(front, edge)
    }

    /// How large a shape is drawn.
    private struct Solid {
        let face: (width: Double, height: Double)
        let depth: Double
        static let slant = 0.6

        init(_ shape: Shape) {
            switch shape {
            case .map(let side, let channels):
                let length = 10 + min(Double(side), 32) * 1.35
                face = (length, length)
                depth = 4 + 2.2 * log2(Double(max(channels, 1)))
            case .vector(let count):
                face = (8, 14 + 4.5 * log2(Double(max(count, 1))))
                depth = 6
            case .table(let rows, let columns):
                face = (8 + 2 * log2(Double(max(columns, 1))), 14 + 4.5 * log2(Double(max(rows, 1))))
                depth = 6
            }
        }

        var width: Double { face.width + depth * Self.slant }
        var height: Double { face.height + depth * Self.slant }
    }
}

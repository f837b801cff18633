import Drawing
import Explanations
import Foundation
import Geometry
import Inference
import Kernels
import Tensors

extension Gallery {
    /// Figure 8.
    func objectness() throws -> Sheet {
        let trace = try SelectionTrace(run)
        let proposals = run.model.architecture.proposals
        let ratios = proposals.aspectRatios
        let isRatioOuter = run.model.conventions.anchors.ratiosAreOuter
        var rows: [ObjectnessFigure.Row] = []
        let shown = Set(
            try chosen(trace.levels, { pyramidIndex($0.name) }, \.name).map(\.name))
        for (index, level) in trace.levels.enumerated() where shown.contains(level.name) {
            let name = Stage.objectness(level.name).name
            let probabilities = level.objectness.probabilities
            for (sideIndex, side) in proposals.anchorSizes[index].enumerated() {
                let maps = ratios.indices.map { ratio in
                    let channel =
                        isRatioOuter
                        ? ratio * proposals.anchorSizes[index].count + sideIndex
                        : sideIndex * ratios.count + ratio
                    return HeatMap(probabilities, channel: channel, isSigned: false, limit: 1)
                }
                rows.append(
                    ObjectnessFigure.Row(
                        title: "\(level.name), stride \(level.anchors.strideText), side "
                            + setting(Double(side)),
                        note: sideIndex == 0 ? TensorSummary(name, map: level.objectness).text : "",
                        level: pyramidIndex(level.name), maps: maps,
                        picture: (
                            Double(trace.size.width) / Double(level.anchors.horizontalStride),
                            Double(trace.size.height) / Double(level.anchors.verticalStride)
                        )))
            }
        }
        guard rows.allSatisfy({ !$0.maps.isEmpty }), !rows.isEmpty else {
            throw NothingToDraw("the model has no anchors")
        }
        return ObjectnessFigure(
            image: run.image,
            ratios: ratios.map { "height \(setting(Double($0))) × width" }, rows: Array(rows.prefix(12)),
            theme: theme
        ).sheet
    }
}

extension AnchorGrid {
    /// Pixels from one cell to the next in words: `64`, or `61×64`, rows before columns, where they differ.
    fileprivate var strideText: String {
        verticalStride == horizontalStride ? "\(verticalStride)" : "\(verticalStride)×\(horizontalStride)"
    }
}

extension Tensor {
    /// The sigmoid of every number.
    fileprivate var probabilities: Tensor {
        withUnsafeElements { logits in
            Tensor(shape: shape, elements: logits.map { 1 / (1 + exp(-$0)) })
        }
    }
}

// MARK: - Drawing

/// Figure 8: what the region proposal network says of every anchor, level by level.
package struct ObjectnessFigure: SheetFigure {
    /// The anchors of one side on one level.
    package struct Row {
        /// "p2, stride 4, side 12".
        package var title: String
        /// The tensor's name, shape, minimum, mean and maximum.
        package var note: String
        /// The pyramid index: 2 for p2.
        package var level: Int
        /// Probabilities of one aspect ratio's anchors each, over the network's input.
        package var maps: [HeatMap]
        /// How many cells of the maps the picture is wide and high; what is beyond lies on padding.
        package var picture: (width: Double, height: Double)

        /// A row.
        package init(
            title: String, note: String, level: Int, maps: [HeatMap], picture: (width: Double, height: Double)
        ) {
            self.title = title
            self.note = note
            self.level = level
            self.maps = maps
            self.picture = picture
        }
    }

    private let image: Image
    private let ratios: [String]
    private let rows: [Row]
    private let theme: Theme

    /// - Parameters:
    ///   - image: the picture.
    ///   - ratios: the names of the columns, one for each of a row's maps.
    ///   - rows: finest level first.
    package init(
        image: Image, ratios: [String], rows: [Row],
        theme: Theme
    ) {
        self.image = image
        self.ratios = ratios
        self.rows = rows
        self.theme = theme
    }

    /// The drawing.
    package var sheet: Sheet {
        var blocks: [Sheet.Block] = []
        for (index, row) in rows.enumerated() {
            blocks.append(heading(row))
            blocks.append(
                .grid(
                    [overlay(row, isFirst: index == 0)]
                        + zip(row.maps, ratios).map { map, ratio in
                            panel(map, of: row, index == 0 ? ratio : "")
                        },
                    columns: row.maps.count + 1, tallest: 150, theme: theme))
        }
        blocks.append(
            .colorBar(ColorBar(.sequential, end: 1, unit: "objectness", theme: theme)))
        return Sheet(
            title: "Objectness: where might an object be?",
            subtitle: "For each anchor the region proposal network gives a logit; its sigmoid is the "
                + "probability of an object there. Objects answer on the level whose anchors have their size.",
            blocks: blocks,
            caption: "One cell of a map is one cell of its level; each has a number for every anchor shape. "
                + "First column: the largest of these numbers over the picture, with a ring where it is "
                + "highest.",
            theme: theme
        )
    }

    private func heading(_ row: Row) -> Sheet.Block {
        Sheet.Block(height: 14, role: .heading(row.title)) { canvas, room in
            let font = Font(size: 11.5, isBold: true)
            canvas.text(
                row.title, at: Point(x: room.x, y: room.y), font: font,
                color: theme.color(ofLevel: row.level),
                anchor: TextAnchor(.leading, .top))
            let left = room.x + canvas.extents(of: row.title, font: font).width + 10
            canvas.text(
                row.note, at: Point(x: left, y: room.y + 1), font: Font(size: 10), within: room.maxX - left,
                color: theme.mutedInk, anchor: TextAnchor(.leading, .top))
        }
    }

    private func panel(_ map: HeatMap, of row: Row, _ title: String) -> Panel {
        var map = map
        map.limit = 1
        return Panel(title, aspect: aspect) { [map] canvas, room in
            canvas.clipped(to: room) {
                map.draw(on: canvas, in: place(of: map, of: row, in: room), theme: theme)
            }
            canvas.stroke(room, Stroke(theme.rule, width: 0.75))
        }
    }

    /// Height over width of the picture.
    private var aspect: Double { Double(image.height) / Double(image.width) }

    /// Where the whole map lies if the picture fills `room`: padding is beyond its right and lower edge.
    private func place(of map: HeatMap, of row: Row, in room: Rectangle) -> Rectangle {
        Rectangle(
            x: room.x, y: room.y, width: room.width * Double(map.width) / row.picture.width,
            height: room.height * Double(map.height) / row.picture.height)
    }

    /// The largest number at each cell, as light over the picture.
    private func overlay(_ row: Row, isFirst: Bool) -> Panel {
        Panel(isFirst ? "largest of each cell" : "", aspect: aspect) { canvas, room in
            canvas.clipped(to: room) {
                canvas.draw(image, in: room, filter: .bilinear)
                canvas.fill(room, Color.black.withOpacity(0.55))
                guard let first = row.maps.first, first.width > 0, first.height > 0 else { return }
                let largest = Self.largest(row.maps)
                let pixels = largest.flatMap { value -> [UInt8] in
                    let opacity = value.isFinite ? min(max(value, 0), 1) : 0
                    return [255, 230, 60, UInt8(opacity * 230)]
                }
                let whole = place(of: first, of: row, in: room)
                canvas.draw(
                    TranslucentImage(width: first.width, height: first.height, pixels: pixels), in: whole,
                    filter: .nearest)
                guard let best = largest.indices.max(by: { largest[$0] < largest[$1] }) else { return }
                let (cellRow, cellColumn) = best.quotientAndRemainder(dividingBy: first.width)
                let center = Point(
                    x: whole.x + (Double(cellColumn) + 0.5) * whole.width / Double(first.width),
                    y: whole.y + (Double(cellRow) + 0.5) * whole.height / Double(first.height))
                canvas.stroke(circleAt: center, radius: 6, Stroke(.black.withOpacity(0.6), width: 3))
                canvas.stroke(circleAt: center, radius: 6, Stroke(.white, width: 1.5))
                canvas.tag(
                    DetectionOverlay.text(ofScore: Double(largest[best])),
                    at: Point(x: center.x + 9, y: center.y),
                    color: theme.ink, within: room.inset(by: 2), anchor: TextAnchor(.leading, .middle),
                    theme: theme)
            }
            canvas.stroke(room, Stroke(theme.rule, width: 0.75))
        }
    }

    /// The largest of several maps' numbers, cell by cell.
    package static func largest(_ maps: [HeatMap]) -> [Float] {
        guard var largest = maps.first?.values else { return [] }
        for map in maps.dropFirst() {
            for (index, value) in map.values.enumerated() where value > largest[index] {
                largest[index] = value
            }
        }
        return largest
    }
}

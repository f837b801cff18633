import Drawing
import Explanations
import Foundation
import Geometry
import Inference

extension Gallery {
    /// Figure 6.
    func anchors() throws -> Sheet {
        let (size, padded) = try run.inputSizes()
        let grids = try run.model.levelNames.enumerated().map { index, name in
            let shape = try run.recorded(.objectness(name)).shape
            return run.model.anchors(
                level: index, size: PixelSize(height: shape[0], width: shape[1]), padded: padded)
        }
        let levels = zip(run.model.levelNames, grids).enumerated().map { index, level in
            AnchorsFigure.Level(
                name: level.0, index: pyramidIndex(level.0), cells: level.1.size,
                verticalStride: level.1.verticalStride, horizontalStride: level.1.horizontalStride,
                shapes: level.1.shapes.boxes, sides: run.model.architecture.proposals.anchorSizes[index])
        }
        // Without objects the figure has less to say, but enough.
        let known = try? PictureObjects(run)
        let boxes = known.map { known in known.objects.map { known.resized($0.box, to: size) } } ?? []
        let objects = boxes.map { box in
            let overlaps = grids.map { grid in
                grid.reduce(Float(0)) { max($0, $1.overlap(with: box)) }
            }
            let best = overlaps.indices.dropFirst().reduce(0) { overlaps[$1] > overlaps[$0] ? $1 : $0 }
            return AnchorsFigure.Object(
                side: Double(box.area.squareRoot()), overlap: Double(overlaps[best]),
                level: levels[best].index)
        }
        return AnchorsFigure(
            ground: ground(size: size), levels: try chosen(levels, \.index, \.name),
            aspectRatios: run.model.architecture.proposals.aspectRatios, objects: objects,
            objectsAre: known?.words ?? "", theme: theme
        ).sheet
    }
}

// MARK: - Drawing

/// Figure 6: the anchors of one cell on every level, and the sizes of objects that they cover.
package struct AnchorsFigure: SheetFigure {
    /// The anchors of one level.
    package struct Level {
        /// `p2`.
        package var name: String
        /// The pyramid index: 2 for p2.
        package var index: Int
        /// Cells of the map.
        package var cells: PixelSize
        /// Pixels from one row of cells to the next.
        package var verticalStride: Int
        /// Pixels from one column of cells to the next.
        package var horizontalStride: Int
        /// The anchors around (0, 0).
        package var shapes: [Box]
        /// Pixels from one cell to the next in words: `64`, or `61×64`, rows before columns, where they differ.
        package var strideText: String {
            verticalStride == horizontalStride ? "\(verticalStride)" : "\(verticalStride)×\(horizontalStride)"
        }
        /// Their sides, as the configuration has them: the square roots of their areas, in pixels.
        package var sides: [Float]

        /// A level.
        package init(
            name: String, index: Int, cells: PixelSize, verticalStride: Int, horizontalStride: Int,
            shapes: [Box], sides: [Float]
        ) {
            self.name = name
            self.index = index
            self.cells = cells
            self.verticalStride = verticalStride
            self.horizontalStride = horizontalStride
            self.shapes = shapes
            self.sides = sides
        }
    }

    /// An object of the picture, with the anchor that fits it best.
    package struct Object {
        /// The square root of its area, in pixels.
        package var side: Double
        /// The largest overlap (IoU) that any anchor has with it.
        package var overlap: Double
        /// The pyramid index of that anchor's level.
        package var level: Int

        /// An object.
        package init(side: Double, overlap: Double, level: Int) {
            self.side = side
            self.overlap = overlap
            self.level = level
        }
    }

    private let ground: Ground
    private let levels: [Level]
    private let aspectRatios: [Float]
    private let objects: [Object]
    private let objectsAre: String
    private let theme: Theme

    /// - Parameters:
    ///   - ground: the picture in the frame of the anchors.
    ///   - levels: finest first.
    ///   - aspectRatios: heights over widths, as the configuration has them.
    ///   - objects: dots in the plot of sizes; may be empty.
    ///   - objectsAre: what the objects are, for the caption: "the objects of the scene".
    package init(
        ground: Ground, levels: [Level], aspectRatios: [Float], objects: [Object], objectsAre: String,
        theme: Theme
    ) {
        self.ground = ground
        self.levels = levels
        self.aspectRatios = aspectRatios
        self.objects = objects
        self.objectsAre = objectsAre
        self.theme = theme
    }

    /// The drawing.
    package var sheet: Sheet {
        Sheet(
            title: "Anchors: where the search starts",
            subtitle: "Every cell of every level has boxes of a few fixed shapes. Small ones lie densely on "
                + "fine levels, large ones far apart on coarse levels.",
            blocks: [
                oneCellEach, cellsOfLevels,
                .heading(
                    "Which sizes are covered",
                    note:
                        "each level’s best overlap with a square object around an anchor’s centre",
                    theme: theme), coverage,
            ],
            caption: caption, theme: theme
        )
    }

    private var caption: String {
        let count = levels.reduce(0) { $0 + anchorCount($1) }
        let dots =
            objects.isEmpty
            ? "" : " Dots: \(objectsAre), each with the overlap of the anchor that fits it best."
        let unequal =
            levels.contains { $0.verticalStride != $0.horizontalStride }
            ? " A stride is the input’s height or width over the map’s, cut down to whole pixels: rows × columns "
                + "where the two differ."
            : ""
        return
            "\(count) anchors in all. An anchor’s centre is its cell’s upper left corner: column × stride, "
            + "row × stride. From an overlap of 0.7 on an anchor is a positive example in training; below 0.3 "
            + "it is background." + unequal + dots
    }

    private func anchorCount(_ level: Level) -> Int {
        level.cells.height * level.cells.width * level.shapes.count
    }

    private func color(_ level: Level) -> Color { theme.color(ofLevel: level.index) }

    /// The row and column of the cell in the middle of the picture, and where it is.
    private func middle(_ level: Level) -> (cell: Box, anchors: [Box]) {
        let row = min(ground.size.height / 2 / level.verticalStride, level.cells.height - 1)
        let column = min(ground.size.width / 2 / level.horizontalStride, level.cells.width - 1)
        let x = Float(column * level.horizontalStride), y = Float(row * level.verticalStride)
        let cell = Box(
            x1: x, y1: y, x2: x + Float(level.horizontalStride), y2: y + Float(level.verticalStride))
        return (
            cell, level.shapes.map { Box(x1: x + $0.x1, y1: y + $0.y1, x2: x + $0.x2, y2: y + $0.y2) }
        )
    }

    // MARK: Blocks

    /// The middle cell of every level with its anchors on one picture; beside it the levels' numbers.
    private var oneCellEach: Sheet.Block {
        let whole = Box(x1: 0, y1: 0, x2: Float(ground.size.width), y2: Float(ground.size.height))
        let reach = levels.flatMap { middle($0).anchors }.reduce(whole) { $0.union($1) }
        // Anchors may be far larger than a small picture: no more than its size is shown around it.
        let limit = Box(
            x1: -whole.x2 / 2, y1: -whole.y2 / 2, x2: 1.5 * whole.x2, y2: 1.5 * whole.y2)
        let view = Box(
            x1: max(reach.x1, limit.x1), y1: max(reach.y1, limit.y1), x2: min(reach.x2, limit.x2),
            y2: min(reach.y2, limit.y2)
        ).grown(by: 6, aspect: 0.8)
        let wide = ground.showing(view)
        let width = 356.0
        let height = width * wide.aspect
        return Sheet.Block(height: height, role: .drawing("one cell’s anchors")) { canvas, room in
            let place = Rectangle(x: room.x, y: room.y, width: width, height: height)
            wide.draw(on: canvas, in: place, theme: theme) { places in
                draw(levels, on: canvas, places)
            }
            let table = TextTable(
                [
                    .init("level", width: 36, isNumber: false), .init("stride", width: 40),
                    .init("cells", width: 56), .init("sides", width: 50), .init("anchors", width: 56),
                ],
                rows: levels.map { level in
                    TextTable.Row(
                        [
                            level.name, level.strideText,
                            "\(level.cells.height)×\(level.cells.width)",
                            sidesText(level),
                            "\(anchorCount(level))",
                        ], color: color(level))
                }, theme: theme)
            let left = place.maxX + 14
            table.draw(on: canvas, at: Point(x: left, y: room.y))
            let note =
                "Left: the cell in the middle of the picture on each level, and its anchors. "
                + "Sides are in pixels of the resized picture; \(shapeText) "
                + "each cover the same area."
            let font = Font(size: 10.5)
            let lines = canvas.wrapped(note, font: font, width: room.maxX - left)
            var y = room.y + table.height + 10
            for line in lines {
                canvas.text(
                    line, at: Point(x: left, y: y), font: font, color: theme.mutedInk,
                    anchor: TextAnchor(.leading, .top))
                y += 14
            }
            let rest = Rectangle(x: left, y: y + 8, width: room.maxX - left, height: room.maxY - y - 8)
            if rest.height >= 60 { drawFinest(in: rest, on: canvas) }
        }
    }

    /// The smallest anchors, enlarged: those that are at most twice as long as the smallest of all.
    private func drawFinest(in room: Rectangle, on canvas: Canvas) {
        let anchors = levels.flatMap { middle($0).anchors }
        guard let smallest = anchors.map(\.area).min() else { return }
        let small = anchors.filter { $0.area <= 4.5 * smallest }
        let around = small.dropFirst().reduce(small[0]) { $0.union($1) }
        let close = ground.showing(
            around.grown(by: around.height / 16, aspect: Float(room.height / room.width)))
        close.draw(on: canvas, in: room, theme: theme) { places in
            draw(levels, on: canvas, places)
            canvas.tag(
                "enlarged", at: Point(x: room.x + 3, y: room.y + 3), color: theme.ink, within: room,
                theme: theme)
        }
    }

    /// The middle cells of some levels with their anchors.
    private func draw(_ levels: [Level], on canvas: Canvas, _ places: Ground.Places) {
        for level in levels.reversed() {
            let (cell, anchors) = middle(level)
            canvas.fill(places.rectangle(cell), color(level).withOpacity(0.35))
            for anchor in anchors {
                canvas.outline(
                    places.rectangle(anchor), color(level), width: 1.5, theme: theme)
            }
        }
    }

    private var shapeText: String {
        "heights of \(aspectRatios.map { setting(Double($0)) }.joined(separator: ", ")) times the width"
    }

    /// `12`, or `32–512` for several.
    private func sidesText(_ level: Level) -> String {
        let texts = level.sides.map { setting(Double($0)) }
        return texts.count > 2 ? "\(texts[0])–\(texts[texts.count - 1])" : texts.joined(separator: ", ")
    }

    /// The cells of each level over the picture.
    private var cellsOfLevels: Sheet.Block {
        let panels = levels.prefix(6).map { level in
            ground.panel(
                "\(level.name): every \(level.strideText) px", theme: theme
            ) { canvas, places in
                // Lines that lie closer than can be told apart would hide the picture: they become a tint.
                let spacing = Double(level.horizontalStride) * places.scale
                let line = Stroke(
                    color(level).withOpacity(min(max(spacing / 4, 0.25), 1)),
                    width: min(max(spacing / 12, 0.25), 1))
                let (right, bottom) = (
                    Float(level.cells.width * level.horizontalStride),
                    Float(level.cells.height * level.verticalStride)
                )
                for row in 0...level.cells.height {
                    let y = Float(row * level.verticalStride)
                    canvas.line(from: places.point(0, y), to: places.point(right, y), line)
                }
                for column in 0...level.cells.width {
                    let x = Float(column * level.horizontalStride)
                    canvas.line(from: places.point(x, 0), to: places.point(x, bottom), line)
                }
                canvas.fill(places.rectangle(middle(level).cell), color(level))
            }
        }
        return .grid(Array(panels), columns: max(panels.count, 3), gap: 8, theme: theme)
    }

    /// Best overlap against the size of an object.
    private var coverage: Sheet.Block {
        let sides = levels.flatMap(\.sides).map(Double.init).filter { $0 > 0 }
        let range = (sides.min() ?? 16) / 2...(sides.max() ?? 512) * 2
        return Sheet.Block(height: 224) { canvas, room in
            let axes = Axes(
                x: Axis("side of the object in pixels (√area)", range, isLogarithmic: true),
                y: Axis("", 0...1), theme: theme)
            // Names of axis and curves stand above the field, where no dot can come to lie.
            let names = 26.0
            let field = axes.draw(
                on: canvas,
                in: Rectangle(x: room.x, y: room.y + names, width: room.width, height: room.height - names))
            canvas.text(
                "overlap (IoU)", at: Point(x: room.x, y: room.y), font: Font(size: 11), color: theme.ink,
                anchor: TextAnchor(.leading, .top))
            for level in levels { drawCurve(of: level, over: range, in: field, on: canvas) }
            let dots = objects.filter { $0.side > 0 }.map { object in
                field.point(min(max(object.side, range.lowerBound), range.upperBound), object.overlap)
            }
            for (threshold, name) in [(0.7, "positive from 0.7"), (0.3, "background below 0.3")] {
                let y = field.point(range.lowerBound, threshold).y
                canvas.line(
                    from: Point(x: field.frame.x, y: y), to: Point(x: field.frame.maxX, y: y),
                    Stroke(theme.mutedInk, width: 1, dashes: [4, 3]))
                // At the right, or at the left if dots are there.
                let room = canvas.extents(of: name, font: Font(size: 9.5)).width + 14
                let isTaken = dots.contains { $0.x > field.frame.maxX - room && y - 22...y + 6 ~= $0.y }
                canvas.tag(
                    name,
                    at: Point(x: isTaken ? field.frame.x + 2 : field.frame.maxX - 2, y: y - 1.5),
                    color: theme.mutedInk, within: field.frame,
                    anchor: TextAnchor(isTaken ? .leading : .trailing, .bottom), theme: theme)
            }
            for (object, place) in zip(objects.filter { $0.side > 0 }, dots) {
                canvas.fill(circleAt: place, radius: 4.5, theme.paper)
                canvas.fill(
                    circleAt: place, radius: 3.5, theme.color(ofLevel: object.level))
            }
        }
    }

    private func drawCurve(
        of level: Level, over range: ClosedRange<Double>, in field: Axes.Field, on canvas: Canvas
    ) {
        let steps = 240
        let points = (0...steps).map { step in
            let share = Double(step) / Double(steps)
            let side = range.lowerBound * pow(range.upperBound / range.lowerBound, share)
            return field.point(side, Self.overlap(of: level.shapes, withSquareOf: Float(side)))
        }
        canvas.polyline(points, Stroke(color(level), width: 2, isRound: true))
        guard let top = points.min(by: { $0.y < $1.y }) else { return }
        canvas.text(
            level.name, at: Point(x: top.x, y: field.frame.y - 4), font: Font(size: 10, isBold: true),
            color: color(level), anchor: TextAnchor(.center, .bottom))
    }

    /// The best overlap of anchors around (0, 0) with a square around (0, 0).
    package static func overlap(of shapes: [Box], withSquareOf side: Float) -> Double {
        let square = Box(x1: -side / 2, y1: -side / 2, x2: side / 2, y2: side / 2)
        return shapes.map { Double($0.overlap(with: square)) }.max() ?? 0
    }
}

import Geometry

/// Figure 13: RoIAlign's exact bins and sample points on the grid of the map, and one bin enlarged, with the four
/// positions and weights that each of its samples is interpolated from.
public struct RoIAlignFigure {
    /// A position of the map and its weight.
    public struct Neighbour: Sendable {
        /// The row.
        public var row: Int
        /// The column.
        public var column: Int
        /// Its share, from 0 to 1.
        public var weight: Float

        /// A position with a weight.
        public init(row: Int, column: Int, weight: Float) {
            self.row = row
            self.column = column
            self.weight = weight
        }
    }

    /// A sample point, in cells of the map: cell 0 reaches from 0 to 1, and its value stands at ½.
    public struct Sample: Sendable {
        /// The place along the columns.
        public var x: Float
        /// The place along the rows.
        public var y: Float
        /// Upper left, upper right, lower left, lower right; none for a point outside the map.
        public var neighbours: [Neighbour]

        /// A sample point.
        public init(x: Float, y: Float, neighbours: [Neighbour]) {
            self.x = x
            self.y = y
            self.neighbours = neighbours
        }
    }

    /// A region and its samples; places are in cells of the map.
    public struct Region: Sendable {
        /// The exact box.
        public var box: Box
        /// Pixels a cell.
        public var stride: Double
        /// Rows and columns of the map.
        public var mapSize: PixelSize
        /// Where bins begin and end along the columns.
        public var columnBorders: [Float]
        /// Where bins begin and end along the rows.
        public var rowBorders: [Float]
        /// The samples of all bins.
        public var samples: [Sample]
        /// The enlarged bin's row.
        public var row: Int
        /// The enlarged bin's column.
        public var column: Int
        /// The enlarged bin's samples.
        public var binSamples: [Sample]

        /// A region.
        public init(
            box: Box, stride: Double, mapSize: PixelSize, columnBorders: [Float], rowBorders: [Float],
            samples: [Sample], row: Int, column: Int, binSamples: [Sample]
        ) {
            self.box = box
            self.stride = stride
            self.mapSize = mapSize
            self.columnBorders = columnBorders
            self.rowBorders = rowBorders
            self.samples = samples
            self.row = row
            self.column = column
            self.binSamples = binSamples
        }

        fileprivate var bin: Box {
            Box(
                x1: columnBorders[column], y1: rowBorders[row], x2: columnBorders[column + 1],
                y2: rowBorders[row + 1])
        }
    }

    /// The numbers of the map that is pooled.
    public struct Values {
        /// One channel of the map.
        public var map: HeatMap
        /// What map and channel it is: "fpn.p3, channel 12".
        public var name: String
        /// What the layer made of the enlarged bin.
        public var pooled: Float
        /// Whether it is the layer that the network itself pools with.
        public var isOwn: Bool
        /// Whether a bin is the mean of its samples, rather than their maximum.
        public var isAveraged: Bool

        /// A map and the result.
        public init(map: HeatMap, name: String, pooled: Float, isOwn: Bool, isAveraged: Bool) {
            self.map = map
            self.name = name
            self.pooled = pooled
            self.isOwn = isOwn
            self.isAveraged = isAveraged
        }
    }

    private let region: Region
    private let values: Values?
    private let subject: String
    private let background: Background

    /// The figure of a region.
    /// - Parameters:
    ///   - values: the map behind it, if there is one.
    ///   - subject: what region it is, in a few words, to be put into the subtitle; empty for none.
    public init(_ region: Region, values: Values? = nil, subject: String = "", background: Background) {
        self.region = region
        self.values = values
        self.subject = subject
        self.background = background
    }

    /// The drawing.
    public var figure: Figure {
        let bins = region.columnBorders.count - 1
        var blocks: [Sheet.Block] = [
            .panels([wholePanel, binPanel], highest: 298, background: background), table,
        ]
        if let values {
            let bar = ColorBar(
                values.map.colors(on: background), end: Double(values.map.end), unit: values.name,
                background: background)
            blocks.insert(
                Sheet.Block(height: 26) { canvas, room in
                    bar.draw(
                        on: canvas, in: Rectangle(x: room.x, y: room.y, width: 298, height: room.height))
                }, at: 1)
        }
        return Sheet(
            title: "RoIAlign samples at exact places",
            subtitle: (subject.isEmpty ? "A region" : subject)
                + ": \(cells(region.box.width)) × \(cells(region.box.height)) cells of a map of stride "
                + "\(figures(region.stride)), in \(bins) × \(bins) bins. Nothing is rounded: neither the box, "
                + "nor the bins, nor the sample points.",
            blocks: blocks, caption: caption, background: background
        ).figure
    }

    private var caption: String {
        var text =
            "A sample's value is made of the four values around it. The weight of each is the area of the "
            + "rectangle between the sample and the value across from it; the four add up to 1."
        if let values {
            text +=
                (values.isAveraged
                    ? " The bin is the mean of its samples: " : " The bin is the largest of its samples: ")
                + "\(figures(Double(values.pooled), decimals: 4)) is what "
                + (values.isOwn
                    ? "the network's own layer put there."
                    : "RoIAlign gives; this network pools in another way.")
        } else {
            text += " The bin is the mean of its samples, or their maximum: it makes little difference."
        }
        return text
    }

    // MARK: The region

    private var wholePanel: Panel {
        let grid = CellGrid(
            showing: [region.box, border], mapSize: region.mapSize, background: background)
        return Panel(
            title: "The region and its sample points",
            note: "Thin lines: cells. Blue: the box and its bins. The thick bin is enlarged on the right.",
            aspect: grid.aspect
        ) { canvas, room in
            drawMap(of: grid, on: canvas, in: room)
            grid.draw(on: canvas, in: room)
            canvas.clipped(to: room) {
                drawBorders(of: grid, on: canvas, in: room)
                drawPoints(of: grid, on: canvas, in: room)
                canvas.stroke(
                    grid.place(region.bin, in: room), Stroke(background.faultColor, width: 2.5))
            }
        }
    }

    /// The area that bins cover. It is the box, or that area moved by half a cell where the layer's convention
    /// does that.
    private var border: Box {
        Box(
            x1: region.columnBorders.first ?? 0, y1: region.rowBorders.first ?? 0,
            x2: region.columnBorders.last ?? 0, y2: region.rowBorders.last ?? 0)
    }

    private func drawMap(of grid: CellGrid, on canvas: Canvas, in room: Rectangle) {
        guard let map = values?.map else { return }
        map.cropped(to: grid.window).draw(on: canvas, in: room, background: background)
    }

    private func drawBorders(of grid: CellGrid, on canvas: Canvas, in room: Rectangle) {
        // On a light map of signed numbers white would not show.
        let color =
            values == nil ? background.exactColor : values?.map.isSigned == true ? background.ink : .white
        let line = Stroke(color.withOpacity(0.6), width: 0.9)
        let whole = grid.place(border, in: room)
        for x in region.columnBorders {
            let place = grid.place(x: x, y: 0, in: room).x
            canvas.line(from: Point(x: place, y: whole.y), to: Point(x: place, y: whole.maxY), line)
        }
        for y in region.rowBorders {
            let place = grid.place(x: 0, y: y, in: room).y
            canvas.line(from: Point(x: whole.x, y: place), to: Point(x: whole.maxX, y: place), line)
        }
        canvas.stroke(
            grid.place(region.box, in: room), Stroke(background.exactColor, width: 2.25))
    }

    private func drawPoints(of grid: CellGrid, on canvas: Canvas, in room: Rectangle) {
        let spacing =
            (region.samples.isEmpty ? 1 : grid.place(border, in: room).area / Double(region.samples.count))
            .squareRoot()
        guard spacing >= 2.5 else { return }
        let radius = min(2.2, spacing / 4)
        for sample in region.samples {
            let place = grid.place(x: sample.x, y: sample.y, in: room)
            canvas.fill(circleAt: place, radius: radius + 0.6, .black.withOpacity(0.6))
            canvas.fill(circleAt: place, radius: radius, .white)
        }
    }

    // MARK: One bin

    private var binPanel: Panel {
        let cellsUsed = region.binSamples.flatMap(\.neighbours).map {
            Box(x1: Float($0.column), y1: Float($0.row), x2: Float($0.column + 1), y2: Float($0.row + 1))
        }
        let grid = CellGrid(
            showing: cellsUsed + [region.bin], mapSize: region.mapSize, background: background, margin: 0)
        return Panel(
            title: "The bin in row \(region.row), column \(region.column)",
            note: region.binSamples.count == 1
                ? "Squares: where the cells' values stand. The disc: the sample, tied to its four neighbours."
                : "Squares: where the cells' values stand. Discs: the samples; the first is tied to its four "
                    + "neighbours, with their weights.",
            aspect: grid.aspect
        ) { canvas, room in
            drawMap(of: grid, on: canvas, in: room)
            grid.draw(on: canvas, in: room)
            canvas.clipped(to: room) { drawBin(of: grid, on: canvas, in: room) }
        }
    }

    private func drawBin(of grid: CellGrid, on canvas: Canvas, in room: Rectangle) {
        let cell = room.width / Double(grid.window.width)
        canvas.stroke(grid.place(region.bin, in: room), Stroke(background.faultColor, width: 2.5))
        if let first = region.binSamples.first {
            let start = grid.place(x: first.x, y: first.y, in: room)
            for neighbour in first.neighbours {
                let end = center(of: neighbour, grid, in: room)
                canvas.line(
                    from: start, to: end, Stroke(.black.withOpacity(0.55), width: 2.5, isRound: true))
                canvas.line(
                    from: start, to: end,
                    Stroke(.white, width: 1 + 3 * Double(neighbour.weight), isRound: true))
            }
        }
        for row in 0..<grid.window.height {
            for column in 0..<grid.window.width {
                let place = grid.place(
                    x: Float(grid.window.x + column) + 0.5, y: Float(grid.window.y + row) + 0.5, in: room)
                let side = min(max(cell / 10, 2), 6)
                let square = Rectangle(
                    x: place.x - side / 2, y: place.y - side / 2, width: side, height: side)
                canvas.fill(square.inset(by: -1), .white)
                canvas.fill(square, Color(hex: 0x1b1f24))
                if cell >= 44 {
                    drawLabels(row: row, column: column, at: place, of: grid, in: room, on: canvas)
                }
            }
        }
        for (index, sample) in region.binSamples.enumerated() {
            drawSample(index, at: grid.place(x: sample.x, y: sample.y, in: room), cell: cell, on: canvas)
        }
    }

    private func center(of neighbour: Neighbour, _ grid: CellGrid, in room: Rectangle) -> Point {
        grid.place(x: Float(neighbour.column) + 0.5, y: Float(neighbour.row) + 0.5, in: room)
    }

    private func drawSample(_ index: Int, at place: Point, cell: Double, on canvas: Canvas) {
        let radius = min(max(cell / 8, 2), 8)
        canvas.fill(circleAt: place, radius: radius + 1, .black)
        canvas.fill(circleAt: place, radius: radius, .white)
        if radius >= 7 && index < 9 {
            canvas.text(
                "\(index + 1)", at: place, font: Font(size: 10, isBold: true), color: .black,
                anchor: TextAnchor(.center, .middle))
        }
    }

    /// A cell's number, and its weight in the first sample if it has one: above and below the middle, wherever
    /// no sample lies.
    private func drawLabels(
        row: Int, column: Int, at place: Point, of grid: CellGrid, in room: Rectangle, on canvas: Canvas
    ) {
        let (x, y) = (grid.window.x + column, grid.window.y + row)
        let cell = room.width / Double(grid.window.width)
        let discs = region.binSamples.map { grid.place(x: $0.x, y: $0.y, in: room) }
        let places = [0.34, -0.34, 0.2, -0.2].map { Point(x: place.x, y: place.y + $0 * cell) }
        var free = places.filter { point in
            discs.allSatisfy { abs($0.x - point.x) > 26 || abs($0.y - point.y) > 15 }
        }
        if let map = values?.map, x < map.width, y < map.height, let label = free.first {
            plate(figures(Double(map.values[y * map.width + x]), decimals: 2), at: label, on: canvas)
            free.removeAll { abs($0.y - label.y) < 13 }
        }
        let weight = region.binSamples.first?.neighbours.first { $0.row == y && $0.column == x }?.weight ?? 0
        if weight > 0, let label = free.first {
            plate("× " + figures(Double(weight), decimals: 3), at: label, isBold: true, on: canvas)
        }
    }

    /// A short text on a plate of its own, centred.
    private func plate(_ text: String, at place: Point, isBold: Bool = false, on canvas: Canvas) {
        let font = Font(size: 9.5, isBold: isBold)
        let width = canvas.extents(of: text, font: font).width + 5
        canvas.fill(
            Rectangle(x: place.x - width / 2, y: place.y - 6.5, width: width, height: 13),
            Color(hex: 0xffffff).withOpacity(0.85), cornerRadius: 2.5)
        canvas.text(
            text, at: place, font: font, color: Color(hex: 0x1b1f24), anchor: TextAnchor(.center, .middle))
    }

    // MARK: The samples in numbers

    private var table: Sheet.Block {
        let shown = region.binSamples.prefix(9)
        var rows = [
            ["sample", "x", "y", "upper left", "upper right", "lower left", "lower right"]
                + (values == nil ? [] : ["value"])
        ]
        for (index, sample) in shown.enumerated() {
            var row = ["\(index + 1)", cells(sample.x), cells(sample.y)]
            if sample.neighbours.count == 4 {
                row += sample.neighbours.map { figures(Double($0.weight), decimals: 3) + value(of: $0) }
            } else {
                row += ["outside", "–", "–", "–"]
            }
            if values != nil {
                row.append(figures(Double(interpolated(sample)), decimals: 4))
            }
            rows.append(row)
        }
        if let values, shown.count == region.binSamples.count {
            rows.append(
                [values.isAveraged ? "mean" : "maximum", "", "", "", "", "", "", result(of: values)])
        }
        return .table(
            rows, shares: [0.7, 0.75, 0.75, 1.45, 1.45, 1.45, 1.45] + (values == nil ? [] : [0.9]),
            marked: values == nil ? [] : [rows.count - 1], background: background)
    }

    private func value(of neighbour: Neighbour) -> String {
        guard let map = values?.map else { return "" }
        return " × " + figures(Double(map.values[neighbour.row * map.width + neighbour.column]), decimals: 2)
    }

    /// The weighted sum that the table's line says.
    private func interpolated(_ sample: Sample) -> Float {
        guard let map = values?.map else { return 0 }
        return sample.neighbours.reduce(0) { $0 + $1.weight * map.values[$1.row * map.width + $1.column] }
    }

    private func result(of values: Values) -> String {
        let samples = region.binSamples.map(interpolated)
        let result =
            values.isAveraged ? samples.reduce(0, +) / Float(max(samples.count, 1)) : samples.max() ?? 0
        return figures(Double(result), decimals: 4)
    }

    private func cells(_ number: Float) -> String { figures(Double(number), decimals: 2) }
}

extension HeatMap {
    /// The numbers of a window of the matrix; the colours stay those of the whole.
    func cropped(to window: PixelRegion) -> HeatMap {
        let values = (window.y..<window.y + window.height).flatMap { row in
            (window.x..<window.x + window.width).map { column in
                row < height && column < width ? self.values[row * width + column] : .nan
            }
        }
        var crop = HeatMap(
            values: values, width: window.width, height: window.height, isSigned: isSigned, limit: end)
        crop.filter = filter
        return crop
    }
}

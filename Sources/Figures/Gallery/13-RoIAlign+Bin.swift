import Drawing
import Geometry
import Kernels

// The enlarged bin of figure 13, as a drawing and in numbers.
extension RoIAlignFigure {
    var binPanel: Panel {
        let cellsUsed = region.binSamples.flatMap(\.neighbours).map {
            Box(x1: Float($0.column), y1: Float($0.row), x2: Float($0.column + 1), y2: Float($0.row + 1))
        }
        let grid = CellGrid(
            showing: cellsUsed + [region.bin], mapSize: region.mapSize, theme: theme, margin: 0)
        return Panel(
            "The bin in row \(region.row), column \(region.column)",
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
        canvas.stroke(grid.place(region.bin, in: room), Stroke(theme.droppedColor, width: 2.5))
        if let first = region.binSamples.first {
            let start = grid.place(first, in: room)
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
            drawSample(index, at: grid.place(sample, in: room), cell: cell, on: canvas)
        }
    }

    private func center(of neighbour: RoIAlign.Sample.Neighbour, _ grid: CellGrid, in room: Rectangle)
        -> Point
    {
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
        let discs = region.binSamples.map { grid.place($0, in: room) }
        let places = [0.0, 0.24, -0.24].flatMap { x in
            [0.34, -0.34, 0.2, -0.2].map { Point(x: place.x + x * cell, y: place.y + $0 * cell) }
        }
        var free = places.filter { point in
            discs.allSatisfy { abs($0.x - point.x) > 26 || abs($0.y - point.y) > 15 }
        }
        if let map = values?.map, x < map.width, y < map.height, let label = free.first {
            plate(figures(Double(map.values[y * map.width + x]), decimals: 2), at: label, on: canvas)
            free.removeAll { abs($0.y - label.y) < 14 && abs($0.x - label.x) < 44 }
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

    // In numbers.

    var table: TextTable {
        let shown = region.binSamples.prefix(9)
        var rows: [TextTable.Row] = []
        for (index, sample) in shown.enumerated() {
            var row = ["\(index + 1)", cells(sample.x + 0.5), cells(sample.y + 0.5)]
            if sample.neighbours.count == 4 {
                row += sample.neighbours.map { figures(Double($0.weight), decimals: 3) + value(of: $0) }
            } else {
                row += ["outside", "–", "–", "–"]
            }
            if values != nil {
                row.append(figures(Double(interpolated(sample)), decimals: 4))
            }
            rows.append(TextTable.Row(row))
        }
        if let values, shown.count == region.binSamples.count {
            rows.append(
                TextTable.Row(
                    [values.isAveraged ? "mean" : "maximum", "", "", "", "", "", "", result(of: values)],
                    isBold: true))
        }
        let corners = ["upper left", "upper right", "lower left", "lower right"]
        return TextTable(
            [.init("sample", width: 52, isNumber: false), .init("x", width: 50), .init("y", width: 50)]
                + corners.map { .init($0, width: 98) } + (values == nil ? [] : [.init("value", width: 62)]),
            rows: rows, theme: theme)
    }

    private func value(of neighbour: RoIAlign.Sample.Neighbour) -> String {
        guard let map = values?.map else { return "" }
        return " × " + figures(Double(map.values[neighbour.row * map.width + neighbour.column]), decimals: 2)
    }

    /// The weighted sum that the table's line says.
    private func interpolated(_ sample: RoIAlign.Sample) -> Float {
        guard let map = values?.map else { return 0 }
        return sample.neighbours.reduce(0) { $0 + $1.weight * map.values[$1.row * map.width + $1.column] }
    }

    private func result(of values: Values) -> String {
        let samples = region.binSamples.map(interpolated)
        let result =
            values.isAveraged ? samples.reduce(0, +) / Float(max(samples.count, 1)) : samples.max() ?? 0
        return figures(Double(result), decimals: 4)
    }

    func cells(_ number: Float) -> String { figures(Double(number), decimals: 2) }
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

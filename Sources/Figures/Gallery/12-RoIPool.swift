import Drawing
import Explanations
import Geometry
import Kernels

extension Gallery {
    /// Figure 12. It is the same for every picture: the worked example; any other box is drawn by
    /// `maskrcnn calculate roi --figure`.
    func roiPool() throws -> Sheet {
        RoICalculation.workedExample.pooling(theme: theme).sheet
    }
}

extension RoICalculation {
    /// Figure 12: RoIPool's quantisations on the grid, in both ways of rounding.
    package func poolFigure(theme: Theme) -> Figure { pooling(theme: theme).figure }

    fileprivate func pooling(theme: Theme) -> RoIPoolFigure {
        RoIPoolFigure(
            box: exact, stride: Double(stride), mapSize: mapSize, bins: bins,
            roundings: [rounding(.truncating), rounding(.nearest)], theme: theme
        )
    }

    private func rounding(_ quantization: RoIPool.Quantization) -> RoIPoolFigure.Rounding {
        let pooled = pooled(by: quantization)
        let (columns, rows) = (pooled.columns, pooled.rows)
        func same(_ text: (RoIPool.Quantized) -> String) -> String {
            let (across, down) = (text(columns), text(rows))
            return across == down ? across : "x " + across + ", y " + down
        }
        func corners(_ axis: RoIPool.Quantized) -> String {
            let start = cells(axis.exactStart) + " → \(axis.region.lowerBound)"
            switch quantization {
            case .truncating:
                return start + ", length " + cells(axis.exactEnd - axis.exactStart)
                    + " → \(axis.region.count)"
            case .nearest:
                return start + ", " + cells(axis.exactEnd) + " → \(axis.region.upperBound - 1), which counts"
            }
        }
        func binLengths(_ axis: RoIPool.Quantized) -> String {
            let exact = "\(axis.region.count) / \(bins) = " + cells(axis.binLength)
            switch quantization {
            case .truncating: return exact + " → \(wholeBin(axis))"
            case .nearest: return exact + ", from ⌊start⌋ to ⌈end⌉"
            }
        }
        return RoIPoolFigure.Rounding(
            name: quantization == .truncating
                ? "Everything cut down, as RoIPool is usually explained"
                : "Corners rounded to the nearest, as in py-faster-rcnn and torchvision",
            corners: same(corners), bins: same(binLengths), region: pooled.region, columns: columns.bins,
            rows: rows.bins)
    }

    private func cells(_ number: Float) -> String { figures(Double(number), decimals: 2) }
}

// MARK: - Drawing

/// Figure 12: a region on the grid of its feature map, and what RoIPool's two quantisations make of it.
///
/// Each row is a way of rounding. Blue is the exact box, orange what is read instead; between the two lies the
/// drift, written in cells of the map and in pixels of the picture.
package struct RoIPoolFigure: SheetFigure {
    /// One way of rounding, along both axes. Numbers are in cells of the map.
    package struct Rounding: Sendable {
        /// What it is called.
        package var name: String
        /// How the edges become whole: "20.78 → 20".
        package var corners: String
        /// How the bins become whole: "20 / 7 = 2.86 → 2".
        package var bins: String
        /// The region after the first quantisation.
        package var region: PixelRegion
        /// The columns of each bin after the second.
        package var columns: [Range<Int>]
        /// The rows of each bin.
        package var rows: [Range<Int>]

        /// A way of rounding.
        package init(
            name: String, corners: String, bins: String, region: PixelRegion, columns: [Range<Int>],
            rows: [Range<Int>]
        ) {
            self.name = name
            self.corners = corners
            self.bins = bins
            self.region = region
            self.columns = columns
            self.rows = rows
        }
    }

    private let box: Box
    private let stride: Double
    private let mapSize: PixelSize
    private let bins: Int
    private let roundings: [Rounding]
    private let theme: Theme
    private let grid: CellGrid

    /// The figure of a box.
    /// - Parameters:
    ///   - box: exact, in cells of the map: cell 0 reaches from 0 to 1.
    ///   - stride: pixels a cell.
    ///   - mapSize: rows and columns of the map.
    ///   - bins: along each axis.
    ///   - roundings: one row each.
    package init(
        box: Box, stride: Double, mapSize: PixelSize, bins: Int, roundings: [Rounding], theme: Theme
    ) {
        self.box = box
        self.stride = stride
        self.mapSize = mapSize
        self.bins = bins
        self.roundings = roundings
        self.theme = theme
        grid = CellGrid(
            showing: [box] + roundings.map(\.region.box), mapSize: mapSize, theme: theme)
    }

    /// The drawing.
    package var sheet: Sheet {
        Sheet(
            title: "RoIPool rounds twice",
            subtitle: "A region of \(cells(box.width)) × \(cells(box.height)) cells, stride "
                + "\(figures(stride)), to \(bins) × \(bins) bins. Blue: where the box is. Orange: what is read. "
                + "The band between is the drift.",
            blocks: roundings.flatMap { rounding in
                [.text(rounding.name, isBold: true, theme: theme), block(rounding)]
            },
            caption: "Cell i of the map covers pixels \(figures(stride))·i to \(figures(stride))·(i + 1) of "
                + "the picture. The first quantisation moves the region's corners to whole cells, the second "
                + "one the borders of the bins. RoIAlign leaves both out: its bins are the blue ones.",
            theme: theme
        )
    }

    private func block(_ rounding: Rounding) -> Sheet.Block {
        .grid(
            [exactPanel(rounding), cornerPanel(rounding), binPanel(rounding)], columns: 3, tallest: 196,
            theme: theme)
    }

    private func exactPanel(_ rounding: Rounding) -> Panel {
        Panel(
            "The box, in exact bins",
            note: "x \(cells(box.x1)) to \(cells(box.x2)), y \(cells(box.y1)) to \(cells(box.y2)); bins of "
                + "\(cells(box.width / Float(bins))) × \(cells(box.height / Float(bins)))",
            aspect: grid.aspect
        ) { canvas, room in
            grid.draw(on: canvas, in: room)
            let place = grid.place(box, in: room)
            canvas.fill(place, theme.keptColor.withOpacity(0.12))
            let line = Stroke(theme.keptColor.withOpacity(0.8), width: 0.75)
            for index in 1..<max(bins, 2) {
                let share = Double(index) / Double(bins)
                let (x, y) = (place.x + share * place.width, place.y + share * place.height)
                canvas.line(from: Point(x: x, y: place.y), to: Point(x: x, y: place.maxY), line)
                canvas.line(from: Point(x: place.x, y: y), to: Point(x: place.maxX, y: y), line)
            }
            canvas.stroke(place, Stroke(theme.keptColor, width: 2))
        }
    }

    private func cornerPanel(_ rounding: Rounding) -> Panel {
        let region = rounding.region.box
        return Panel(
            "1  Corners to whole cells", note: rounding.corners + "; " + drift(to: region),
            aspect: grid.aspect
        ) { canvas, room in
            grid.draw(on: canvas, in: room)
            let place = grid.place(region, in: room)
            canvas.clipped(to: room) {
                drawDrift(to: place, on: canvas, in: room)
                canvas.fill(place, theme.droppedColor.withOpacity(0.14))
                canvas.stroke(place, Stroke(theme.droppedColor, width: 1.75))
                canvas.stroke(
                    grid.place(box, in: room), Stroke(theme.keptColor, width: 1.75, dashes: [4, 3]))
                label(worstPixels(to: region), on: canvas, in: room)
            }
        }
    }

    private func binPanel(_ rounding: Rounding) -> Panel {
        let read = Self.hull(rounding)
        return Panel(
            "2  Bins to whole cells", note: rounding.bins + "; " + drift(to: read),
            aspect: grid.aspect
        ) { canvas, room in
            grid.draw(on: canvas, in: room)
            canvas.clipped(to: room) {
                drawDrift(to: grid.place(read, in: room), on: canvas, in: room)
                // Where bins share cells, their fills add up.
                for (row, rows) in rounding.rows.enumerated() {
                    for (column, columns) in rounding.columns.enumerated()
                    where !rows.isEmpty && !columns.isEmpty {
                        let place = grid.place(Self.box(columns, rows), in: room)
                        let opacity = (row + column) % 2 == 0 ? 0.30 : 0.14
                        canvas.fill(place, theme.droppedColor.withOpacity(opacity))
                        canvas.stroke(
                            place, Stroke(theme.droppedColor.withOpacity(0.9), width: 0.75))
                    }
                }
                canvas.stroke(
                    grid.place(box, in: room), Stroke(theme.keptColor, width: 1.75, dashes: [4, 3]))
                label(worstPixels(to: read), on: canvas, in: room)
            }
        }
    }

    /// The largest drift, large, in the lower part of a drawing.
    private func label(_ text: String, on canvas: Canvas, in room: Rectangle) {
        let font = Font(size: 15, isBold: true)
        let exact = grid.place(box, in: room)
        let width = canvas.extents(of: text, font: font).width + 12
        guard width < room.width else { return }
        let plate = Rectangle(
            x: exact.x + exact.width / 2 - width / 2, y: exact.y + exact.height * 0.82 - 11, width: width,
            height: 22
        ).moved(into: room)
        canvas.fill(plate, theme.paper.withOpacity(0.85), cornerRadius: 4)
        canvas.text(
            text, at: Point(x: plate.x + width / 2, y: plate.y + 11), font: font,
            color: theme.droppedColor, anchor: TextAnchor(.center, .middle))
    }

    /// Shades what lies between the box and what is read.
    private func drawDrift(to place: Rectangle, on canvas: Canvas, in room: Rectangle) {
        let exact = grid.place(box, in: room)
        var band = Path(polygon: exact.corners)
        band.append(Path(polygon: place.corners))
        // What an even number of the two surround stays free: only what belongs to one of them is filled.
        canvas.fill(band, .color(theme.ink.withOpacity(0.22)))
    }

    /// The cells that some bin reads.
    private static func hull(_ rounding: Rounding) -> Box {
        let columns = rounding.columns.filter { !$0.isEmpty }, rows = rounding.rows.filter { !$0.isEmpty }
        guard let left = columns.map(\.lowerBound).min(), let right = columns.map(\.upperBound).max(),
            let top = rows.map(\.lowerBound).min(), let bottom = rows.map(\.upperBound).max()
        else { return Box(x1: 0, y1: 0, x2: 0, y2: 0) }
        return box(left..<right, top..<bottom)
    }

    private static func box(_ columns: Range<Int>, _ rows: Range<Int>) -> Box {
        Box(
            x1: Float(columns.lowerBound), y1: Float(rows.lowerBound), x2: Float(columns.upperBound),
            y2: Float(rows.upperBound))
    }

    /// How far each edge is off, in cells.
    private func drifts(to other: Box) -> [(edge: String, cells: Float)] {
        [
            ("left", other.x1 - box.x1), ("top", other.y1 - box.y1), ("right", other.x2 - box.x2),
            ("bottom", other.y2 - box.y2),
        ]
    }

    private func worst(_ other: Box) -> Float {
        drifts(to: other).max { abs($0.cells) < abs($1.cells) }?.cells ?? 0
    }

    private func worstPixels(to other: Box) -> String {
        let pixels = (Double(worst(other)) * stride).rounded()
        return (pixels > 0 ? "+" : "") + figures(pixels) + " pixels"
    }

    /// Which edges are off most, and how far.
    private func drift(to other: Box) -> String {
        let worst = worst(other)
        guard worst != 0 else { return "no edge moves" }
        let edges = drifts(to: other).filter { abs($0.cells - worst) < 1e-4 }.map(\.edge)
        return "\(edges.joined(separator: " and ")) edge\(edges.count == 1 ? "" : "s") off by "
            + "\(cells(worst)) cells = \(figures((Double(worst) * stride).rounded())) pixels"
    }

    private func cells(_ number: Float) -> String { figures(Double(number), decimals: 2) }
}

import Drawing
import Explanations
import Geometry
import Inference
import Kernels
import Tensors

extension Gallery {
    /// Figure 13: the proposal that the example detection came from, as the box head pools it, and the bin of it
    /// in which the map's strongest channel is largest.
    func roiAlign() throws -> Sheet {
        let proposals = run.boxes(.proposalBoxes)
        guard let (proposal, words) = try exampleProposal(), let pooled = run.tensor(.boxPooled),
            let maps = run.pooledMaps
        else { throw NothingToDraw("the network proposes no region in this picture") }
        let level = maps.level(of: proposals[proposal]) - maps.firstLevel
        let map = maps.maps[level]
        let strongest = PooledBin(
            pooled, region: proposal,
            channel: try chosenChannel(of: run.pooledName(level: level), count: pooled.shape[3]))
        let layer = run.model.conventions.pooling.align(outputSize: pooled.shape[1])
        let calculation = RoICalculation(
            box: proposals[proposal], stride: 1 / maps.scales[level], bins: layer.outputSize,
            mapSize: PixelSize(height: map.shape[0], width: map.shape[1]),
            samplesPerAxis: layer.samplesPerAxis, subtractsHalfPixel: layer.subtractsHalfPixel)
        let name = run.pooledName(level: level)
        let isOwn = if case .align = run.model.conventions.pooling.layer { true } else { false }
        let result =
            isOwn
            ? pooled
            : RoILayer.align(layer)(
                [map], regions: [RegionOfInterest(box: proposals[proposal])], scales: [maps.scales[level]])
        return RoIAlignFigure(
            calculation.drawing(of: layer, row: strongest.row, column: strongest.column),
            values: RoIAlignFigure.Values(
                map: HeatMap(map, channel: strongest.channel, isSigned: run.pooledIsSigned),
                name: "\(name), channel \(strongest.channel)",
                pooled: result[isOwn ? proposal : 0, strongest.row, strongest.column, strongest.channel],
                isOwn: isOwn, isAveraged: layer.reduction == .average),
            subject: words,
            theme: theme
        ).sheet
    }
}

/// A bin of a pooled region, and a channel.
private struct PooledBin {
    private(set) var row = 0, column = 0, channel = 0

    /// Where a region's pooled tensor, or one channel of it, is largest, away from the border if there is such a
    /// place.
    init(_ pooled: Tensor, region: Int, channel chosen: Int?) {
        let (side, channels) = (pooled.shape[1], pooled.shape[3])
        let searched = chosen.map { $0..<$0 + 1 } ?? 0..<channels
        let inner = side > 4 ? 1..<side - 1 : 0..<side
        var largest = -Float.infinity
        for row in inner {
            for column in inner {
                for channel in searched where pooled[region, row, column, channel] > largest {
                    largest = pooled[region, row, column, channel]
                    (self.row, self.column, self.channel) = (row, column, channel)
                }
            }
        }
    }
}

extension Conventions.Pooling {
    /// RoIAlign as this profile has it, or as the paper has it where the profile pools in another way.
    func align(outputSize: Int) -> RoIAlign {
        if case .align(let align) = layer.layer(outputSize: outputSize) { return align }
        return RoIAlign(outputSize: outputSize, subtractsHalfPixel: true)
    }
}

extension PictureRun {
    /// The name of the map that regions of a level are pooled from.
    func pooledName(level: Int) -> String {
        switch model.architecture.features {
        case .pyramid: Stage.pyramid(level + 2).name
        case .c4: Stage.backbone(4).name
        case .c5: Stage.backbone(5).name
        }
    }

    /// Whether those maps have negative numbers: a pyramid's do, a backbone's end in a ReLU.
    var pooledIsSigned: Bool {
        if case .pyramid = model.architecture.features { true } else { false }
    }
}

extension RoICalculation {
    /// Figure 13: RoIAlign's sample points on the grid, one bin enlarged.
    /// - Parameters:
    ///   - row: the bin's row.
    ///   - column: the bin's column.
    package func alignFigure(row: Int, column: Int, theme: Theme) -> Figure {
        RoIAlignFigure(drawing(of: align, row: row, column: column), theme: theme).figure
    }

    /// What figure 13 draws of a layer's samples, without the values of a map.
    func drawing(of layer: RoIAlign, row: Int, column: Int) -> RoIAlignFigure.Region {
        // Where a place in map positions lies on the grid of cells: position i is the middle of cell i.
        let middle: Float = 0.5
        func points(_ row: Int, _ column: Int) -> [RoIAlign.Sample] {
            layer.samples(of: box, scale: scale, mapSize: mapSize, row: row, column: column)
        }
        let borders = layer.borders(of: box, scale: scale)
        // Points closer than can be drawn are left out.
        let perBin = points(row, column)
        let all =
            perBin.count * bins * bins > 20_000
            ? [] : (0..<bins).flatMap { row in (0..<bins).flatMap { points(row, $0) } }
        return RoIAlignFigure.Region(
            box: exact, stride: Double(stride), mapSize: mapSize,
            columnBorders: borders.columns.map { $0 + middle }, rowBorders: borders.rows.map { $0 + middle },
            samples: all, row: row, column: column,
            binSamples: perBin)
    }
}

// MARK: - Drawing

/// Figure 13: RoIAlign's exact bins and sample points on the grid of the map, and one bin enlarged, with the four
/// positions and weights that each of its samples is interpolated from.
package struct RoIAlignFigure: SheetFigure {
    /// A region and its samples. Places are in cells of the map: cell 0 reaches from 0 to 1.
    package struct Region: Sendable {
        /// The exact box.
        package var box: Box
        /// Pixels a cell.
        package var stride: Double
        /// Rows and columns of the map.
        package var mapSize: PixelSize
        /// Where bins begin and end along the columns.
        package var columnBorders: [Float]
        /// Where bins begin and end along the rows.
        package var rowBorders: [Float]
        /// The samples of all bins.
        package var samples: [RoIAlign.Sample]
        /// The enlarged bin's row.
        package var row: Int
        /// The enlarged bin's column.
        package var column: Int
        /// The enlarged bin's samples.
        package var binSamples: [RoIAlign.Sample]

        /// A region.
        package init(
            box: Box, stride: Double, mapSize: PixelSize, columnBorders: [Float], rowBorders: [Float],
            samples: [RoIAlign.Sample], row: Int, column: Int, binSamples: [RoIAlign.Sample]
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

        var bin: Box {
            Box(
                x1: columnBorders[column], y1: rowBorders[row], x2: columnBorders[column + 1],
                y2: rowBorders[row + 1])
        }
    }

    /// The numbers of the map that is pooled.
    package struct Values {
        /// One channel of the map.
        package var map: HeatMap
        /// What map and channel it is: "fpn.p3, channel 12".
        package var name: String
        /// What the layer made of the enlarged bin.
        package var pooled: Float
        /// Whether it is the layer that the network itself pools with.
        package var isOwn: Bool
        /// Whether a bin is the mean of its samples, rather than their maximum.
        package var isAveraged: Bool

        /// A map and the result.
        package init(map: HeatMap, name: String, pooled: Float, isOwn: Bool, isAveraged: Bool) {
            self.map = map
            self.name = name
            self.pooled = pooled
            self.isOwn = isOwn
            self.isAveraged = isAveraged
        }
    }

    let region: Region
    let values: Values?
    private let subject: String
    let theme: Theme

    /// The figure of a region.
    /// - Parameters:
    ///   - values: the map behind it, if there is one.
    ///   - subject: what region it is, in a few words, to be put into the subtitle; empty for none.
    package init(_ region: Region, values: Values? = nil, subject: String = "", theme: Theme) {
        self.region = region
        self.values = values
        self.subject = subject
        self.theme = theme
    }

    /// The drawing.
    package var sheet: Sheet {
        let bins = region.columnBorders.count - 1
        var blocks: [Sheet.Block] = [
            .grid([wholePanel, binPanel], columns: 2, tallest: 298, theme: theme), table.block,
        ]
        if let values {
            let bar = ColorBar(
                values.map.colors(in: theme), end: Double(values.map.end), unit: values.name,
                theme: theme)
            blocks.insert(
                Sheet.Block(height: 26, role: .key) { canvas, room in
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
            blocks: blocks, caption: caption, theme: theme
        )
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
            showing: [region.box, border], mapSize: region.mapSize, theme: theme)
        return Panel(
            "The region and its sample points",
            note: "Thin lines: cells. Blue: the box and its bins. The thick bin is enlarged on the right.",
            aspect: grid.aspect
        ) { canvas, room in
            drawMap(of: grid, on: canvas, in: room)
            grid.draw(on: canvas, in: room)
            canvas.clipped(to: room) {
                drawBorders(of: grid, on: canvas, in: room)
                drawPoints(of: grid, on: canvas, in: room)
                canvas.stroke(
                    grid.place(region.bin, in: room), Stroke(theme.droppedColor, width: 2.5))
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

    func drawMap(of grid: CellGrid, on canvas: Canvas, in room: Rectangle) {
        guard let map = values?.map else { return }
        map.cropped(to: grid.window).draw(on: canvas, in: room, theme: theme)
    }

    private func drawBorders(of grid: CellGrid, on canvas: Canvas, in room: Rectangle) {
        // On a light map of signed numbers white would not show.
        let color =
            values == nil ? theme.keptColor : values?.map.isSigned == true ? theme.ink : .white
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
            grid.place(region.box, in: room), Stroke(theme.keptColor, width: 2.25))
    }

    private func drawPoints(of grid: CellGrid, on canvas: Canvas, in room: Rectangle) {
        let spacing =
            (region.samples.isEmpty ? 1 : grid.place(border, in: room).area / Double(region.samples.count))
            .squareRoot()
        guard spacing >= 2.5 else { return }
        let radius = min(2.2, spacing / 4)
        for sample in region.samples {
            let place = grid.place(sample, in: room)
            canvas.fill(circleAt: place, radius: radius + 0.6, .black.withOpacity(0.6))
            canvas.fill(circleAt: place, radius: radius, .white)
        }
    }
}

extension CellGrid {
    /// Where a sample lies: position i of the map is the middle of cell i.
    func place(_ sample: RoIAlign.Sample, in room: Rectangle) -> Point {
        place(x: sample.x + 0.5, y: sample.y + 0.5, in: room)
    }
}

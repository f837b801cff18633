import Drawing
import Explanations
import Geometry
import Inference
import Kernels
import Tensors

extension Gallery {
    /// Figure 14: the example detection's box, pooled as finely as the mask head does (or as the box head, where
    /// there is none) by all three layers. Without a detection, the best proposal's.
    func roiLayers() throws -> Sheet {
        let detections = run.boxes(.detectionBoxes)
        let example = selection.box == nil ? try example() : nil
        let found = example.flatMap {
            detections.indices.contains($0.detection) ? detections[$0.detection] : nil
        }
        let chosen = selection.box.map { run.boxes(.proposalBoxes)[$0] }
        guard let box = chosen ?? found ?? run.boxes(.proposalBoxes).first, let maps = run.pooledMaps else {
            throw NothingToDraw("the network proposes no region in this picture")
        }
        let level = maps.level(of: box) - maps.firstLevel
        let comparison = LayerComparison(
            box: box, map: maps.maps[level], scale: maps.scales[level],
            align: run.model.conventions.pooling.align(
                outputSize: run.model.architecture.masks?.poolSize ?? run.model.boxPoolSize),
            channel: try chosenChannel(of: run.pooledName(level: level), count: maps.maps[level].shape[2]))
        let subject = example.map { run.wording($0) } ?? "proposal \(selection.box ?? 0)"
        return RoILayersFigure(
            comparison.place(in: run, level: level), pooled: comparison.pooled(isSigned: run.pooledIsSigned),
            differences: comparison.differences,
            subject: "\(subject.first.map { $0.uppercased() } ?? "")\(subject.dropFirst()), pooled to "
                + "\(comparison.side) × \(comparison.side)", theme: theme
        ).sheet
    }
}

/// One region through all layers.
private struct LayerComparison {
    let box: Box
    let map: Tensor
    let scale: Float
    let side: Int
    /// The chosen channel, or that in which RoIAlign's result reaches furthest from 0.
    let channel: Int
    private let pool: Tensor, warp: Tensor, align: Tensor, largest: Tensor

    init(box: Box, map: Tensor, scale: Float, align layer: RoIAlign, channel chosen: Int?) {
        self.box = box
        self.map = map
        self.scale = scale
        side = layer.outputSize
        var (mean, maximum) = (layer, layer)
        (mean.reduction, maximum.reduction) = (.average, .maximum)
        let layers: [RoILayer] = [
            .pool(RoIPool(outputSize: side)),
            .warp(RoIWarp(outputSize: side, samplesPerAxis: layer.samplesPerAxis)), .align(mean),
            .align(maximum),
        ]
        let results = layers.map { $0([map], regions: [RegionOfInterest(box: box)], scales: [scale]) }
        (pool, warp, align, largest) = (results[0], results[1], results[2], results[3])
        let channels = map.shape[2]
        let strongest = align.withUnsafeElements { values in
            let place = values.indices.max { abs(values[$0]) < abs(values[$1]) } ?? 0
            return place % channels
        }
        channel = chosen ?? strongest
    }

    func place(in run: PictureRun, level: Int) -> RoILayersFigure.Place {
        let size = PixelSize(height: map.shape[0], width: map.shape[1])
        let layer = RoIPool(outputSize: side)
        let columns = layer.quantized(from: box.x1, to: box.x2, scale: scale, length: size.width).region
        let rows = layer.quantized(from: box.y1, to: box.y2, scale: scale, length: size.height).region
        let rounded = Box(
            x1: Float(columns.lowerBound), y1: Float(rows.lowerBound), x2: Float(columns.upperBound),
            y2: Float(rows.upperBound))
        return RoILayersFigure.Place(
            picture: run.image, box: run.inPicture(box),
            quantized: run.inPicture(rounded.scaled(x: 1 / scale, y: 1 / scale)),
            map: HeatMap(map, channel: channel, isSigned: run.pooledIsSigned),
            mapName:
                "\(run.pooledName(level: level)) of stride \(figures(Double(1 / scale))), channel \(channel)",
            cells: box.scaled(x: scale, y: scale))
    }

    func pooled(isSigned: Bool) -> [RoILayersFigure.Pooled] {
        func pooled(_ title: String, _ note: String, _ tensor: Tensor) -> RoILayersFigure.Pooled {
            RoILayersFigure.Pooled(title: title, note: note, map: heatMap(tensor, isSigned: isSigned))
        }
        return [
            pooled("RoIPool", "rounds corners and bins; maxima", pool),
            pooled("RoIWarp", "rounds the corners; means of bilinear samples", warp),
            pooled("RoIAlign", "rounds nothing; means of bilinear samples", align),
        ]
    }

    var differences: [RoILayersFigure.Pooled] {
        func difference(_ title: String, _ first: Tensor, _ second: Tensor) -> RoILayersFigure.Pooled {
            let (differences, relative) = zip(first.array, second.array).reduce(
                into: ([Float](), (0.0, 0.0))
            ) { result, pair in
                let delta = pair.0 - pair.1
                result.0.append(delta)
                result.1.0 += Double(delta * delta)
                result.1.1 += Double(pair.1 * pair.1)
            }
            let share = relative.1 > 0 ? (relative.0 / relative.1).squareRoot() : 0
            return RoILayersFigure.Pooled(
                title: title, note: "relative difference \(figures(100 * share, decimals: 1)) %",
                map: heatMap(Tensor(shape: first.shape, elements: differences), isSigned: true))
        }
        return [
            difference("RoIPool − RoIAlign", pool, largest),
            difference("RoIWarp − RoIAlign", warp, align),
            difference("RoIAlign: max − mean", largest, align),
        ]
    }

    private func heatMap(_ pooled: Tensor, isSigned: Bool) -> HeatMap {
        HeatMap(pooled.reshaped(to: Array(pooled.shape.dropFirst())), channel: channel, isSigned: isSigned)
    }
}

// MARK: - Drawing

/// Figure 14: the same region pooled by RoIPool, RoIWarp and RoIAlign, and where they differ.
package struct RoILayersFigure: SheetFigure {
    /// One pooled region, or a difference of two.
    package struct Pooled {
        /// What it is.
        package var title: String
        /// What to read off it.
        package var note: String
        /// One channel of it.
        package var map: HeatMap

        /// A pooled region.
        package init(title: String, note: String, map: HeatMap) {
            self.title = title
            self.note = note
            self.map = map
        }
    }

    /// Where the region lies.
    package struct Place {
        /// The picture as decoded.
        package var picture: Image
        /// The region, in pixels of the picture.
        package var box: Box
        /// The same after RoIPool's first quantisation.
        package var quantized: Box
        /// One channel of the map that is pooled.
        package var map: HeatMap
        /// What map and channel that is.
        package var mapName: String
        /// The region in cells of the map.
        package var cells: Box

        /// A place.
        package init(
            picture: Image, box: Box, quantized: Box, map: HeatMap, mapName: String, cells: Box
        ) {
            self.picture = picture
            self.box = box
            self.quantized = quantized
            self.map = map
            self.mapName = mapName
            self.cells = cells
        }
    }

    private let place: Place
    private let pooled: [Pooled]
    private let differences: [Pooled]
    private let subject: String
    private let theme: Theme

    /// The figure of a region.
    /// - Parameters:
    ///   - place: where it lies.
    ///   - pooled: what each layer makes of it; their colours have the same scale.
    ///   - differences: between layers; their colours have the same scale.
    ///   - subject: what region it is.
    package init(
        _ place: Place, pooled: [Pooled], differences: [Pooled], subject: String, theme: Theme
    ) {
        self.place = place
        self.pooled = pooled
        self.differences = differences
        self.subject = subject
        self.theme = theme
    }

    /// The drawing.
    package var sheet: Sheet {
        let pooledEnd = pooled.map(\.map.end).max() ?? 1
        // A scale so fine that it shows rounding would say nothing.
        let differenceEnd = max(differences.map(\.map.end).max() ?? 1, pooledEnd * 1e-3)
        return Sheet(
            title: "RoIPool, RoIWarp and RoIAlign of the same region",
            subtitle: subject + ", \(place.mapName).",
            blocks: [
                .grid(
                    [picturePanel] + pooled.map { panel($0, end: pooledEnd) }, columns: 4, tallest: 190,
                    theme: theme),
                bar(pooled.first?.map, end: pooledEnd, unit: "activation"),
                .grid(
                    [mapPanel] + differences.map { panel($0, end: differenceEnd) }, columns: 4,
                    tallest: 190,
                    theme: theme),
                bar(differences.first?.map, end: differenceEnd, unit: "difference of activations"),
            ],
            caption:
                "Relative differences are over all channels: the length of the difference over the length "
                + "of what it is compared with. RoIPool takes maxima, so it is compared with RoIAlign of the "
                + "maximum, and RoIWarp with that of the mean: what differs is the place, not the reduction.",
            theme: theme
        )
    }

    private func panel(_ pooled: Pooled, end: Float) -> Panel {
        var map = pooled.map
        map.limit = end
        return Panel(
            pooled.title, note: pooled.note, aspect: Double(map.height) / Double(max(map.width, 1))
        ) { canvas, room in map.draw(on: canvas, in: room, theme: theme) }
    }

    private func bar(_ map: HeatMap?, end: Float, unit: String) -> Sheet.Block {
        let colors = map?.colors(in: theme) ?? .sequential
        return Sheet.Block(height: 26, role: .key) { canvas, room in
            let left = room.width / 4 + 3
            ColorBar(colors, end: Double(end), unit: unit, theme: theme).draw(
                on: canvas,
                in: Rectangle(x: room.x + left, y: room.y, width: room.width - left, height: room.height))
        }
    }

    private var picturePanel: Panel {
        let window = PictureWindow(place.picture, around: place.box, margin: 0.15)
        return Panel(
            "The region", note: "Blue: the box. Orange: what RoIPool and RoIWarp round it to.",
            aspect: window.aspect
        ) { canvas, room in
            window.draw(on: canvas, in: room, theme: theme)
            canvas.clipped(to: room) {
                for (box, color) in [(place.quantized, 0xff8a3c), (place.box, 0x0072b2)] as [(Box, UInt32)] {
                    let edges = window.place(box, in: room)
                    canvas.stroke(edges, Stroke(.white.withOpacity(0.8), width: 3))
                    canvas.stroke(edges, Stroke(Color(hex: color), width: 1.75))
                }
            }
        }
    }

    private var mapPanel: Panel {
        let grid = CellGrid(
            showing: [place.cells], mapSize: PixelSize(height: place.map.height, width: place.map.width),
            theme: theme)
        return Panel(
            "The map around it", note: "The channel in which the region is strongest.",
            aspect: grid.aspect
        ) { canvas, room in
            place.map.cropped(to: grid.window).draw(on: canvas, in: room, theme: theme)
            canvas.clipped(to: room) {
                let edges = grid.place(place.cells, in: room)
                canvas.stroke(edges, Stroke(.white.withOpacity(0.8), width: 3))
                canvas.stroke(edges, Stroke(Color(hex: 0x0072b2), width: 1.75))
            }
        }
    }
}

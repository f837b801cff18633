import Geometry
import Tensors

/// Figure 14: the same region pooled by RoIPool, RoIWarp and RoIAlign, and where they differ.
public struct RoILayersFigure {
    /// One pooled region, or a difference of two.
    public struct Pooled {
        /// What it is.
        public var title: String
        /// What to read off it.
        public var note: String
        /// One channel of it.
        public var map: HeatMap

        /// A pooled region.
        public init(title: String, note: String, map: HeatMap) {
            self.title = title
            self.note = note
            self.map = map
        }
    }

    /// Where the region lies.
    public struct Place {
        /// The picture as decoded.
        public var picture: Image
        /// The region, in pixels of the picture.
        public var box: Box
        /// The same after RoIPool's first quantisation.
        public var quantized: Box
        /// One channel of the map that is pooled.
        public var map: HeatMap
        /// What map and channel that is.
        public var mapName: String
        /// The region in cells of the map.
        public var cells: Box

        /// A place.
        public init(
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
    private let background: Background

    /// The figure of a region.
    /// - Parameters:
    ///   - place: where it lies.
    ///   - pooled: what each layer makes of it; their colours have the same scale.
    ///   - differences: between layers; their colours have the same scale.
    ///   - subject: what region it is.
    public init(
        _ place: Place, pooled: [Pooled], differences: [Pooled], subject: String, background: Background
    ) {
        self.place = place
        self.pooled = pooled
        self.differences = differences
        self.subject = subject
        self.background = background
    }

    /// The drawing.
    public var figure: Figure {
        let pooledEnd = pooled.map(\.map.end).max() ?? 1
        // A scale so fine that it shows rounding would say nothing.
        let differenceEnd = max(differences.map(\.map.end).max() ?? 1, pooledEnd * 1e-3)
        return Sheet(
            title: "RoIPool, RoIWarp and RoIAlign of the same region",
            subtitle: subject + ", \(place.mapName).",
            blocks: [
                .grid(
                    [picturePanel] + pooled.map { panel($0, end: pooledEnd) }, columns: 4, tallest: 190,
                    background: background),
                bar(pooled.first?.map, end: pooledEnd, unit: "activation"),
                .grid(
                    [mapPanel] + differences.map { panel($0, end: differenceEnd) }, columns: 4,
                    tallest: 190,
                    background: background),
                bar(differences.first?.map, end: differenceEnd, unit: "difference of activations"),
            ],
            caption:
                "Relative differences are over all channels: the length of the difference over the length "
                + "of what it is compared with. RoIPool takes maxima, so it is compared with RoIAlign of the "
                + "maximum, and RoIWarp with that of the mean: what differs is the place, not the reduction.",
            background: background
        ).figure
    }

    private func panel(_ pooled: Pooled, end: Float) -> Panel {
        var map = pooled.map
        map.limit = end
        return Panel(
            pooled.title, note: pooled.note, aspect: Double(map.height) / Double(max(map.width, 1))
        ) { canvas, room in map.draw(on: canvas, in: room, background: background) }
    }

    private func bar(_ map: HeatMap?, end: Float, unit: String) -> Sheet.Block {
        let colors = map?.colors(on: background) ?? .sequential
        return Sheet.Block(height: 26) { canvas, room in
            let left = room.width / 4 + 3
            ColorBar(colors, end: Double(end), unit: unit, background: background).draw(
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
            window.draw(on: canvas, in: room, background: background)
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
            background: background)
        return Panel(
            "The map around it", note: "The channel in which the region is strongest.",
            aspect: grid.aspect
        ) { canvas, room in
            place.map.cropped(to: grid.window).draw(on: canvas, in: room, background: background)
            canvas.clipped(to: room) {
                let edges = grid.place(place.cells, in: room)
                canvas.stroke(edges, Stroke(.white.withOpacity(0.8), width: 3))
                canvas.stroke(edges, Stroke(Color(hex: 0x0072b2), width: 1.75))
            }
        }
    }
}

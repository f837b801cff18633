import Drawing
import Explanations
import Foundation
import Inference
import Tensors

extension Gallery {
    /// Figure 2: the four kinds of pyramids. Runs the backbone over three smaller versions of the picture as well.
    func pyramids() throws -> Sheet {
        guard case .pyramid = run.model.architecture.features else {
            throw NothingToDraw("the model has no feature pyramid")
        }
        let backbone = run.backboneStages.compactMap { run.tensor(.backbone($0)) }
        let pyramid = run.backboneStages.compactMap { run.tensor(.pyramid($0)) }
        guard let coarsest = backbone.last, let tensor = run.tensor(.inputTensor) else {
            throw NothingToDraw("the run recorded no maps")
        }
        let (conventions, size) = (run.model.conventions.input, run.model.settings.input)
        var pictures = [picture(of: NetworkInput(run.image, conventions: conventions, settings: size))]
        var maps = [coarsest]
        if pictures[0].width == 0 || tensor.count == 0 { throw NothingToDraw("the picture is empty") }
        for step in 1..<backbone.count {
            let smaller = Settings.Input(
                minimumSide: max(size.minimumSide >> step, 1), maximumSide: max(size.maximumSide >> step, 1))
            let input = NetworkInput(run.image, conventions: conventions, settings: smaller)
            pictures.append(picture(of: input))
            if let map = run.model.network.backbone(input.tensor).last { maps.append(map) }
        }
        return PyramidsFigure(
            pictures: pictures, ownMaps: maps.map(meanMagnitude), backbone: backbone.map(meanMagnitude),
            pyramid: pyramid.map(meanMagnitude), theme: theme
        ).sheet
    }

    /// The mean of |value| over the channels of a map, position by position.
    private func meanMagnitude(_ map: Tensor) -> HeatMap {
        let (height, width, channels) = (map.shape[0], map.shape[1], map.shape[2])
        let means = map.withUnsafeElements { elements in
            (0..<height * width).map { position in
                let start = position * channels
                return (start..<start + channels).reduce(Float(0)) { $0 + abs(elements[$1]) }
                    / Float(channels)
            }
        }
        return HeatMap(values: means, width: width, height: height, isSigned: false)
    }
}

// MARK: - Drawing

/// Figure 2: four ways to look for objects of many sizes (Lin et al., arXiv 1612.03144, figure 1), drawn with the
/// maps that one network makes of one picture.
package struct PyramidsFigure: SheetFigure {
    private let pictures: [Image]
    private let ownMaps: [HeatMap]
    private let backbone: [HeatMap]
    private let pyramid: [HeatMap]
    private let theme: Theme

    /// The four kinds.
    ///
    /// - Parameters:
    ///   - pictures: the picture in several sizes, largest first.
    ///   - ownMaps: the map that the whole network makes of each of them.
    ///   - backbone: the maps of one run, finest first.
    ///   - pyramid: the feature pyramid's maps of the same run, finest first and as many.
    package init(
        pictures: [Image], ownMaps: [HeatMap], backbone: [HeatMap], pyramid: [HeatMap], theme: Theme
    ) {
        self.pictures = pictures
        self.ownMaps = ownMaps
        self.backbone = backbone
        self.pyramid = pyramid
        self.theme = theme
    }

    /// The height of the gaps that arrows run through, and the width of the finest map.
    private static let gap = 17.0
    private static let widest = 104.0
    /// How much narrower each next map is drawn: not by half, as they are, or the coarsest could not be seen.
    private static let narrowing = 0.62
    /// The share of a map's numbers that lie below its colours, and the share that lies above: at the border, where
    /// zeros pad a map, a few stick out.
    private static let share = 0.05

    private var line: Stroke { Stroke(theme.mutedInk, width: 1.25) }

    /// The drawing.
    package var sheet: Sheet {
        let stack = max(stackHeight(of: backbone.map(\.aspect)), stackHeight(of: pictures.map(\.aspect)))
        func kind(
            _ letter: String, _ name: String, _ note: String, _ draw: @escaping (Canvas, Rectangle) -> Void
        )
            -> Panel
        {
            Panel("(\(letter)) \(name)", note: note, aspect: (stack + 8) / 298, draw: draw)
        }
        let grid = Sheet.Block.grid(
            [
                kind(
                    "a", "featurised image pyramid",
                    "The whole network runs once for each size of the picture: accurate and slow.", drawImages
                ),
                kind(
                    "b", "one feature map",
                    "Only the coarsest map predicts: fast, but small objects are lost."
                ) {
                    drawHierarchy(on: $0, in: $1, onlyTop: true)
                },
                kind(
                    "c", "the network's own hierarchy",
                    "Every map predicts, but the fine ones know edges and not yet objects."
                ) { drawHierarchy(on: $0, in: $1, onlyTop: false) },
                kind(
                    "d", "feature pyramid network",
                    "Coarse maps are added to finer ones on the way down: every map is fine and knows objects.",
                    drawPyramid),
            ], columns: 2, tallest: 400, theme: theme)
        return Sheet(
            title: "Four ways to find objects of every size",
            subtitle: "Real maps of this picture, finest at the bottom; arrows to the right are predictions.",
            blocks: [
                grid,
                .colorBar(
                    ColorBar(
                        .sequential, end: 1, unit: "from each map's low to its high", theme: theme)
                ),
            ],
            caption:
                "Each map is the mean of |value| over its channels. (a), (b) and (c) show the backbone's maps, "
                + "(d) the backbone's on the left and the pyramid's on the right. Colours run from where 5 % of a map's "
                + "numbers away from the border lie below to where 5 % lie above. Each map "
                + "is drawn 0.62 times as wide as the finer one, not half.",
            theme: theme
        )
    }

    /// The rectangles of a stack, finest at the bottom, each as wide as `widths` says of the widest.
    private func places(_ aspects: [Double], x: Double, bottom: Double) -> [Rectangle] {
        var y = bottom
        return aspects.enumerated().map { index, aspect in
            let width = max(Self.widest * pow(Self.narrowing, Double(index)), 10)
            let height = width * aspect
            y -= height
            defer { y -= Self.gap }
            return Rectangle(x: x + (Self.widest - width) / 2, y: y, width: width, height: height)
        }
    }

    private func stackHeight(of aspects: [Double]) -> Double {
        let places = places(aspects, x: 0, bottom: 0)
        return -(places.map(\.y).min() ?? 0)
    }

    private func predict(from place: Rectangle, at x: Double, on canvas: Canvas) {
        let y = place.y + place.height / 2
        canvas.arrow(from: Point(x: place.maxX + 3, y: y), to: Point(x: x, y: y), line)
        canvas.text(
            "predict", at: Point(x: x + 4, y: y), font: Font(size: 10), color: theme.ink,
            anchor: TextAnchor(.leading, .middle))
    }

    private func draw(_ map: HeatMap, in place: Rectangle, on canvas: Canvas, part: Part) {
        let interior = map.interior
        let low = interior.magnitude(ofShare: Self.share)
        let stretched = HeatMap(
            values: map.values.map { max($0 - low, 0) }, width: map.width, height: map.height,
            isSigned: false, limit: interior.magnitude(ofShare: 1 - Self.share) - low)
        stretched.draw(on: canvas, in: place, theme: theme)
        canvas.stroke(place.inset(by: -0.5), Stroke(part.color(in: theme), width: 1.25))
    }

    private func upward(_ places: [Rectangle], on canvas: Canvas) {
        for (lower, upper) in zip(places, places.dropFirst()) {
            canvas.arrow(
                from: Point(x: lower.top.x, y: lower.y - 2), to: Point(x: lower.top.x, y: upper.maxY + 2),
                line)
        }
    }

    private func drawImages(on canvas: Canvas, in room: Rectangle) {
        let left = places(pictures.map(\.aspect), x: room.x, bottom: room.maxY - 2)
        let right = places(ownMaps.map(\.aspect), x: room.x + 136, bottom: room.maxY - 2)
        for (picture, place) in zip(pictures, left) {
            canvas.draw(picture, in: place, filter: .bilinear)
            canvas.stroke(place, Stroke(Part.input.color(in: theme), width: 1))
        }
        for (index, map) in ownMaps.enumerated() {
            draw(map, in: right[index], on: canvas, part: .backbone)
            canvas.arrow(
                from: Point(x: left[index].maxX + 3, y: right[index].left.y),
                to: Point(x: right[index].x - 3, y: right[index].left.y), line)
            predict(from: right[index], at: room.x + 254, on: canvas)
        }
    }

    private func drawHierarchy(on canvas: Canvas, in room: Rectangle, onlyTop: Bool) {
        let places = places(backbone.map(\.aspect), x: room.x + 68, bottom: room.maxY - 2)
        for (map, place) in zip(backbone, places) { draw(map, in: place, on: canvas, part: .backbone) }
        upward(places, on: canvas)
        for place in onlyTop ? places.suffix(1) : places[...] {
            predict(from: place, at: room.x + 194, on: canvas)
        }
    }

    private func drawPyramid(on canvas: Canvas, in room: Rectangle) {
        let left = places(backbone.map(\.aspect), x: room.x, bottom: room.maxY - 2)
        let right = places(pyramid.map(\.aspect), x: room.x + 136, bottom: room.maxY - 2)
        for (map, place) in zip(backbone, left) { draw(map, in: place, on: canvas, part: .backbone) }
        upward(left, on: canvas)
        for (index, map) in pyramid.enumerated() {
            draw(map, in: right[index], on: canvas, part: .pyramid)
            canvas.arrow(
                from: Point(x: left[index].maxX + 3, y: right[index].left.y),
                to: Point(x: right[index].x - 3, y: right[index].left.y), line)
            predict(from: right[index], at: room.x + 254, on: canvas)
            guard index > 0 else { continue }
            canvas.arrow(
                from: Point(x: right[index].bottom.x, y: right[index].maxY + 2),
                to: Point(x: right[index].bottom.x, y: right[index - 1].y - 2), line)
        }
    }
}

extension Image {
    /// Height over width.
    var aspect: Double { Double(height) / Double(width) }
}

extension HeatMap {
    /// The map without an eighth along each edge, where the zeros of the padding tell more than the picture; a small
    /// map stays whole.
    var interior: HeatMap {
        guard width >= 6 && height >= 6 else { return self }
        let (right, down) = (max(1, width / 8), max(1, height / 8))
        let inner = (down..<height - down).flatMap { row in
            values[row * width + right..<(row + 1) * width - right]
        }
        return HeatMap(
            values: inner, width: width - 2 * right, height: height - 2 * down, isSigned: isSigned)
    }

    /// Height over width; 1 for a map without columns.
    var aspect: Double { width > 0 ? Double(height) / Double(width) : 1 }
}

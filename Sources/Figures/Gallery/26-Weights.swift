import Drawing
import Explanations
import Foundation
import Inference
import Tensors

extension Gallery {
    /// Figure 26: the weights of every layer.
    func weights() throws -> Sheet {
        let layers = run.model.network.layers
        let count = layers.reduce(0) { $0 + $1.weight.count }
        return WeightsFigure(
            layers: layers.map(histogram),
            subtitle:
                "\(layers.count) layers with \(figures(Double(count) / 1e6)) million weights, in data-flow "
                + "order.",
            theme: theme
        ).sheet
    }

    private func histogram(of layer: NetworkLayer) -> WeightsFigure.Layer {
        let bins = 48
        let weight = layer.weight
        let gain = Double(layer.summands).squareRoot()
        var counts = [Int](repeating: 0, count: bins)
        var squares = [Double](repeating: 0, count: layer.outputs)
        var largest = 0.0
        weight.withUnsafeElements { elements in
            for (index, element) in elements.enumerated() {
                let output = layer.output(ofWeight: index)
                let value = Double(element * (layer.scale?[output] ?? 1)) * gain
                squares[output] += value * value
                largest = max(largest, abs(value))
                let share = (value / WeightsFigure.reach + 1) / 2
                counts[Int(min(max(share * Double(bins), 0), Double(bins - 1)))] += 1
            }
        }
        let mean = squares.reduce(0, +) / Double(max(weight.count, 1))
        // An output is dead when its weights' mean square is a millionth of a millionth of the layer's.
        let perOutput = Double(weight.count) / Double(max(layer.outputs, 1))
        let dead = squares.count { $0 / perOutput <= 1e-12 * mean }
        return WeightsFigure.Layer(
            name: layer.name, part: layer.step.part, counts: counts,
            size: mean.squareRoot(), largest: largest, deadOutputs: dead)
    }
}

// MARK: - Drawing

/// Figure 26: the weights of every layer as a histogram, with a warning where a layer looks dead or explodes.
package struct WeightsFigure: SheetFigure {
    /// A layer's weights, each multiplied by the root of how many the layer adds up for one output: then 1 is the
    /// size that neither shrinks nor grows a signal of independent numbers, whatever the layer's shape.
    package struct Layer: Sendable {
        /// The name of the stage that the layer computes.
        package var name: String
        /// The part of the network that it belongs to.
        package var part: Part
        /// How many weights lie in each of equal intervals from −``reach`` to ``reach``; those beyond count at the
        /// ends.
        package var counts: [Int]
        /// The root of the mean square.
        package var size: Double
        /// The largest magnitude.
        package var largest: Double
        /// How many output channels have weights that are all practically 0.
        package var deadOutputs: Int

        /// A layer.
        package init(
            name: String, part: Part, counts: [Int], size: Double, largest: Double,
            deadOutputs: Int
        ) {
            self.name = name
            self.part = part
            self.counts = counts
            self.size = size
            self.largest = largest
            self.deadOutputs = deadOutputs
        }

        /// What is conspicuous about it; nil if nothing is.
        package var warning: String? {
            if size < WeightsFigure.faint { return "faint" }
            if size > WeightsFigure.strong || largest > WeightsFigure.far { return "strong" }
            return deadOutputs > 0 ? "\(deadOutputs) dead" : nil
        }
    }

    /// Where a histogram ends.
    package static let reach = 4.0
    /// Layers of a smaller size hardly pass anything on.
    package static let faint = 0.02
    /// Layers of a larger size, or …
    package static let strong = 5.0
    /// … with a single weight beyond this, may blow a signal up.
    package static let far = 100.0

    private let layers: [Layer]
    private let subtitle: String
    private let theme: Theme

    /// The layers of a network, in data-flow order.
    package init(layers: [Layer], subtitle: String = "", theme: Theme) {
        self.layers = layers
        self.subtitle = subtitle
        self.theme = theme
    }

    private static let rowHeight = 17.0
    private static let (columnGap, nameWidth, histogramWidth, sizeWidth) = (20.0, 128.0, 72.0, 34.0)

    /// The drawing.
    package var sheet: Sheet {
        let rows = (layers.count + 1) / 2
        let table = Sheet.Block(
            height: 18 + Self.rowHeight * Double(rows), role: .drawing("the layers")
        ) { canvas, room in
            let width = (room.width - Self.columnGap) / 2
            for column in 0..<2 {
                let x = room.x + Double(column) * (width + Self.columnGap)
                let part = layers.dropFirst(column * rows).prefix(rows)
                guard !part.isEmpty else { continue }
                heading(at: Point(x: x, y: room.y), on: canvas)
                for (row, layer) in part.enumerated() {
                    draw(
                        layer, on: canvas,
                        in: Rectangle(
                            x: x, y: room.y + 18 + Double(row) * Self.rowHeight, width: width,
                            height: Self.rowHeight))
                }
            }
        }
        let warned = layers.count { $0.warning != nil }
        return Sheet(
            title: "The weights of every layer", subtitle: subtitle, blocks: [table],
            caption:
                "Weights times the root of the number that a layer adds up, from −4 to 4; batch norms are "
                + "multiplied in, and what lies beyond counts at the ends. Size: root of the mean square; 1 passes a signal on as strong as it came. Marked: "
                + "size below \(figures(Self.faint)) (faint) or above \(figures(Self.strong)), or a weight beyond "
                + "\(figures(Self.far)) (strong), and outputs whose weights are all 0 (dead). "
                + (warned == 0 ? "No layer is." : "\(warned) of \(layers.count) layers are."),
            theme: theme
        )
    }

    private func heading(at corner: Point, on canvas: Canvas) {
        let font = Font(size: 9.5)
        let color = theme.mutedInk
        canvas.text("layer", at: corner, font: font, color: color, anchor: TextAnchor(.leading, .top))
        for (text, share) in [("−4", 0.0), ("0", 0.5), ("4", 1.0)] {
            canvas.text(
                text, at: Point(x: corner.x + Self.nameWidth + share * Self.histogramWidth, y: corner.y),
                font: font, color: color, anchor: TextAnchor(.center, .top))
        }
        canvas.text(
            "size",
            at: Point(x: corner.x + Self.nameWidth + Self.histogramWidth + Self.sizeWidth, y: corner.y),
            font: font, color: color, anchor: TextAnchor(.trailing, .top))
    }

    private func draw(_ layer: Layer, on canvas: Canvas, in room: Rectangle) {
        let middle = room.y + room.height / 2
        let font = Font(size: 9.5)
        canvas.text(
            layer.name, at: Point(x: room.x, y: middle), font: font, within: Self.nameWidth - 8,
            color: theme.ink, anchor: TextAnchor(.leading, .middle))
        let place = Rectangle(
            x: room.x + Self.nameWidth, y: room.y + 1, width: Self.histogramWidth, height: room.height - 3)
        drawHistogram(of: layer, on: canvas, in: place)
        let right = place.maxX + Self.sizeWidth
        canvas.text(
            figures(layer.size), at: Point(x: right, y: middle), font: font, color: theme.ink,
            anchor: TextAnchor(.trailing, .middle))
        guard let warning = layer.warning else { return }
        let color = Color(hex: theme.background == .light ? 0xb3261e : 0xff8a80)
        canvas.fill(circleAt: Point(x: right + 9, y: middle), radius: 3, color)
        canvas.text(
            warning, at: Point(x: right + 15, y: middle), font: Font(size: 9.5),
            within: room.maxX - right - 15,
            color: color, anchor: TextAnchor(.leading, .middle))
    }

    private func drawHistogram(of layer: Layer, on canvas: Canvas, in place: Rectangle) {
        canvas.fill(place, theme.rule.withOpacity(0.35))
        let most = Double(layer.counts.max() ?? 0)
        if most > 0 {
            let width = place.width / Double(layer.counts.count)
            // The root lets tails be seen beside the peak.
            var points = [Point(x: place.x, y: place.maxY)]
            for (index, count) in layer.counts.enumerated() {
                let y = place.maxY - place.height * (Double(count) / most).squareRoot()
                points.append(Point(x: place.x + Double(index) * width, y: y))
                points.append(Point(x: place.x + Double(index + 1) * width, y: y))
            }
            points.append(Point(x: place.maxX, y: place.maxY))
            canvas.fill(polygon: points, layer.part.color(in: theme))
        }
        let zero = place.x + place.width / 2
        canvas.line(
            from: Point(x: zero, y: place.y), to: Point(x: zero, y: place.maxY),
            Stroke(theme.paper.withOpacity(0.6), width: 0.75))
    }
}

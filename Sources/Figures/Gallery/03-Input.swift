import Drawing
import Inference
import Tensors

extension Gallery {
    /// Figure 3: resize, normalise, pad.
    func input() throws -> Sheet {
        let conventions = run.model.conventions.input
        let input = NetworkInput(
            run.image, conventions: conventions, settings: run.model.settings.input)
        let names = ["red", "green", "blue"]
        let order = conventions.channelOrder == .rgb ? names : names.reversed()
        return InputFigure(
            original: run.image, resized: picture(of: input),
            tensor: run.tensor(.inputTensor) ?? input.tensor,
            channels: order.indices.map {
                InputFigure.Channel(
                    name: order[$0], mean: Double(conventions.mean[$0]),
                    deviation: Double(conventions.standardDeviation[$0]))
            },
            multiple: conventions.padMultiple, whitePoint: Double(conventions.whitePoint),
            theme: theme
        ).sheet
    }

    /// The resized picture as it was before it was normalised and padded.
    func picture(of input: NetworkInput) -> Image {
        let conventions = run.model.conventions.input
        let (height, width) = (input.size.height, input.size.width)
        let rowLength = input.tensor.shape[1]
        var pixels = [UInt8](repeating: 0, count: height * width * 3)
        input.tensor.withUnsafeElements { elements in
            for index in pixels.indices {
                let (position, color) = index.quotientAndRemainder(dividingBy: 3)
                let (row, column) = position.quotientAndRemainder(dividingBy: width)
                let channel = conventions.channelOrder == .rgb ? color : 2 - color
                let value =
                    elements[(row * rowLength + column) * 3 + channel]
                    * conventions.standardDeviation[channel]
                    + conventions.mean[channel]
                let byte = (value * 255 / conventions.whitePoint).rounded()
                pixels[index] = UInt8(min(max(byte, 0), 255))
            }
        }
        return Image(width: width, height: height, pixels: pixels)
    }
}

// MARK: - Drawing

/// Figure 3: a picture is resized, normalised channel by channel, and padded.
package struct InputFigure: SheetFigure {
    /// One channel of the network's input.
    package struct Channel: Sendable {
        /// "red", "green" or "blue".
        package var name: String
        /// What is subtracted, in the picture's own numbers.
        package var mean: Double
        /// What the difference is divided by.
        package var deviation: Double

        /// A channel.
        package init(name: String, mean: Double, deviation: Double) {
            self.name = name
            self.mean = mean
            self.deviation = deviation
        }
    }

    private let original: Image
    private let resized: Image
    private let tensor: Tensor
    private let channels: [Channel]
    private let multiple: Int
    private let whitePoint: Double
    private let theme: Theme

    /// A picture's way into the network.
    ///
    /// - Parameters:
    ///   - original: as decoded.
    ///   - resized: the same in the size that the network sees, not yet normalised.
    ///   - tensor: what the first convolution sees, `[height, width, 3]`, padded on the right and below.
    ///   - channels: of the tensor, in its order.
    ///   - multiple: what both sides of the tensor are multiples of.
    ///   - whitePoint: what white is before the mean is subtracted: 255 or 1.
    package init(
        original: Image, resized: Image, tensor: Tensor, channels: [Channel], multiple: Int,
        whitePoint: Double, theme: Theme
    ) {
        self.original = original
        self.resized = resized
        self.tensor = tensor
        self.channels = channels
        self.multiple = multiple
        self.whitePoint = whitePoint
        self.theme = theme
    }

    /// The place that is worked out: the middle.
    private var sample: (x: Int, y: Int) { (resized.width / 2, resized.height / 2) }

    /// The drawing.
    package var sheet: Sheet {
        let summary = TensorSummary("input.tensor", map: tensor)
        return Sheet(
            title: "From picture to input: resize, normalise, pad",
            subtitle: "All three pictures are drawn to the same scale.",
            blocks: [
                sizes,
                .heading(
                    "Normalised, one map a channel", note: "(value − mean) / deviation",
                    theme: theme),
                .grid(maps, columns: 3, tallest: 112, theme: theme),
                .colorBar(
                    ColorBar(
                        theme.signedColors, end: Double(limit), unit: "deviations from the mean",
                        theme: theme), isCentered: true),
                .text(worked, theme: theme),
            ],
            caption: summary.text + ". The hatched margin is padding: zeros, the mean's own colour.",
            theme: theme
        )
    }

    private var limit: Float {
        tensor.withUnsafeElements { $0.reduce(0) { max($0, abs($1)) } }
    }

    private var maps: [Panel] {
        let sample = sample
        return channels.indices.map { index in
            let map = HeatMap(tensor, channel: index, isSigned: true, limit: limit)
            let channel = channels[index]
            return Panel(
                channel.name, note: "mean \(figures(channel.mean)), deviation \(figures(channel.deviation))",
                aspect: map.aspect
            ) { canvas, room in
                let place = map.draw(on: canvas, in: room, theme: theme)
                let scale = place.width / Double(map.width)
                hatch(
                    place, width: Double(resized.width) * scale, height: Double(resized.height) * scale,
                    on: canvas)
                cross(
                    at: Point(
                        x: place.x + (Double(sample.x) + 0.5) * scale,
                        y: place.y + (Double(sample.y) + 0.5) * scale), on: canvas)
            }
        }
    }

    /// The sample pixel's arithmetic.
    private var worked: String {
        let (x, y) = sample
        let parts = channels.enumerated().map { index, channel in
            let value = Double(tensor[y, x, index])
            let before = value * channel.deviation + channel.mean
            return "\(channel.name) (\(figures(before)) − \(figures(channel.mean))) / "
                + "\(figures(channel.deviation)) = \(figures(value))"
        }
        return "At the cross, column \(x) and row \(y), where white is \(figures(whitePoint)): "
            + parts.joined(separator: "; ") + "."
    }

    /// The three sizes side by side.
    private var sizes: Sheet.Block {
        let (height, width) = (tensor.shape[0], tensor.shape[1])
        let gap = 34.0
        let total = Double(original.width + resized.width + width)
        let tallest = Double(max(original.height, height))
        // A picture that is small beside the others still needs room for its words.
        let narrowest = 96.0
        let scale = min((Sheet.contentWidth - 2 * gap - narrowest) / total, 92 / tallest)
        let factor = Double(resized.width) / Double(original.width)
        return Sheet.Block(height: 17 + tallest * scale + 18, role: .drawing("the three sizes")) {
            canvas, room in
            let y = room.y + 17
            var x = room.x
            func title(_ text: String, width: Double) {
                canvas.text(
                    text, at: Point(x: x, y: room.y), font: Font(size: 11, isBold: true),
                    within: max(width, narrowest) + gap - 6, color: theme.ink,
                    anchor: TextAnchor(.leading, .top))
            }
            func note(_ text: String, below place: Rectangle) {
                canvas.text(
                    text, at: Point(x: place.x, y: place.maxY + 4), font: Font(size: 10),
                    within: max(place.width, narrowest) + gap - 6, color: theme.mutedInk,
                    anchor: TextAnchor(.leading, .top))
            }
            func arrow(from start: Double, to end: Double, y: Double) {
                canvas.arrow(
                    from: Point(x: start, y: y), to: Point(x: end, y: y),
                    Stroke(theme.mutedInk, width: 1.5))
            }
            var place = Rectangle(
                x: x, y: y, width: Double(original.width) * scale, height: Double(original.height) * scale)
            let middle = y + min(place.height, Double(resized.height) * scale) / 2
            title("as decoded", width: place.width)
            canvas.draw(original, in: place, filter: .bilinear)
            note("\(original.width) × \(original.height) pixels", below: place)
            x = place.x + max(place.width, narrowest) + gap
            arrow(from: place.maxX + 6, to: x - 6, y: middle)

            place = Rectangle(
                x: x, y: y, width: Double(resized.width) * scale, height: Double(resized.height) * scale)
            title("resized", width: place.width)
            canvas.draw(resized, in: place, filter: .bilinear)
            note("\(resized.width) × \(resized.height), scale \(figures(factor))", below: place)
            x = place.x + max(place.width, narrowest) + gap
            arrow(from: place.maxX + 6, to: x - 6, y: middle)

            let padded = Rectangle(x: x, y: y, width: Double(width) * scale, height: Double(height) * scale)
            title("padded", width: padded.width)
            place.x = x
            canvas.draw(resized, in: place, filter: .bilinear)
            hatch(padded, width: place.width, height: place.height, on: canvas)
            canvas.stroke(padded, Stroke(Part.input.color(in: theme), width: 1))
            note("\(width) × \(height): multiples of \(multiple)", below: padded)
        }
    }

    /// Lines over what of `place` lies beyond a width and a height.
    private func hatch(_ place: Rectangle, width: Double, height: Double, on canvas: Canvas) {
        let right = Rectangle(
            x: place.x + width, y: place.y, width: place.width - width, height: place.height)
        let below = Rectangle(
            x: place.x, y: place.y + height, width: width, height: place.height - height)
        for margin in [right, below] where margin.width > 0.1 && margin.height > 0.1 {
            canvas.clipped(to: margin) {
                for offset in stride(from: -margin.height, to: margin.width, by: 5) {
                    canvas.line(
                        from: Point(x: margin.x + offset, y: margin.maxY),
                        to: Point(x: margin.x + offset + margin.height, y: margin.y),
                        Stroke(theme.mutedInk, width: 0.75))
                }
            }
            canvas.stroke(margin, Stroke(theme.mutedInk, width: 0.75))
        }
    }

    private func cross(at point: Point, on canvas: Canvas) {
        for (color, width) in [(theme.paper, 3.0), (theme.ink, 1.25)] {
            let stroke = Stroke(color, width: width)
            canvas.line(
                from: Point(x: point.x - 6, y: point.y), to: Point(x: point.x + 6, y: point.y), stroke)
            canvas.line(
                from: Point(x: point.x, y: point.y - 6), to: Point(x: point.x, y: point.y + 6), stroke)
        }
    }
}

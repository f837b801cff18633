import Drawing
import Explanations
import Inference
import Kernels
import Tensors

extension Gallery {
    /// Figure 28: the region proposal network's 3×3 convolution of the finest or the chosen map, for one input channel and one
    /// output channel.
    func convolution() throws -> Sheet {
        let level = try chosen(run.model.levelNames, pyramidIndex, { $0 })[0]
        let stage: Stage = level.hasPrefix("p") ? Stage("fpn.\(level)") : Stage("backbone.\(level)")
        guard let map = run.tensor(stage), let layer = run.model.network.rpn.hidden.first else {
            throw NothingToDraw("the run recorded no map that a 3×3 convolution reads")
        }
        let (height, width, channels) = (map.shape[0], map.shape[1], map.shape[2])
        guard height >= 6 && width >= 10 else {
            throw NothingToDraw("a map of \(height)×\(width) is smaller than the tiles of this figure")
        }
        let channel =
            try chosenChannel(of: stage.name, count: channels) ?? map.mostVaryingChannels(1)[0]
        let weight = layer.convolution.weight
        // The output channel that this input channel tells most.
        let kernels = (0..<weight.shape[0]).map { output -> [Float] in
            (0..<9).map { weight[output, channel, $0 / 3, $0 % 3] }
        }
        let strength = kernels.map { kernel -> Float in kernel.reduce(0) { $0 + $1 * $1 } }
        let output = strength.indices.max { strength[$0] < strength[$1] } ?? 0
        let piece = liveliestPiece(of: map, channel: channel, width: 10, height: 6)
        let corner = (0..<6).flatMap { row -> ArraySlice<Float> in
            piece.values[row * piece.width..<row * piece.width + 6]
        }
        let tile = WinogradTile(input: corner, kernel: kernels[output])
        return ConvolutionFigure(
            layer: layer.name, input: piece, kernel: kernels[output],
            tile: ConvolutionFigure.Tile(
                transformedInput: tile.transformedInput, transformedKernel: tile.transformedKernel,
                product: tile.product, output: tile.output),
            patchShape: (height * width, 9 * channels), outputs: layer.convolution.outputs,
            note: "what channel \(channel) of \(stage.name) adds to output channel \(output)",
            theme: theme
        ).sheet
    }

    /// The piece of a channel in which neighbours differ most, away from the border if the map is large enough.
    private func liveliestPiece(of map: Tensor, channel: Int, width: Int, height: Int) -> HeatMap {
        let values = HeatMap(map, channel: channel, isSigned: true).values
        let columns = map.shape[1]
        func piece(_ x: Int, _ y: Int) -> [Float] {
            (y..<y + height).flatMap { row in values[row * columns + x..<row * columns + x + width] }
        }
        func starts(_ length: Int, _ side: Int) -> StrideThrough<Int> {
            let margin = length >= side + length / 4 ? length / 8 : 0
            return stride(from: margin, through: length - margin - side, by: 2)
        }
        var best = (x: 0, y: 0, liveliness: -Float.infinity)
        for y in starts(map.shape[0], height) {
            for x in starts(columns, width) {
                let numbers = piece(x, y)
                let liveliness = zip(numbers, numbers.dropFirst(width)).reduce(0) { $0 + abs($1.0 - $1.1) }
                if liveliness > best.liveliness { best = (x, y, liveliness) }
            }
        }
        return HeatMap(values: piece(best.x, best.y), width: width, height: height, isSigned: true)
    }
}

// MARK: - Drawing

/// Figure 28: the same 3×3 convolution as a product of patches and weights, and in Winograd's tiles.
///
/// Both halves show one input channel and the part that it adds to one output channel; a layer adds up all its input
/// channels.
package struct ConvolutionFigure: SheetFigure {
    /// The steps of one tile of F(4×4, 3×3).
    package struct Tile: Sendable {
        /// Bᵀ d B, 6×6.
        package var transformedInput: [Float]
        /// G g Gᵀ, 6×6.
        package var transformedKernel: [Float]
        /// Their product, number by number, 6×6.
        package var product: [Float]
        /// Aᵀ (…) A, 4×4.
        package var output: [Float]

        /// The steps of a tile.
        package init(
            transformedInput: [Float], transformedKernel: [Float], product: [Float], output: [Float]
        ) {
            self.transformedInput = transformedInput
            self.transformedKernel = transformedKernel
            self.product = product
            self.output = output
        }
    }

    private let layer: String
    private let input: HeatMap
    private let kernel: [Float]
    private let tile: Tile
    private let patchShape: (rows: Int, columns: Int)
    private let outputs: Int
    private let note: String
    private let theme: Theme

    /// The figure of one layer.
    ///
    /// - Parameters:
    ///   - layer: the name of the stage that it computes.
    ///   - input: a piece of one channel of its input, at least 10 wide and 6 high.
    ///   - kernel: nine weights of that channel.
    ///   - tile: the steps of the tile at the piece's upper left corner.
    ///   - patchShape: rows and columns of the whole layer's patch matrix.
    ///   - outputs: output channels of the layer.
    ///   - note: which channels these are.
    package init(
        layer: String, input: HeatMap, kernel: [Float], tile: Tile, patchShape: (rows: Int, columns: Int),
        outputs: Int, note: String, theme: Theme
    ) {
        precondition(input.width >= 10 && input.height >= 6 && kernel.count == 9)
        self.layer = layer
        self.input = input
        self.kernel = kernel
        self.tile = tile
        self.patchShape = patchShape
        self.outputs = outputs
        self.note = note
        self.theme = theme
    }

    /// The piece that both halves work on: 6 rows, 10 columns.
    private var piece: HeatMap { part(x: 0, y: 0, width: 10, height: 6) }

    private func part(x: Int, y: Int, width: Int, height: Int) -> HeatMap {
        let values = (y..<y + height).flatMap { row in
            (x..<x + width).map { input.values[row * input.width + $0] }
        }
        return HeatMap(values: values, width: width, height: height, isSigned: true, limit: input.end)
    }

    /// The windows of all 4×8 places of the piece where one fits, row after row.
    private var patches: [[Float]] {
        (0..<4).flatMap { y in
            (0..<8).map { x in part(x: x, y: y, width: 3, height: 3).values }
        }
    }

    private func product(_ patch: [Float]) -> Float { zip(patch, kernel).reduce(0) { $0 + $1.0 * $1.1 } }

    /// Places that are followed through the upper half: their numbers in the order of patches, and their colours.
    private var marks: [(index: Int, color: Color)] {
        [(0, theme.palette.hue(5)), (11, theme.palette.hue(0)), (31, theme.palette.hue(2))]
    }

    private var line: Stroke { Stroke(theme.mutedInk, width: 1.25) }

    /// The drawing.
    package var sheet: Sheet {
        let sums = patches.map(product)
        // The tile's 4×4 outputs are the first four of each row of eight.
        let direct = (0..<4).flatMap { y in (0..<4).map { sums[8 * y + $0] } }
        let difference = zip(direct, tile.output).reduce(Float(0)) { max($0, abs($1.0 - $1.1)) }
        return Sheet(
            title: "One convolution, two ways",
            subtitle: "\(layer): \(note).",
            blocks: [
                .heading(
                    "As a matrix product",
                    note: "the window under each position becomes a row", theme: theme),
                matrixProduct,
                .text(
                    "The whole layer: patches \(patchShape.rows)×\(patchShape.columns) times weights "
                        + "\(patchShape.columns)×\(outputs).", theme: theme),
                .heading(
                    "In Winograd's tiles, F(4×4, 3×3)", note: "16 outputs at a time", theme: theme),
                tiles,
                .text(
                    "36 multiplications (⊙) instead of 16 · 9 = 144. Farthest from the matrix product: "
                        + "\(figures(Double(difference))), from rounding.", theme: theme),
            ],
            caption:
                "Numbers below a map are the ends of its colours, blue below zero and red above. Transforms "
                + "cost additions only along each channel; the products run over all channels at once.",
            theme: theme
        )
    }

    // MARK: The matrix product

    private var matrixProduct: Sheet.Block {
        let patches = patches
        return Sheet.Block(height: 152) { canvas, room in
            let cell = 15.0
            let top = room.y + 16
            let map = Rectangle(x: room.x, y: top + 22, width: 10 * cell, height: 6 * cell)
            label("input, 6×10", map, on: canvas)
            piece.draw(on: canvas, in: map, theme: theme)
            for mark in marks {
                let place = Rectangle(
                    x: map.x + Double(mark.index % 8) * cell, y: map.y + Double(mark.index / 8) * cell,
                    width: 3 * cell, height: 3 * cell)
                canvas.stroke(place.inset(by: 1), Stroke(mark.color, width: 2))
            }
            ends(input.end, below: map, on: canvas)

            let rowHeight = 4.0
            let table = Rectangle(x: room.x + 196, y: top, width: 126, height: rowHeight * 32)
            label("patches, 32×9", table, on: canvas)
            HeatMap(
                values: patches.flatMap { $0 }, width: 9, height: 32, isSigned: true, limit: input.end
            ).fill(table, on: canvas, theme: theme)
            for mark in marks {
                let place = Rectangle(
                    x: table.x, y: table.y + Double(mark.index) * rowHeight, width: table.width,
                    height: rowHeight)
                canvas.stroke(place.inset(by: -1), Stroke(mark.color, width: 1.75))
            }
            canvas.arrow(
                from: Point(x: map.maxX + 8, y: map.left.y), to: Point(x: table.x - 8, y: map.left.y), line)

            let column = Rectangle(x: room.x + 372, y: top + 10, width: 12, height: 108)
            let weights = HeatMap(values: kernel, width: 1, height: 9, isSigned: true)
            label("weights, 9×1", column, on: canvas, isCentered: true)
            weights.fill(column, on: canvas, theme: theme)
            ends(weights.end, below: column, on: canvas, isCentered: true)
            sign("×", x: 347, room, map.left.y, on: canvas)
            sign("=", x: 412, room, map.left.y, on: canvas)

            let outputs = HeatMap(values: patches.map(product), width: 8, height: 4, isSigned: true)
            let result = Rectangle(x: room.x + 436, y: top + 34, width: 8 * 21, height: 4 * 21)
            label("32 sums, back in place, 4×8", result, on: canvas)
            outputs.draw(on: canvas, in: result, theme: theme)
            for mark in marks {
                let place = Rectangle(
                    x: result.x + Double(mark.index % 8) * 21, y: result.y + Double(mark.index / 8) * 21,
                    width: 21, height: 21)
                canvas.stroke(place.inset(by: 1), Stroke(mark.color, width: 2))
            }
            ends(outputs.end, below: result, on: canvas)
        }
    }

    // MARK: Winograd

    private var tiles: Sheet.Block {
        Sheet.Block(height: 262) { canvas, room in
            let cell = 15.0
            let map = Rectangle(x: room.x, y: room.y + 16, width: 10 * cell, height: 6 * cell)
            label("tiles of 6×6 overlap by 2", map, on: canvas)
            piece.draw(on: canvas, in: map, theme: theme)
            for (index, color) in [theme.palette.hue(5), theme.palette.hue(0)].enumerated() {
                let place = Rectangle(
                    x: map.x + 4 * cell * Double(index), y: map.y, width: 6 * cell, height: 6 * cell)
                canvas.stroke(place.inset(by: 1.5 + Double(index)), Stroke(color, width: 2))
                canvas.stroke(
                    place.inset(by: cell), Stroke(color, width: 1.5, dashes: [4, 3]))
            }
            let legend = [
                "solid: the 6×6 inputs of a tile", "dashed: its 4×4 outputs",
                "The steps of the first tile are below.",
            ]
            for (index, text) in legend.enumerated() {
                canvas.text(
                    text, at: Point(x: map.maxX + 14, y: map.y + 15 * Double(index)),
                    font: Font(size: 11),
                    color: theme.ink, anchor: TextAnchor(.leading, .top))
            }
            let side = 84.0
            let y = map.maxY + 56
            func place(_ index: Int) -> Rectangle {
                Rectangle(x: room.x + Double(index) * 131, y: y, width: side, height: side)
            }
            let steps: [(String, [Float], Int)] = [
                ("d", part(x: 0, y: 0, width: 6, height: 6).values, 6), ("Bᵀ d B", tile.transformedInput, 6),
                ("G g Gᵀ", tile.transformedKernel, 6), ("product", tile.product, 6),
                ("Aᵀ (…) A", tile.output, 4),
            ]
            for (index, (name, values, width)) in steps.enumerated() {
                var square = place(index)
                if width == 4 {
                    square = Rectangle(
                        x: square.x, y: square.y + side / 6, width: side * 4 / 6, height: side * 4 / 6)
                }
                let map = HeatMap(values: values, width: width, height: width, isSigned: true)
                label("\(name), \(width)×\(width)", square, on: canvas)
                map.draw(on: canvas, in: square, theme: theme)
                ends(map.end, below: square, on: canvas)
            }
            for (index, text) in ["→", "⊙", "=", "→"].enumerated() {
                let middle = (place(index).maxX + place(index + 1).x) / 2
                sign(text, x: middle - room.x, room, y + side / 2, on: canvas)
            }
            let kernelMap = HeatMap(values: kernel, width: 3, height: 3, isSigned: true)
            let square = Rectangle(
                x: place(2).x + 21, y: map.y + 74, width: 42, height: 42)
            label("kernel g, 3×3", square, on: canvas)
            kernelMap.draw(on: canvas, in: square, theme: theme)
            canvas.arrow(
                from: Point(x: square.bottom.x, y: square.maxY + 3),
                to: Point(x: square.bottom.x, y: place(2).y - 18), line)
        }
    }

    // MARK: Words

    private func label(_ text: String, _ place: Rectangle, on canvas: Canvas, isCentered: Bool = false) {
        canvas.text(
            text, at: Point(x: isCentered ? place.top.x : place.x, y: place.y - 4),
            font: Font(size: 10, isBold: true), color: theme.ink,
            anchor: TextAnchor(isCentered ? .center : .leading, .bottom))
    }

    private func ends(_ end: Float, below place: Rectangle, on canvas: Canvas, isCentered: Bool = false) {
        canvas.text(
            "±\(figures(Double(end)))", at: Point(x: isCentered ? place.top.x : place.x, y: place.maxY + 3),
            font: Font(size: 10), color: theme.mutedInk,
            anchor: TextAnchor(isCentered ? .center : .leading, .top))
    }

    private func sign(_ text: String, x: Double, _ room: Rectangle, _ y: Double, on canvas: Canvas) {
        canvas.text(
            text, at: Point(x: room.x + x, y: y), font: Font(size: 18, isBold: true), color: theme.ink,
            anchor: TextAnchor(.center, .middle))
    }
}

extension HeatMap {
    /// Draws the matrix over the whole rectangle, its squares bent into oblongs.
    func fill(_ room: Rectangle, on canvas: Canvas, theme: Theme) {
        let image = colors(in: theme).image(of: values, width: width, height: height, scale: end)
        canvas.draw(image, in: room, filter: .nearest)
        canvas.stroke(room, Stroke(theme.rule, width: 0.75))
    }
}

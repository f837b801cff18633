import Drawing
import Explanations
import Inference
import Tensors

extension Gallery {
    /// Figure 5: lateral, upsampled, sum and smoothed map of every level.
    func fusion() throws -> Sheet {
        let levels = run.backboneStages.compactMap { level -> FusionFigure.Level? in
            guard let lateral = run.tensor(.lateral(level)), let merged = run.tensor(.merged(level)),
                let smoothed = run.tensor(.pyramid(level))
            else { return nil }
            return FusionFigure.Level(
                name: "p\(level)", lateral: lateral, topDown: run.tensor(.topDown(level)), merged: merged,
                smoothed: smoothed)
        }
        guard !levels.isEmpty else { throw NothingToDraw("the model has no feature pyramid") }
        let shown = try chosen(levels, { pyramidIndex($0.name) }, \.name)
        return FusionFigure(
            levels: shown,
            channel: try chosenChannel(of: "fpn.merged", count: levels[0].merged.shape[2]), theme: theme
        ).sheet
    }
}

// MARK: - Drawing

/// Figure 5: how the pyramid's levels are made: lateral map, the coarser sum enlarged, their sum, and the sum
/// smoothed, from the coarsest level down.
package struct FusionFigure: SheetFigure {
    /// One level's maps, each `[height, width, channels]`.
    package struct Level: Sendable {
        /// `p2`.
        package var name: String
        /// After the 1×1 convolution.
        package var lateral: Tensor
        /// The coarser sum, enlarged; nil on the coarsest level.
        package var topDown: Tensor?
        /// The sum.
        package var merged: Tensor
        /// After the 3×3 convolution.
        package var smoothed: Tensor

        /// A level.
        package init(name: String, lateral: Tensor, topDown: Tensor?, merged: Tensor, smoothed: Tensor) {
            self.name = name
            self.lateral = lateral
            self.topDown = topDown
            self.merged = merged
            self.smoothed = smoothed
        }
    }

    private let levels: [Level]
    private let channel: Int?
    private let theme: Theme

    /// The figure of the levels that are fused, finest first.
    /// - Parameter channel: the one that is shown; nil for the one that varies most.
    package init(levels: [Level], channel: Int? = nil, theme: Theme) {
        self.levels = levels
        self.channel = channel
        self.theme = theme
    }

    private static let gap = 26.0
    private static let width = (Sheet.contentWidth - 3 * gap) / 4

    /// The drawing.
    package var sheet: Sheet {
        let channel = self.channel ?? levels.first?.merged.mostVaryingChannels(1).first ?? 0
        return Sheet(
            title: "Top-down fusion, from the coarsest level to the finest",
            subtitle:
                "Channel \(channel) of every map. Lateral maps are fine, the coarser sum is rich in meaning; the "
                + "3×3 convolution smooths the steps that the enlargement leaves.",
            blocks: [columnTitles] + levels.reversed().map { row($0, channel: channel) } + [
                .colorBar(
                    ColorBar(
                        theme.signedColors, end: 1, unit: "share of the end named below each map",
                        theme: theme), width: 320, isCentered: true)
            ],
            caption: levels.reversed().map { TensorSummary("fpn.merged.\($0.name)", map: $0.merged).text }
                .joined(separator: "\n") + "\nColours end where 98 % of a map's magnitudes lie below.",
            theme: theme
        )
    }

    private var columnTitles: Sheet.Block {
        Sheet.Block(height: 15, role: .text) { canvas, room in
            for (index, title) in ["lateral", "coarser, enlarged", "sum", "smoothed"].enumerated() {
                canvas.text(
                    title, at: Point(x: room.x + Double(index) * (Self.width + Self.gap), y: room.y),
                    font: Font(size: 12, isBold: true), color: Part.pyramid.color(in: theme),
                    anchor: TextAnchor(.leading, .top))
            }
        }
    }

    private func row(_ level: Level, channel: Int) -> Sheet.Block {
        func map(_ tensor: Tensor) -> HeatMap { HeatMap(tensor, channel: channel, isSigned: true) }
        var maps = [map(level.lateral), level.topDown.map(map), map(level.merged)]
        // The three that are added have one scale, so that the sum can be seen.
        let limit = maps.compactMap { $0?.magnitude(ofShare: 0.98) }.max() ?? 1
        for index in maps.indices { maps[index]?.limit = limit }
        var smoothed = map(level.smoothed)
        smoothed.limit = smoothed.magnitude(ofShare: 0.98)
        maps.append(smoothed)
        let aspect = map(level.merged).aspect
        let height = min(Self.width * aspect, 150)
        let names = ["fpn.lateral", "fpn.topdown", "fpn.merged", "fpn"].map { "\($0).\(level.name)" }
        let size = "\(level.merged.shape[0])×\(level.merged.shape[1])"
        return Sheet.Block(height: height + 30, role: .drawing(level.name)) { canvas, room in
            for (index, map) in maps.enumerated() {
                let x = room.x + Double(index) * (Self.width + Self.gap)
                let place = Rectangle(
                    x: x, y: room.y, width: min(Self.width, height / aspect), height: height)
                guard let map else {
                    canvas.stroke(place, Stroke(theme.rule, width: 0.75, dashes: [4, 3]))
                    for (line, text) in ["nothing lies", "above this level"].enumerated() {
                        canvas.text(
                            text, at: Point(x: place.top.x, y: place.left.y - 7 + 14 * Double(line)),
                            font: Font(size: 10), within: place.width, color: theme.mutedInk,
                            anchor: TextAnchor(.center, .middle))
                    }
                    continue
                }
                map.draw(on: canvas, in: place, theme: theme)
                canvas.text(
                    names[index], at: Point(x: x, y: place.maxY + 4), font: Font(size: 10, isBold: true),
                    within: Self.width + Self.gap - 4, color: theme.ink,
                    anchor: TextAnchor(.leading, .top))
                canvas.text(
                    "\(size), colours to ±\(figures(Double(map.end)))", at: Point(x: x, y: place.maxY + 17),
                    font: Font(size: 10), within: Self.width + Self.gap - 4, color: theme.mutedInk,
                    anchor: TextAnchor(.leading, .top))
            }
            for (index, sign) in ["+", "=", "→"].enumerated() where index > 1 || level.topDown != nil {
                canvas.text(
                    sign,
                    at: Point(
                        x: room.x + Double(index + 1) * (Self.width + Self.gap) - Self.gap / 2,
                        y: room.y + height / 2), font: Font(size: 18, isBold: true), color: theme.ink,
                    anchor: TextAnchor(.center, .middle))
            }
        }
    }
}

import Drawing
import Explanations
import Foundation
import Geometry
import Inference
import Tensors

extension Gallery {
    /// Figure 11.
    func levels() throws -> Sheet {
        guard case .pyramid = run.model.architecture.features, run.model.levelNames.count > 2 else {
            throw NothingToDraw("the model has no pyramid: every region pools from the same map")
        }
        let trace = try SelectionTrace(run)
        guard !trace.proposals.boxes.isEmpty else { throw NothingToDraw("there are no proposals") }
        let proposals = zip(trace.proposals.boxes, try run.requiredIndices(.boxLevel)).map {
            LevelsFigure.Region(box: $0, level: $1)
        }
        let detections =
            run.model.architecture.masks == nil
            ? []
            : zip(trace.detections.boxes, try run.requiredIndices(.maskLevel)).map {
                LevelsFigure.Region(box: $0, level: $1)
            }
        // All levels but the coarsest, which is the region proposal network's alone.
        let all = 2...run.model.levelNames.count
        return LevelsFigure(
            ground: ground(size: trace.size), proposals: proposals, detections: detections, levels: all,
            shownLevels: try chosen(Array(all), { $0 }, { "p\($0)" }),
            shownCount: selection.maximumBoxes ?? 20, theme: theme
        ).sheet
    }
}

// MARK: - Drawing

/// Figure 11: which pyramid level each region pools from, against the size of its box.
package struct LevelsFigure: SheetFigure {
    /// A box and the level that it pools from.
    package struct Region {
        /// The box, in the frame of the resized picture.
        package var box: Box
        /// The pyramid index of its level: 2 for p2.
        package var level: Int

        /// A region.
        package init(box: Box, level: Int) {
            self.box = box
            self.level = level
        }

        /// The square root of the area.
        var side: Double { max(Double(box.area), 0).squareRoot() }
    }

    private let ground: Ground
    private let proposals: [Region]
    private let detections: [Region]
    private let levels: ClosedRange<Int>
    private let shownLevels: [Int]
    private let shownCount: Int
    private let theme: Theme

    /// - Parameters:
    ///   - ground: the picture in the frame of the boxes.
    ///   - proposals: best first.
    ///   - detections: what the mask head pools; empty without one.
    ///   - levels: the pyramid indices of the finest and of the coarsest level that regions pool from.
    ///   - shownLevels: those whose regions are drawn on the picture; nil for all.
    ///   - shownCount: how many regions of a level are drawn there.
    package init(
        ground: Ground, proposals: [Region], detections: [Region], levels: ClosedRange<Int>,
        shownLevels: [Int]? = nil, shownCount: Int = 20, theme: Theme
    ) {
        self.shownLevels = shownLevels ?? Array(levels)
        self.shownCount = shownCount
        self.ground = ground
        self.proposals = proposals
        self.detections = detections
        self.levels = levels
        self.theme = theme
    }

    /// The level of a box of that side before rounding down: 4 at 224 pixels (FPN, equation 1).
    package static func level(ofSide side: Double) -> Double { 4 + log2(side / 224) }

    /// The drawing.
    package var sheet: Sheet {
        let used = shownLevels.filter { level in proposals.contains { $0.level == level } }
        return Sheet(
            title: "Which level does a region pool from?",
            subtitle:
                "Large regions read a coarse map, small ones a fine map, so that what is pooled has about "
                + "as many cells as the head wants: k = ⌊4 + log₂(√(w·h) / 224)⌋.",
            blocks: [
                plot,
                Legend(
                    levels.map { level in
                        let count = proposals.count { $0.level == level }
                        return ("p\(level): \(count)", theme.color(ofLevel: level))
                    }, theme: theme
                ).block,
                .grid(
                    used.map(panel), columns: max(min(used.count, 3), 2), tallest: 230,
                    theme: theme),
            ],
            caption:
                "Dots: \(proposals.count) proposals, spread out a little above and below their level to be "
                + "seen."
                + (detections.isEmpty
                    ? ""
                    : " Rings: \(detections.count) detections, as the mask "
                        + "head pools them.")
                + " 224 is the side of the pictures that backbones are trained on: a region of that size "
                + "reads p4.", theme: theme
        )
    }

    private var plot: Sheet.Block {
        let sides = (proposals + detections).map(\.side).filter { $0 > 0 && $0.isFinite }
        let low = min(sides.min() ?? 16, 28) / 1.25
        let high = max(sides.max() ?? 448, 448) * 1.25
        return Sheet.Block(height: 270, role: .drawing("levels by size")) { canvas, room in
            let axes = Axes(
                x: Axis(
                    "side of the box in pixels of the resized picture, √(w·h)", low...high,
                    isLogarithmic: true),
                y: Axis("level k", Double(levels.lowerBound) - 0.75...Double(levels.upperBound) + 1),
                theme: theme)
            let field = axes.draw(on: canvas, in: room)
            drawSteps(over: low...high, in: field, on: canvas)
            for (index, region) in proposals.enumerated().reversed() where region.side > 0 {
                // A fixed pattern in place of chance: the same figure every time.
                let spread = (Double(index * 37 % 23) / 22 - 0.5) * 0.44
                canvas.fill(
                    circleAt: field.point(region.side, Double(region.level) + spread), radius: 2.5,
                    theme.color(ofLevel: region.level).withOpacity(0.7))
            }
            for region in detections where region.side > 0 {
                canvas.stroke(
                    circleAt: field.point(region.side, Double(region.level)), radius: 5,
                    Stroke(theme.ink, width: 1.5))
            }
        }
    }

    /// The formula's line, the steps that rounding down makes of it, and what is beyond the pyramid.
    private func drawSteps(over range: ClosedRange<Double>, in field: Axes.Field, on canvas: Canvas) {
        canvas.clipped(to: field.frame) {
            canvas.line(
                from: field.point(range.lowerBound, Self.level(ofSide: range.lowerBound)),
                to: field.point(range.upperBound, Self.level(ofSide: range.upperBound)),
                Stroke(theme.mutedInk, width: 1.25, dashes: [5, 3]))
            for level in levels {
                let color = theme.color(ofLevel: level)
                let start = level == levels.lowerBound ? range.lowerBound : 224 * exp2(Double(level - 4))
                let end = level == levels.upperBound ? range.upperBound : 224 * exp2(Double(level - 3))
                let (left, right) = (
                    field.point(min(max(start, range.lowerBound), range.upperBound), Double(level)),
                    field.point(min(max(end, range.lowerBound), range.upperBound), Double(level))
                )
                canvas.fill(
                    Rectangle(
                        x: left.x, y: field.frame.y, width: right.x - left.x, height: field.frame.height),
                    color.withOpacity(theme.background == .light ? 0.07 : 0.12))
                canvas.line(from: left, to: right, Stroke(color, width: 3))
                canvas.text(
                    "p\(level)", at: Point(x: (left.x + right.x) / 2, y: field.frame.y + 4),
                    font: Font(size: 11, isBold: true), color: color, anchor: TextAnchor(.center, .top))
            }
        }
        let place = field.point(224, 4)
        if field.frame.y...field.frame.maxY ~= place.y {
            canvas.stroke(circleAt: place, radius: 3.5, Stroke(theme.ink, width: 1.25))
            canvas.tag(
                "224 px: k = 4", at: Point(x: place.x + 6, y: place.y + 4), color: theme.ink,
                within: field.frame, theme: theme)
        }
    }

    /// The best proposals of a level on the picture.
    private func panel(_ level: Int) -> Panel {
        let all = proposals.filter { $0.level == level }
        let shown = all.prefix(shownCount)
        let stride = 1 << level
        return ground.panel(
            "p\(level): a cell for every \(stride) px",
            note: shown.count < all.count ? "the best \(shown.count) of \(all.count)" : "all \(all.count)",
            theme: theme
        ) { canvas, places in
            for region in shown.reversed() {
                canvas.outline(
                    places.rectangle(region.box), theme.color(ofLevel: level), width: 1.25,
                    theme: theme)
            }
        }
    }
}

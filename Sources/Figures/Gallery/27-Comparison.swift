import Foundation
import Geometry

/// Figure 27: two implementations side by side, stage by stage, and where in the tensors they differ.
public struct ComparisonFigure {
    /// One stage of both.
    public struct Stage: Sendable {
        /// Its name in the stage contract.
        public var name: String
        /// The length of the difference over the length of the reference; nil where shapes differ.
        public var relativeError: Double?

        /// A stage.
        public init(name: String, relativeError: Double?) {
            self.name = name
            self.relativeError = relativeError
        }
    }

    /// Where one stage differs.
    public struct Map {
        /// The stage.
        public var title: String
        /// What is shown of it.
        public var note: String
        /// Absolute differences.
        public var errors: HeatMap

        /// A map of differences.
        public init(title: String, note: String, errors: HeatMap) {
            self.title = title
            self.note = note
            self.errors = errors
        }
    }

    private let stages: [Stage]
    private let maps: [Map]
    private let fault: String
    private let tolerance: Double
    private let background: Background

    /// The figure of a comparison.
    /// - Parameters:
    ///   - stages: in the order of the pipeline.
    ///   - maps: of some of them.
    ///   - fault: how the candidate differs from the reference, as a sentence.
    ///   - tolerance: a relative error up to this one is rounding.
    public init(
        stages: [Stage], maps: [Map], fault: String, tolerance: Double = 1e-4, background: Background
    ) {
        self.stages = stages
        self.maps = maps
        self.fault = fault
        self.tolerance = tolerance
        self.background = background
    }

    private func differs(_ stage: Stage) -> Bool { stage.relativeError.map { !($0 <= tolerance) } ?? true }

    private var firstFault: Int? { stages.firstIndex(where: differs) }

    /// The drawing.
    public var figure: Figure {
        var subtitle = fault
        if let firstFault {
            subtitle +=
                " All stages agree up to \(stages[firstFault].name): that is where to look, not at the picture "
                + "that comes out wrong."
        } else {
            subtitle += " No stage differs by more than rounding."
        }
        var blocks = [bars]
        if !maps.isEmpty {
            blocks.append(
                .grid(maps.map(panel), columns: min(maps.count, 4), tallest: 190, background: background))
        }
        return Sheet(
            title: "Where two implementations part",
            subtitle: subtitle, blocks: blocks,
            caption: "The relative error of a stage is the length of the difference over the length of the "
                + "reference. A stage after the first that differs may only have inherited the fault; run it "
                + "alone on the reference's inputs to know (maskrcnn stage). The heads after detections.* ran "
                + "on the reference's detections, so that rows belong together.",
            background: background
        ).figure
    }

    // MARK: Bars

    /// Errors from 10⁻⁷ to 1 and more, on a logarithmic scale.
    private static let decades = -7.0...0.0

    private var bars: Sheet.Block {
        let line = 14.0
        return Sheet.Block(height: line * Double(stages.count) + 22) { canvas, room in
            let left = room.x + 178, right = room.maxX - 72
            let font = Font(size: 10.5)
            func place(_ error: Double) -> Double {
                let power = error > 0 ? log10(error) : Self.decades.lowerBound
                let share =
                    (power - Self.decades.lowerBound) / (Self.decades.upperBound - Self.decades.lowerBound)
                return left + min(max(share, 0), 1) * (right - left)
            }
            let bottom = room.y + line * Double(stages.count)
            for (power, name) in [(-6, "10⁻⁶"), (-4, "10⁻⁴"), (-2, "10⁻²"), (0, "1")] {
                let x = place(pow(10, Double(power)))
                canvas.line(
                    from: Point(x: x, y: room.y), to: Point(x: x, y: bottom + 3), Stroke(background.rule))
                canvas.text(
                    name, at: Point(x: x, y: bottom + 6), font: Font(size: 10), color: background.mutedInk,
                    anchor: TextAnchor(.center, .top))
            }
            canvas.text(
                "relative error", at: Point(x: room.x, y: bottom + 6), font: Font(size: 10),
                color: background.mutedInk, anchor: TextAnchor(.leading, .top))
            for (index, stage) in stages.enumerated() {
                let y = room.y + line * (Double(index) + 0.5)
                let isFirst = index == firstFault
                let color = differs(stage) ? background.droppedColor : background.thirdColor
                canvas.text(
                    stage.name, at: Point(x: room.x, y: y),
                    font: Font(size: 10.5, isBold: isFirst), color: isFirst ? color : background.ink,
                    anchor: TextAnchor(.leading, .middle))
                if let error = stage.relativeError {
                    let width = max(place(error) - left, 2)
                    canvas.fill(
                        Rectangle(x: left, y: y - 4.5, width: width, height: 9),
                        color.withOpacity(isFirst ? 1 : 0.65))
                }
                canvas.text(
                    stage.relativeError.map { $0 == 0 ? "equal" : figures($0) } ?? "other shape",
                    at: Point(x: room.maxX, y: y), font: font,
                    color: differs(stage) ? background.ink : background.mutedInk,
                    anchor: TextAnchor(.trailing, .middle))
            }
        }
    }

    private func panel(_ map: Map) -> Panel {
        Panel(
            map.title, note: map.note + "; yellow: \(figures(Double(map.errors.end)))",
            aspect: Double(map.errors.height) / Double(max(map.errors.width, 1))
        ) { canvas, room in map.errors.draw(on: canvas, in: room, background: background) }
    }
}

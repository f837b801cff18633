import Foundation

/// A frame with two axes, and where numbers lie in it.
package struct PlotArea {
    /// What the horizontal axis shows, from left to right.
    package let x: ClosedRange<Double>
    /// What the vertical axis shows, from bottom to top.
    package let y: ClosedRange<Double>
    /// The name below the horizontal axis.
    package let xName: String
    /// The name above the vertical axis.
    package let yName: String
    /// Where along the horizontal axis numbers and lines stand.
    package let xTicks: [Double]
    /// Where along the vertical axis.
    package let yTicks: [Double]
    private let theme: Theme

    package init(
        x: ClosedRange<Double>, y: ClosedRange<Double>, xName: String, yName: String, xTicks: [Double],
        yTicks: [Double], theme: Theme
    ) {
        self.x = x
        self.y = y
        self.xName = xName
        self.yName = yName
        self.xTicks = xTicks
        self.yTicks = yTicks
        self.theme = theme
    }

    private static let font = Font(size: 10)

    /// The part of the room that lines are drawn in; the rest is for numbers and names.
    package func frame(in room: Rectangle) -> Rectangle {
        Rectangle(x: room.x + 34, y: room.y + 18, width: room.width - 42, height: room.height - 50)
    }

    /// Where a pair of numbers lies.
    package func place(_ horizontal: Double, _ vertical: Double, in room: Rectangle) -> Point {
        let frame = frame(in: room)
        return Point(
            x: frame.x + (horizontal - x.lowerBound) / (x.upperBound - x.lowerBound) * frame.width,
            y: frame.maxY - (vertical - y.lowerBound) / (y.upperBound - y.lowerBound) * frame.height)
    }

    /// Draws frame, grid, numbers and names.
    package func draw(on canvas: Canvas, in room: Rectangle) {
        let frame = frame(in: room)
        for tick in xTicks {
            let place = place(tick, y.lowerBound, in: room).x
            canvas.line(
                from: Point(x: place, y: frame.y), to: Point(x: place, y: frame.maxY),
                Stroke(theme.rule, width: 0.75))
            canvas.text(
                tickText(tick), at: Point(x: place, y: frame.maxY + 4), font: Self.font,
                color: theme.mutedInk, anchor: TextAnchor(.center, .top))
        }
        for tick in yTicks {
            let place = place(x.lowerBound, tick, in: room).y
            canvas.line(
                from: Point(x: frame.x, y: place), to: Point(x: frame.maxX, y: place),
                Stroke(theme.rule, width: 0.75))
            canvas.text(
                tickText(tick), at: Point(x: frame.x - 5, y: place), font: Self.font,
                color: theme.mutedInk, anchor: TextAnchor(.trailing, .middle))
        }
        canvas.stroke(frame, Stroke(theme.mutedInk, width: 0.75))
        canvas.text(
            xName, at: Point(x: frame.x + frame.width / 2, y: frame.maxY + 17), font: Self.font,
            color: theme.ink, anchor: TextAnchor(.center, .top))
        canvas.text(
            yName, at: Point(x: room.x, y: room.y), font: Self.font, color: theme.ink,
            anchor: TextAnchor(.leading, .top))
    }

    /// `0.5`, `0.75`, `1`.
    private func tickText(_ tick: Double) -> String {
        var text = figures(tick, decimals: 2)
        while text.contains(".") && (text.hasSuffix("0") || text.hasSuffix(".")) { text.removeLast() }
        return text
    }
}

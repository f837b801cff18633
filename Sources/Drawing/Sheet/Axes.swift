#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// One axis of a plot: what it measures, from where to where.
package struct Axis: Sendable {
    /// What it measures, with its unit: "training step", "loss".
    package var label: String
    /// The numbers at its two ends.
    package var range: ClosedRange<Double>
    /// Whether equal distances are equal factors. The range must then be above 0.
    package var isLogarithmic: Bool

    /// An axis. A range of a single number, or one that is not finite, is widened to one that can be drawn.
    package init(_ label: String, _ range: ClosedRange<Double>, isLogarithmic: Bool = false) {
        self.label = label
        self.isLogarithmic = isLogarithmic
        var (low, high) = (range.lowerBound, range.upperBound)
        if !low.isFinite || !high.isFinite { (low, high) = isLogarithmic ? (0.1, 1) : (0, 1) }
        if isLogarithmic { (low, high) = (max(low, 1e-30), max(high, 1e-30)) }
        if low == high {
            (low, high) = isLogarithmic ? (low / 2, high * 2) : (low - 0.5, high + 0.5)
        }
        self.range = low...high
    }

    /// Where a number lies: 0 at the beginning of the axis, 1 at its end.
    package func position(of value: Double) -> Double {
        let (low, high) = (range.lowerBound, range.upperBound)
        return isLogarithmic ? log(value / low) / log(high / low) : (value - low) / (high - low)
    }

    /// The numbers that get a tick: round ones, about `count` of them.
    package func ticks(about count: Int = 5) -> [Double] {
        isLogarithmic ? logarithmicTicks(about: count) : linearTicks(about: count)
    }

    private func linearTicks(about count: Int) -> [Double] {
        let width = range.upperBound - range.lowerBound
        let rough = width / Double(max(count, 1))
        let power = pow(10, floor(log10(rough)))
        let step = power * ([1, 2, 5].first { $0 * power >= rough * 0.75 } ?? 10)
        guard step > 0, step.isFinite else { return [range.lowerBound, range.upperBound] }
        let first = (range.lowerBound / step - 1e-9).rounded(.up)
        let last = (range.upperBound / step + 1e-9).rounded(.down)
        guard last >= first, last - first < 1000 else { return [] }
        return stride(from: first, through: last, by: 1).map { $0 * step + 0 }  // Adding 0 makes −0 a 0.
    }

    /// Powers of ten; their doubles and fivefolds as well where there are few; and where even these are few, even
    /// steps.
    private func logarithmicTicks(about count: Int) -> [Double] {
        let first = Int(floor(log10(range.lowerBound)))
        let last = Int(ceil(log10(range.upperBound)))
        func ticks(_ factors: [Double], every step: Int = 1) -> [Double] {
            stride(from: first, through: last, by: step).flatMap { power in
                factors.map { $0 * pow(10, Double(power)) }
            }.filter { range.lowerBound * 0.999 <= $0 && $0 <= range.upperBound * 1.001 }
        }
        let powers = ticks([1])
        if powers.count > 2 * count { return ticks([1], every: (powers.count + count - 1) / count) }
        if powers.count >= 3 { return powers }
        let finer = ticks([1, 2, 5])
        return finer.count >= 3 ? finer : linearTicks(about: min(count, 4))
    }
}

/// The axes of a plot.
package struct Axes {
    /// The axis along the bottom.
    package var x: Axis
    /// The axis along the left side.
    package var y: Axis
    /// Colours and letters.
    package var theme: Theme

    /// The axes of a plot on a background.
    package init(x: Axis, y: Axis, theme: Theme) {
        self.x = x
        self.y = y
        self.theme = theme
    }

    /// The field that numbers are drawn in, once the axes have taken their room.
    package struct Field {
        /// Its place on the canvas.
        package let frame: Rectangle
        package let x: Axis
        package let y: Axis

        /// Where two numbers lie on the canvas.
        package func point(_ x: Double, _ y: Double) -> Point {
            Point(
                x: frame.x + frame.width * self.x.position(of: x),
                y: frame.maxY - frame.height * self.y.position(of: y))
        }
    }

    /// Room for the ticks' numbers and the labels: on the left, on the right and below.
    private static let (left, right, below) = (46.0, 8.0, 34.0)

    /// Draws grid, ticks and labels, which take 46 points on the left, 8 on the right and 34 below, and the y
    /// axis's label above the field at the left, 16 points high if there is one.
    /// - Returns: what is left for the numbers.
    @discardableResult
    package func draw(on canvas: Canvas, in room: Rectangle) -> Field {
        let font = Font(size: 10)
        let above = y.label.isEmpty ? 6.0 : 18.0
        let frame = Rectangle(
            x: room.x + Self.left, y: room.y + above, width: room.width - Self.left - Self.right,
            height: room.height - above - (x.label.isEmpty ? 18 : Self.below))
        let field = Field(frame: frame, x: x, y: y)
        let rule = Stroke(theme.rule, width: 0.75)
        for tick in y.ticks(about: max(2, Int(frame.height / 30))) {
            let place = field.point(x.range.lowerBound, tick)
            canvas.line(from: place, to: Point(x: frame.maxX, y: place.y), rule)
            canvas.text(
                tickText(tick), at: Point(x: frame.x - 5, y: place.y), font: font, color: theme.mutedInk,
                anchor: TextAnchor(.trailing, .middle))
        }
        for tick in x.ticks(about: max(2, Int(frame.width / 80))) {
            let place = field.point(tick, y.range.lowerBound)
            canvas.line(from: place, to: Point(x: place.x, y: frame.maxY + 4), rule)
            canvas.text(
                tickText(tick), at: Point(x: place.x, y: frame.maxY + 6), font: font,
                color: theme.mutedInk, anchor: TextAnchor(.center, .top))
        }
        canvas.polyline(
            [
                Point(x: frame.x, y: frame.y), Point(x: frame.x, y: frame.maxY),
                Point(x: frame.maxX, y: frame.maxY),
            ], Stroke(theme.mutedInk, width: 0.75))
        canvas.text(
            x.label, at: Point(x: frame.x + frame.width / 2, y: room.maxY - 2), font: Font(size: 11),
            color: theme.ink, anchor: TextAnchor(.center, .bottom))
        canvas.text(
            y.label, at: Point(x: room.x, y: room.y), font: Font(size: 11), color: theme.ink,
            anchor: TextAnchor(.leading, .top))
        return field
    }
}

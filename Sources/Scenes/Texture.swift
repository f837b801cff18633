import Drawing
import Foundation
import Tensors

/// The surface pattern of a shape, in its two colours. Angles are in degrees, periods in pixels.
enum Texture {
    case plain
    /// Parallel stripes.
    case stripes(angle: Double, period: Double)
    /// Dots on a grid.
    case dots(angle: Double, period: Double)
    /// A linear gradient from one colour to the other.
    case gradient(angle: Double)
    /// Wedges around the centre.
    case wedges(count: Int, angle: Double)
    /// Rows of bricks.
    case bricks(angle: Double, period: Double)

    /// A random texture that suits the category: bands on rods, bricks on boxes, wedges on discs and rings.
    init(
        for category: SceneCategory, angle: Double, thickness: Double, _ random: inout SeededGenerator
    ) {
        let period = min(max(thickness * random.number(in: 0.22...0.5), 5), 26)
        let turn = random.number(in: 0...180)
        // Too small for a pattern.
        if thickness < 14 && category != .rod {
            self = random.chance(0.6) ? .plain : .gradient(angle: turn)
            return
        }
        switch (category, random.integer(in: 0...5)) {
        case (.rod, 0...2): self = .stripes(angle: angle, period: random.number(in: 10...26))
        case (.rod, _): self = .plain
        case (.box, 0...1): self = .bricks(angle: angle, period: max(period, 8))
        case (.ring, 0...1), (.disc, 0...1):
            self = .wedges(count: random.integer(in: 3...6), angle: turn)
        case (_, 2): self = .stripes(angle: turn, period: period)
        case (_, 3): self = .dots(angle: turn, period: max(period, 8))
        case (_, 4): self = .gradient(angle: turn)
        default: self = .plain
        }
    }

    /// Draws the texture over everything within `radius` of the origin.
    func draw(on canvas: Canvas, radius: Double, colors: ColorScheme) {
        let origin = Point(x: 0, y: 0)
        switch self {
        case .plain: break
        case .stripes(let angle, let period):
            canvas.rotated(by: angle, about: origin) {
                for x in stride(from: -radius, to: radius, by: period) {
                    canvas.fill(
                        Rectangle(x: x, y: -radius, width: 0.45 * period, height: 2 * radius), colors.second)
                }
            }
        case .dots(let angle, let period):
            canvas.rotated(by: angle, about: origin) {
                for (row, y) in stride(from: -radius, to: radius, by: period).enumerated() {
                    let start = -radius + Double(row % 2) * period / 2
                    for x in stride(from: start, to: radius, by: period) {
                        canvas.fill(circleAt: Point(x: x, y: y), radius: 0.27 * period, colors.second)
                    }
                }
            }
        case .gradient(let angle):
            let (x, y) = (radius * cos(angle * .pi / 180), radius * sin(angle * .pi / 180))
            canvas.fill(
                .linearGradient(
                    from: Point(x: -x, y: -y), to: Point(x: x, y: y), [colors.main, colors.second]))
        case .wedges(let count, let angle):
            let step = Double.pi / Double(count)
            for wedge in 0..<count {
                let start = angle * .pi / 180 + 2 * step * Double(wedge)
                let corners = [0, 0.5, 1].map { share in
                    let direction = start + share * step
                    return Point(x: 2 * radius * cos(direction), y: 2 * radius * sin(direction))
                }
                canvas.fill(polygon: [origin] + corners, colors.second)
            }
        case .bricks(let angle, let period):
            canvas.rotated(by: angle, about: origin) {
                let stroke = Stroke(colors.second, width: max(0.12 * period, 1))
                for (row, y) in stride(from: -radius, to: radius, by: period).enumerated() {
                    canvas.line(from: Point(x: -radius, y: y), to: Point(x: radius, y: y), stroke)
                    let start = -radius + Double(row % 2) * period
                    for x in stride(from: start, to: radius, by: 2 * period) {
                        canvas.line(from: Point(x: x, y: y), to: Point(x: x, y: y + period), stroke)
                    }
                }
            }
        }
    }
}

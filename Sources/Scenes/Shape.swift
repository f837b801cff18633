import Drawing
import Foundation
import Tensors

/// An object with a single outline: everything but a person.
struct Shape: Subject {
    let category: SceneCategory
    let outline: Path
    /// The largest distance of the outline from the origin, in pixels.
    let radius: Double
    /// The shorter of its extents, in pixels, which determines the scale of its texture.
    let thickness: Double
    let texture: Texture
    /// The width of the darker rim, in pixels; 0 for none.
    let rim: Double

    var bounds: Rectangle { Rectangle(x: -radius, y: -radius, width: 2 * radius, height: 2 * radius) }

    func draw(on canvas: Canvas, colors: ColorScheme, light: Light) {
        canvas.fill(outline, .color(colors.main))
        canvas.withinDrawn {
            texture.draw(on: canvas, radius: radius, colors: colors)
            shade(canvas, light)
            // The outer half of the line is clipped.
            if rim > 0 { canvas.stroke(outline, Stroke(colors.main.shifted(by: -0.22), width: 2 * rim)) }
        }
    }

    func drawCoverage(on canvas: Canvas) { canvas.fill(outline, .color(.black)) }

    private func shade(_ canvas: Canvas, _ light: Light) {
        guard category == .disc else { return light.shade(canvas, radius: radius) }
        // Shading as of a ball: lightest where it faces the light.
        let (x, y) = (0.45 * radius * light.direction.x, 0.45 * radius * light.direction.y)
        let opacity = 1.3 * light.shading
        canvas.fill(
            .radialGradient(
                center: Point(x: x, y: y), radius: 1.5 * radius,
                [.white.withOpacity(opacity), .black.withOpacity(opacity)]))
    }
}

extension Shape {
    /// A random shape of a category other than `rod` and `person` that covers about `area` pixels.
    init(_ category: SceneCategory, area: Double, _ random: inout SeededGenerator) {
        let built: Built
        switch category {
        case .ring: built = Self.ring(area, &random)
        case .star: built = Self.star(area, &random)
        case .triangle: built = Self.triangle(area, &random)
        case .box: built = Self.box(area, &random)
        case .heart: built = Self.heart(area)
        case .disc, .rod, .person: built = Self.disc(area, &random)
        }
        // Hearts stay roughly upright.
        let turn = category == .heart ? random.number(in: -35...35) : random.number(in: 0...360)
        self.init(category, built, turn: turn, &random)
    }

    /// A rod of the given length and thickness in pixels.
    init(rodOfLength length: Double, thickness: Double, _ random: inout SeededGenerator) {
        let built = Self.rod(length, thickness, isRound: random.chance(0.5))
        self.init(.rod, built, turn: random.number(in: 0...360), &random)
    }

    private init(
        _ category: SceneCategory, _ built: Built, turn: Double, _ random: inout SeededGenerator
    ) {
        // A random sub-pixel offset, so that outlines fall anywhere relative to the pixel grid.
        let phase = Point(x: random.uniform(), y: random.uniform())
        self.category = category
        outline = built.path.rotated(by: turn, about: Point(x: 0, y: 0)).moved(by: phase)
        radius = built.radius + 2
        thickness = built.thickness
        texture = Texture(for: category, angle: turn, thickness: thickness, &random)
        rim = random.chance(0.45) ? min(max(0.05 * thickness, 0.8), 2.2) : 0
    }

    /// An outline centred on the origin.
    private struct Built {
        let path: Path
        /// The largest distance of the outline from the origin.
        let radius: Double
        let thickness: Double
    }

    private static func ring(_ area: Double, _ random: inout SeededGenerator) -> Built {
        let (hole, aspect) = (random.number(in: 0.45...0.68), random.number(in: 0.78...1))
        let radius = (area / (Double.pi * aspect * (1 - hole * hole))).squareRoot()
        let center = Point(x: 0, y: 0)
        var path = Path(ellipseAt: center, radiusX: radius, radiusY: radius * aspect)
        path.append(Path(ellipseAt: center, radiusX: radius * hole, radiusY: radius * aspect * hole))
        return Built(path: path, radius: radius, thickness: radius * aspect * (1 - hole))
    }

    private static func rod(_ length: Double, _ thickness: Double, isRound: Bool) -> Built {
        let (x, y) = (length / 2, thickness / 2)
        let round = isRound ? y : 0.25 * y
        var path = Path()
        let k = 0.4477152502 * round
        path.move(to: Point(x: -x + round, y: -y))
        for (signX, signY) in [(1.0, -1.0), (1, 1), (-1, 1), (-1, -1)] {
            // Each rounded corner is entered along one side and left along the other.
            let along = Point(x: signX * (x - round), y: signY * y)
            let across = Point(x: signX * x, y: signY * (y - round))
            let alongControl = Point(x: signX * (x - k), y: signY * y)
            let acrossControl = Point(x: signX * x, y: signY * (y - k))
            if signX * signY < 0 {
                path.line(to: along)
                path.curve(to: across, alongControl, acrossControl)
            } else {
                path.line(to: across)
                path.curve(to: along, acrossControl, alongControl)
            }
        }
        path.close()
        return Built(path: path, radius: length / 2 + thickness, thickness: thickness)
    }

    private static func star(_ area: Double, _ random: inout SeededGenerator) -> Built {
        let points = random.chance(0.75) ? 5 : 6
        let inner = random.number(in: 0.44...0.58)
        let step = Double.pi / Double(points)
        let radius = (area / (Double(points) * inner * sin(step))).squareRoot()
        let corners = (0..<2 * points).map { corner in
            let distance = corner % 2 == 0 ? radius : radius * inner
            return Point(x: distance * cos(Double(corner) * step), y: distance * sin(Double(corner) * step))
        }
        return Built(path: Path(polygon: corners), radius: radius, thickness: radius)
    }

    private static func disc(_ area: Double, _ random: inout SeededGenerator) -> Built {
        let aspect = random.number(in: 0.85...1)
        let radius = (area / (Double.pi * aspect)).squareRoot()
        return Built(
            path: Path(ellipseAt: Point(x: 0, y: 0), radiusX: radius, radiusY: radius * aspect),
            radius: radius, thickness: 2 * radius * aspect)
    }

    private static func triangle(_ area: Double, _ random: inout SeededGenerator) -> Built {
        // The corners lie on a circle, separated by arcs of at least 80°: no angle is below 40°.
        let first = random.number(in: 80...150)
        let second = random.number(in: 80...(280 - first))
        let angles = [0, first, first + second].map { $0 * .pi / 180 }
        let unit = angles.map { Point(x: cos($0), y: sin($0)) }
        let doubled =
            (unit[1].x - unit[0].x) * (unit[2].y - unit[0].y)
            - (unit[2].x - unit[0].x) * (unit[1].y - unit[0].y)
        let radius = (2 * area / abs(doubled)).squareRoot()
        return Built(
            path: Path(polygon: unit.map { Point(x: $0.x * radius, y: $0.y * radius) }), radius: radius,
            thickness: radius)
    }

    private static func box(_ area: Double, _ random: inout SeededGenerator) -> Built {
        let aspect = random.logarithmic(in: 1...2.2)
        let (width, height) = ((area * aspect).squareRoot(), (area / aspect).squareRoot())
        let (x, y) = (width / 2, height / 2)
        let corners = [Point(x: -x, y: -y), Point(x: x, y: -y), Point(x: x, y: y), Point(x: -x, y: y)]
        return Built(path: Path(polygon: corners), radius: (x * x + y * y).squareRoot(), thickness: height)
    }

    private static func heart(_ area: Double) -> Built {
        // The unit heart below has an area of 2.6.
        let unit = (area / 2.6).squareRoot()
        func point(_ x: Double, _ y: Double) -> Point { Point(x: x * unit, y: y * unit) }
        var path = Path()
        path.move(to: point(0, 0.95))
        path.curve(to: point(-1, -0.3), point(-0.25, 0.65), point(-1, 0.3))
        path.curve(to: point(0, -0.55), point(-1, -1.1), point(-0.15, -1.1))
        path.curve(to: point(1, -0.3), point(0.15, -1.1), point(1, -1.1))
        path.curve(to: point(0, 0.95), point(1, 0.3), point(0.25, 0.65))
        path.close()
        return Built(path: path, radius: 1.3 * unit, thickness: 1.6 * unit)
    }
}

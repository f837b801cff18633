import Drawing
import Foundation
import Geometry
import Tensors

/// The background of a scene. None of its patterns can be mistaken for an object: they fill the image, and are soft or
/// have little contrast.
struct Backdrop {
    private enum Pattern: CaseIterable {
        case flat, linear, radial, stripes, checks, blobs, noise, landscape
    }

    private let size: PixelSize
    private let pattern: Pattern
    private let base: Color
    private let other: Color
    private var random: SeededGenerator

    init(size: PixelSize, _ random: inout SeededGenerator) {
        self.size = size
        pattern = random.element(of: Pattern.allCases)
        let lightness = random.number(in: 0.28...0.92)
        base = random.color(lightness: lightness...lightness, chroma: 0.005...0.09)
        // The two colours are never far apart, so that some object colours contrast with both.
        let isSoft = [.stripes, .checks].contains(pattern)
        let shift = random.sign() * random.number(in: isSoft ? 0.04...0.1 : 0.08...0.2)
        let turned = random.color(lightness: lightness...lightness, chroma: 0.005...0.09)
        other = mixed(base, turned, isSoft ? 0.3 : 0.7).shifted(by: shift)
        self.random = SeededGenerator(seed: random.next())
    }

    /// Renders the background.
    func image() throws -> Image {
        try Figure(width: Double(size.width), height: Double(size.height), draw: draw).image()
    }

    private func draw(on canvas: Canvas) {
        var random = random
        canvas.fill(base)
        let (width, height) = (canvas.width, canvas.height)
        let reach = (width * width + height * height).squareRoot()
        let middle = Point(x: width / 2, y: height / 2)
        switch pattern {
        case .flat: break
        case .linear:
            let angle = random.number(in: 0...(2 * .pi))
            let (x, y) = (cos(angle) * reach / 2, sin(angle) * reach / 2)
            canvas.fill(
                .linearGradient(
                    from: Point(x: middle.x - x, y: middle.y - y),
                    to: Point(x: middle.x + x, y: middle.y + y), [base, other]))
        case .radial:
            let center = Point(x: random.number(in: 0...width), y: random.number(in: 0...height))
            canvas.fill(.radialGradient(center: center, radius: 0.8 * reach, [other, base]))
        case .stripes:
            let period = random.logarithmic(in: 14...90)
            canvas.rotated(by: random.number(in: 0...180), about: middle) {
                for x in stride(from: middle.x - reach, to: middle.x + reach, by: period) {
                    canvas.fill(
                        Rectangle(x: x, y: middle.y - reach, width: period / 2, height: 2 * reach), other)
                }
            }
        case .checks:
            let side = random.logarithmic(in: 14...60)
            canvas.rotated(by: random.chance(0.5) ? 0 : random.number(in: 0...90), about: middle) {
                let count = Int(reach / side / 2) + 1
                for row in -count...count {
                    for column in -count...count where (row + column) % 2 == 0 {
                        canvas.fill(
                            Rectangle(
                                x: middle.x + Double(column) * side, y: middle.y + Double(row) * side,
                                width: side, height: side), other)
                    }
                }
            }
        case .blobs: drawBlobs(on: canvas, &random)
        case .noise: drawNoise(on: canvas, octaves: [(40, 0.9), (12, 0.35)], color: other, &random)
        case .landscape: drawLandscape(on: canvas, &random)
        }
        if pattern != .noise, random.chance(0.5) {
            drawNoise(on: canvas, octaves: [(24, 0.16)], color: other.shifted(by: -0.1), &random)
        }
    }

    /// Large blurred spots.
    private func drawBlobs(on canvas: Canvas, _ random: inout SeededGenerator) {
        for _ in 0..<random.integer(in: 4...9) {
            let center = Point(
                x: random.number(in: 0...canvas.width), y: random.number(in: 0...canvas.height))
            let color = mixed(base, other, random.number(in: 0.4...1))
            let radius = random.number(in: 0.2...0.55) * min(canvas.width, canvas.height)
            canvas.fill(
                Path(ellipseAt: center, radiusX: radius, radiusY: radius),
                .radialGradient(center: center, radius: radius, [color, color.withOpacity(0)]))
        }
    }

    /// Floor and wall, or meadow and sky.
    private func drawLandscape(on canvas: Canvas, _ random: inout SeededGenerator) {
        let horizon = canvas.height * random.number(in: 0.3...0.7)
        let ground = Rectangle(x: 0, y: horizon, width: canvas.width, height: canvas.height - horizon)
        canvas.fill(
            .linearGradient(
                from: Point(x: 0, y: 0), to: Point(x: 0, y: horizon), [base, base.shifted(by: 0.08)]))
        canvas.clipped(to: ground) {
            canvas.fill(
                .linearGradient(
                    from: Point(x: 0, y: horizon), to: Point(x: 0, y: canvas.height),
                    [other, other.shifted(by: -0.08)]))
        }
    }

    /// Value noise: random opacities on coarse grids, with interpolation between the grid points.
    private func drawNoise(
        on canvas: Canvas, octaves: [(cell: Int, strength: Double)], color: Color,
        _ random: inout SeededGenerator
    ) {
        let bytes = color.bytes
        for (cell, strength) in octaves {
            let (columns, rows) = (size.width / cell + 2, size.height / cell + 2)
            var pixels: [UInt8] = []
            pixels.reserveCapacity(4 * columns * rows)
            for _ in 0..<columns * rows {
                pixels += [bytes.red, bytes.green, bytes.blue, UInt8(255 * strength * random.uniform())]
            }
            canvas.draw(
                TranslucentImage(width: columns, height: rows, pixels: pixels), in: canvas.bounds,
                filter: .bilinear)
        }
    }
}

/// Linear interpolation between two colours; `share` is the weight of the second.
private func mixed(_ first: Color, _ second: Color, _ share: Double) -> Color {
    let (start, end) = (OKLab(first), OKLab(second))
    func mix(_ start: Double, _ end: Double) -> Double { start + (end - start) * share }
    return OKLab(
        lightness: mix(start.lightness, end.lightness), a: mix(start.a, end.a), b: mix(start.b, end.b)
    ).color
}

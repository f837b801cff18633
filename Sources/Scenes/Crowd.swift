import Drawing
import Foundation
import Tensors

/// Many tiny objects of one category, so dense that they are annotated as one region (COCO's `iscrowd`).
struct Crowd: Subject {
    let category: SceneCategory
    let bounds: Rectangle
    private let members: [(subject: any Subject, place: Point, tone: Int)]

    /// A random crowd. `scale` is 1 for an image whose shorter side is 240 pixels.
    init(category: SceneCategory, scale: Double, _ random: inout SeededGenerator) {
        self.category = category
        let (width, height) = (random.number(in: 70...130) * scale, random.number(in: 45...80) * scale)
        let extent = random.number(in: 11...15) * scale
        var members: [(subject: any Subject, place: Point, tone: Int)] = []
        // A jittered grid, from back to front.
        for y in stride(from: -height / 2, through: height / 2, by: 0.8 * extent) {
            for x in stride(from: -width / 2, through: width / 2, by: 0.75 * extent) {
                // The corners of the rectangle are left empty.
                let (u, v) = (2 * x / width, 2 * y / height)
                if u * u + v * v > 1.1 || random.chance(0.1) { continue }
                let place = Point(
                    x: x + random.number(in: -0.25...0.25) * extent,
                    y: y + random.number(in: -0.25...0.25) * extent)
                members.append((Self.member(category, extent, &random), place, random.integer(in: 0...2)))
            }
        }
        self.members = members
        bounds = Rectangle(x: -width / 2, y: -height / 2, width: width, height: height)
            .inset(by: -2.5 * extent)
    }

    private static func member(
        _ category: SceneCategory, _ extent: Double, _ random: inout SeededGenerator
    ) -> any Subject {
        switch category {
        case .person: Person(height: 1.9 * extent, &random)
        case .rod: Shape(rodOfLength: 1.6 * extent, thickness: 0.3 * extent, &random)
        default: Shape(category, area: 0.4 * extent * extent, &random)
        }
    }

    func draw(on canvas: Canvas, colors: ColorScheme, light: Light) {
        // Three variants of the colour, used about equally often.
        let shades = [0, 0.1, -0.1].map { shift in
            var shade = colors
            shade.main = colors.main.shifted(by: shift)
            shade.second = colors.second.shifted(by: shift)
            return shade
        }
        for member in members {
            canvas.withOrigin(at: member.place) {
                canvas.layer(in: member.subject.bounds) {
                    member.subject.draw(on: canvas, colors: shades[member.tone], light: light)
                }
            }
        }
    }

    func drawCoverage(on canvas: Canvas) {
        for member in members {
            canvas.withOrigin(at: member.place) { member.subject.drawCoverage(on: canvas) }
        }
    }
}

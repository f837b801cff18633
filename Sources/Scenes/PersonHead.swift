import Drawing
import Foundation
import Geometry
import Tensors

/// A person's head: hair all around, a face in front, ears at the sides.
struct PersonHead {
    private let skeleton: PersonSkeleton
    private let radius: Double
    private let hasLongHair: Bool

    init(_ skeleton: PersonSkeleton, radius: Double, _ random: inout SeededGenerator) {
        self.skeleton = skeleton
        self.radius = radius
        hasLongHair = random.chance(0.35)
    }

    /// Whether a keypoint of the face is not occluded by the head itself; `nil` for other keypoints.
    func shows(_ keypoint: PersonKeypoint) -> Bool? {
        let depth = skeleton[keypoint].z - skeleton.head.z
        switch keypoint {
        case .nose, .leftEye, .rightEye: return depth > 0.12 * radius
        case .leftEar, .rightEar: return depth > -0.45 * radius
        default: return nil
        }
    }

    func draw(on canvas: Canvas, colors: ColorScheme, casing: Double) {
        let center = skeleton.head.point
        let line = colors.skin.shifted(by: -0.2)
        if hasLongHair {
            let down = offset(center, skeleton.gaze, by: -0.25)
            canvas.fill(
                circleAt: Point(x: down.x, y: down.y + 0.5 * radius), radius: 0.95 * radius, colors.hair)
        }
        for ear in [PersonKeypoint.leftEar, .rightEar] where !isNear(ear) {
            drawEar(ear, on: canvas, colors, line)
        }
        canvas.fill(circleAt: center, radius: radius + casing, colors.hair.shifted(by: -0.12))
        canvas.fill(circleAt: center, radius: radius, colors.hair)
        if skeleton.gaze.z > -0.35 { drawFace(on: canvas, colors, line, casing) }
        for ear in [PersonKeypoint.leftEar, .rightEar] where isNear(ear) {
            drawEar(ear, on: canvas, colors, line)
        }
    }

    /// Whether an ear is on the viewer's side of the head.
    private func isNear(_ ear: PersonKeypoint) -> Bool {
        skeleton[ear].z - skeleton.head.z > 0.3 * radius
    }

    private func drawEar(_ ear: PersonKeypoint, on canvas: Canvas, _ colors: ColorScheme, _ line: Color) {
        let place = skeleton[ear].point
        canvas.fill(circleAt: place, radius: 0.27 * radius, line)
        canvas.fill(circleAt: place, radius: 0.2 * radius, colors.skin)
    }

    private func drawFace(
        on canvas: Canvas, _ colors: ColorScheme, _ line: Color, _ casing: Double
    ) {
        let gaze = skeleton.gaze
        // The face moves across the head as it turns; the nose protrudes.
        let middle = skeleton.head.point
        let shift = Point(x: middle.x + 0.36 * radius * gaze.x, y: middle.y + radius * (0.24 + 0.2 * gaze.y))
        let breadth = (0.66 + 0.24 * max(gaze.z, 0)) * radius
        canvas.fill(
            Path(ellipseAt: shift, radiusX: breadth + 0.5 * casing, radiusY: 0.84 * radius + 0.5 * casing),
            .color(line))
        canvas.fill(Path(ellipseAt: shift, radiusX: breadth, radiusY: 0.84 * radius), .color(colors.skin))
        let nose = skeleton[.nose].point
        if shows(.nose) == true {
            canvas.fill(circleAt: nose, radius: 0.17 * radius, colors.skin.shifted(by: -0.1))
        }
        for eye in [PersonKeypoint.leftEye, .rightEye] where shows(eye) == true {
            let place = skeleton[eye].point
            canvas.fill(circleAt: place, radius: 0.21 * radius, .white)
            let pupil = Point(x: place.x + 0.04 * radius * gaze.x, y: place.y)
            canvas.fill(circleAt: pupil, radius: 0.14 * radius, Color(hex: 0x1d1714))
        }
        if gaze.z > 0.25 {
            let mouth = Point(x: nose.x - 0.1 * radius * gaze.x, y: nose.y + 0.36 * radius)
            let width = 0.24 * radius * gaze.z
            canvas.polyline(
                [
                    Point(x: mouth.x - width, y: mouth.y - 0.05 * radius),
                    Point(x: mouth.x, y: mouth.y + 0.05 * radius),
                    Point(x: mouth.x + width, y: mouth.y - 0.05 * radius),
                ], Stroke(Color(hex: 0x8a3b33), width: max(0.1 * radius, 0.5), isRound: true))
        }
    }

    private func offset(_ point: Point, _ direction: SpacePoint, by share: Double) -> Point {
        Point(x: point.x + share * radius * direction.x, y: point.y + share * radius * direction.y)
    }
}

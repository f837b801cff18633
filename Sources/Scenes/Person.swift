import Drawing
import Foundation
import Geometry
import Tensors

/// A person: a skeleton with a body and clothes.
struct Person: Subject {
    let category = SceneCategory.person
    let skeleton: PersonSkeleton
    let parts: [BodyPart]
    let bounds: Rectangle
    let head: PersonHead
    /// The person's height when standing upright, in pixels.
    let height: Double
    /// The width of the dark outline around each part, in pixels.
    private let casing: Double

    /// A random person, `height` pixels tall when standing upright.
    init(height: Double, _ random: inout SeededGenerator) {
        self.height = height
        let pose = PersonPose(&random)
        let body = Proportions(&random)
        skeleton = PersonSkeleton(pose, body, height: height)
        head = PersonHead(skeleton, radius: body.headRadius * height, &random)
        parts = BodyPart.all(skeleton, body, Clothes(&random), height: height)
            .sorted { $0.depth < $1.depth }
        casing = min(max(0.007 * height, 0.5), 1.2)
        let points = skeleton.joints + skeleton.toes + skeleton.fingers
        let margin = 1.6 * body.headRadius * height + 3
        let (x, y) = (points.map(\.x), points.map(\.y))
        let (left, right) = (x.min() ?? 0, x.max() ?? 0)
        let (top, bottom) = (y.min() ?? 0, y.max() ?? 0)
        bounds = Rectangle(x: left, y: top, width: right - left, height: bottom - top).inset(by: -margin)
    }

    func draw(on canvas: Canvas, colors: ColorScheme, light: Light) {
        for part in parts {
            if part.kind == .head {
                head.draw(on: canvas, colors: colors, casing: casing)
            } else {
                part.draw(on: canvas, colors: colors, casing: casing)
            }
        }
        canvas.withinDrawn { light.shade(canvas, radius: 0.4 * max(bounds.width, bounds.height)) }
    }

    func drawCoverage(on canvas: Canvas) { draw(on: canvas, colors: .silhouette, light: .none) }

    /// Whether the person's own body occludes a keypoint.
    func hides(_ keypoint: PersonKeypoint) -> Bool {
        if let isSeen = head.shows(keypoint), !isSeen { return true }
        let place = skeleton[keypoint]
        guard let own = parts.firstIndex(where: { $0.keypoints.contains(keypoint) }) else { return false }
        return parts[(own + 1)...].contains { part in
            if part.kind == .torso, !part.hidesJoint(keypoint, of: skeleton) { return false }
            return part.covers(place.point)
        }
    }
}

/// The clothes of a person.
struct Clothes {
    let hasLongSleeves: Bool
    let hasLongTrousers: Bool

    init(_ random: inout SeededGenerator) {
        hasLongSleeves = random.chance(0.5)
        hasLongTrousers = random.chance(0.7)
    }
}

/// One part of a body, drawn in front of parts with smaller `depth`.
struct BodyPart {
    enum Kind { case arm, leg, torso, neck, head }

    /// Selects the colour of a segment from a person's colour scheme.
    typealias Tone = @Sendable (ColorScheme) -> Color

    /// A line with round caps.
    struct Segment {
        let points: [Point]
        let width: Double
        let tone: Tone
    }

    let kind: Kind
    /// The part's position towards the viewer; larger is nearer.
    let depth: Double
    /// The keypoints that lie on it.
    let keypoints: [PersonKeypoint]
    /// The lines of the part, drawn in this order after the outlines of all of them.
    let segments: [Segment]
    /// For the torso: the vertices of a polygon, filled in the first segment's colour.
    let core: [Point]

    func draw(on canvas: Canvas, colors: ColorScheme, casing: Double) {
        for segment in segments {
            let dark = segment.tone(colors).shifted(by: -0.2)
            canvas.polyline(
                segment.points, Stroke(dark, width: segment.width + 2 * casing, isRound: true))
        }
        if let first = segments.first, !core.isEmpty {
            canvas.fill(polygon: core, first.tone(colors))
        }
        for segment in segments {
            canvas.polyline(
                segment.points, Stroke(segment.tone(colors), width: segment.width, isRound: true))
        }
    }

    /// Whether a point lies inside the part, not merely at its edge.
    func covers(_ point: Point) -> Bool {
        if !core.isEmpty, contains(point) { return true }
        return segments.contains { segment in
            zip(segment.points, segment.points.dropFirst()).contains { start, end in
                distance(from: point, toLineFrom: start, to: end) < 0.45 * segment.width
            }
        }
    }

    /// Whether a torso that covers a keypoint hides it: always, except for shoulders and hips, which it hides only on
    /// its far side. Seen from the front or back, they are its corners.
    func hidesJoint(_ keypoint: PersonKeypoint, of skeleton: PersonSkeleton) -> Bool {
        switch keypoint {
        case .leftShoulder, .rightShoulder, .leftHip, .rightHip:
            let (own, other) = (skeleton[keypoint], skeleton[keypoint.mirrored])
            // The joint pair differs more in depth than in width, and this joint is behind.
            return other.z - own.z > abs(other.x - own.x)
        default: return true
        }
    }

    private func contains(_ point: Point) -> Bool {
        var isInside = false
        for (index, end) in core.enumerated() {
            let start = core[index == 0 ? core.count - 1 : index - 1]
            guard (start.y > point.y) != (end.y > point.y) else { continue }
            let x = start.x + (point.y - start.y) / (end.y - start.y) * (end.x - start.x)
            if point.x < x { isInside.toggle() }
        }
        return isInside
    }
}

/// The distance of a point from a line segment.
private func distance(from point: Point, toLineFrom start: Point, to end: Point) -> Double {
    let (dx, dy) = (end.x - start.x, end.y - start.y)
    let (px, py) = (point.x - start.x, point.y - start.y)
    let length = dx * dx + dy * dy
    let share = length > 0 ? min(max((px * dx + py * dy) / length, 0), 1) : 0
    let (x, y) = (px - share * dx, py - share * dy)
    return (x * x + y * y).squareRoot()
}

extension BodyPart {
    /// All parts of a body except the drawing of the head.
    static func all(
        _ skeleton: PersonSkeleton, _ body: Proportions, _ clothes: Clothes, height: Double
    ) -> [BodyPart] {
        let sides: [(PersonKeypoint, PersonKeypoint, PersonKeypoint)] = [
            (.leftShoulder, .leftElbow, .leftWrist), (.rightShoulder, .rightElbow, .rightWrist),
        ]
        let legSides: [(PersonKeypoint, PersonKeypoint, PersonKeypoint)] = [
            (.leftHip, .leftKnee, .leftAnkle), (.rightHip, .rightKnee, .rightAnkle),
        ]
        var parts = [torso(skeleton, body, height: height), neck(skeleton, body, height: height)]
        for (index, side) in sides.enumerated() {
            parts.append(arm(skeleton, side, skeleton.fingers[index], body, clothes, height: height))
        }
        for (index, side) in legSides.enumerated() {
            parts.append(leg(skeleton, side, skeleton.toes[index], body, clothes, height: height))
        }
        // The head is in front of the neck and usually of the torso.
        parts.append(
            BodyPart(
                kind: .head, depth: skeleton.head.z + 0.02 * height,
                keypoints: [.nose, .leftEye, .rightEye, .leftEar, .rightEar],
                segments: [
                    Segment(
                        points: [skeleton.head.point, skeleton.head.point],
                        width: 2 * body.headRadius * height, tone: \.hair)
                ], core: []))
        return parts
    }

    private static func torso(_ skeleton: PersonSkeleton, _ body: Proportions, height: Double) -> BodyPart {
        let joints = [.leftShoulder, .rightShoulder, .rightHip, .leftHip].map { skeleton[$0] }
        let corners = joints.map(\.point)
        let waist = Segment(
            points: [corners[2], corners[3]], width: 0.11 * height, tone: \.second)
        let chest = Segment(
            points: [corners[2], corners[1], corners[0], corners[3]], width: 0.075 * height, tone: \.main)
        // Seen from the side the corners coincide, and only the body's depth remains.
        let middle = Segment(
            points: [midpoint(corners[0], corners[1]), midpoint(corners[2], corners[3])],
            width: 0.125 * height, tone: \.main)
        return BodyPart(
            kind: .torso, depth: joints.map(\.z).reduce(0, +) / 4, keypoints: [],
            segments: [chest, middle, waist], core: corners)
    }

    private static func neck(_ skeleton: PersonSkeleton, _ body: Proportions, height: Double) -> BodyPart {
        let (left, right) = (skeleton[.leftShoulder], skeleton[.rightShoulder])
        let base = midpoint(left.point, right.point)
        return BodyPart(
            kind: .neck, depth: (left.z + right.z) / 2 + 0.005 * height, keypoints: [],
            segments: [
                Segment(points: [base, skeleton.head.point], width: 0.06 * height, tone: \.skin)
            ], core: [])
    }

    private static func arm(
        _ skeleton: PersonSkeleton, _ side: (PersonKeypoint, PersonKeypoint, PersonKeypoint),
        _ fingers: SpacePoint, _ body: Proportions, _ clothes: Clothes, height: Double
    ) -> BodyPart {
        let (shoulder, elbow, wrist) = (skeleton[side.0], skeleton[side.1], skeleton[side.2])
        let width = body.armWidth * height
        let hand = Segment(points: [wrist.point, fingers.point], width: 0.85 * width, tone: \.skin)
        let forearm = Segment(
            points: [elbow.point, wrist.point], width: 0.85 * width,
            tone: clothes.hasLongSleeves ? \.main : \.skin)
        let upper = Segment(points: [shoulder.point, elbow.point], width: width, tone: \.main)
        return BodyPart(
            kind: .arm, depth: (shoulder.z + 2 * elbow.z + 2 * wrist.z) / 5 + 0.012 * height,
            keypoints: [side.0, side.1, side.2], segments: [hand, forearm, upper], core: [])
    }

    private static func leg(
        _ skeleton: PersonSkeleton, _ side: (PersonKeypoint, PersonKeypoint, PersonKeypoint),
        _ toe: SpacePoint, _ body: Proportions, _ clothes: Clothes, height: Double
    ) -> BodyPart {
        let (hip, knee, ankle) = (skeleton[side.0], skeleton[side.1], skeleton[side.2])
        let width = body.legWidth * height
        let heel = Point(x: ankle.x, y: ankle.y + 0.02 * height)
        let foot = Segment(points: [heel, toe.point], width: 0.7 * width, tone: \.shoes)
        let shin = Segment(
            points: [knee.point, ankle.point], width: 0.8 * width,
            tone: clothes.hasLongTrousers ? \.second : \.skin)
        let thigh = Segment(points: [hip.point, knee.point], width: width, tone: \.second)
        return BodyPart(
            kind: .leg, depth: (hip.z + knee.z + 0.5 * ankle.z) / 2.5 - 0.01 * height,
            keypoints: [side.0, side.1, side.2], segments: [foot, shin, thigh], core: [])
    }
}

private func midpoint(_ first: Point, _ second: Point) -> Point {
    Point(x: (first.x + second.x) / 2, y: (first.y + second.y) / 2)
}

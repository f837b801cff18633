// Generating a scene:
//
//     1. Paint a background.
//     2. Plan the objects: single ones, sometimes a cluster of one category, sometimes a crowd; large ones first.
//     3. For each object in turn: draw its silhouette, find a position where enough of it and of all earlier objects
//        remains visible (most single objects are placed apart from all earlier ones, clusters are not), choose colours
//        that contrast with the surroundings, and paint it.
//     4. Simulate the camera: exposure, blur, noise.
//
// An object's pixels are those that its own drawing covers by at least half, minus those that later objects cover.

import Drawing
import Foundation
import Geometry
import Tensors

/// Draws images for training, with exact annotations: boxes, masks, keypoints.
///
/// A scene depends only on the generator's parameters and its own index: it has the same bytes on any thread and in any
/// order, with the same version of Cairo.
package struct SceneGenerator: Sendable {
    private let seed: UInt64
    private let frame: Frame
    private let difficulty: SceneDifficulty

    private enum Frame {
        /// All images of one size.
        case fixed(PixelSize)
        /// Landscape 4:3, and one in four images portrait 3:4.
        case mixed(shorterSide: Int)
    }

    /// The default length of the shorter side in pixels: images are 320 × 240, and one in four 240 × 320.
    package static let defaultShorterSide = 240
    /// The allowed side lengths, in pixels.
    package static let sides = 64...4096

    /// A generator of scenes with the given seed.
    /// - Parameter size: the size of all images, clamped to ``sides``; nil for images of 320 × 240 pixels, of which one
    ///   in four is portrait. Objects scale with the shorter side: the sizes in ``SceneDifficulty`` are for one of 240
    ///   pixels.
    package init(seed: UInt64, size: PixelSize? = nil, difficulty: SceneDifficulty = SceneDifficulty()) {
        self.seed = seed
        self.difficulty = difficulty
        frame =
            size.map { size in
                .fixed(
                    PixelSize(height: Self.possible(size.height), width: Self.possible(size.width)))
            } ?? .mixed(shorterSide: Self.defaultShorterSide)
    }

    /// A generator of scenes with an aspect ratio of 4:3, one in four of them portrait.
    /// - Parameter shorterSide: in pixels, clamped to ``sides`` and to three quarters of their upper bound.
    package init(seed: UInt64, shorterSide: Int, difficulty: SceneDifficulty = SceneDifficulty()) {
        self.seed = seed
        self.difficulty = difficulty
        frame = .mixed(shorterSide: min(Self.possible(shorterSide), Self.sides.upperBound / 4 * 3))
    }

    private static func possible(_ side: Int) -> Int {
        min(max(side, sides.lowerBound), sides.upperBound)
    }

    /// The scene with an index, which may be any integer.
    package func scene(_ index: Int) -> Scene {
        var random = SeededGenerator(seed: seed, name: "scene \(index)")
        do {
            return try scene(size: size(&random), &random)
        } catch {
            // Cairo fails only if memory runs out, as any allocation would.
            fatalError("\(error)")
        }
    }

    /// The size of the scene with an index, without drawing it.
    package func size(of index: Int) -> PixelSize {
        var random = SeededGenerator(seed: seed, name: "scene \(index)")
        return size(&random)
    }

    private func size(_ random: inout SeededGenerator) -> PixelSize {
        let isUpright = random.chance(0.25)
        switch frame {
        case .fixed(let size): return size
        case .mixed(let shorter):
            let longer = (shorter * 4 + 1) / 3
            return isUpright
                ? PixelSize(height: longer, width: shorter) : PixelSize(height: shorter, width: longer)
        }
    }

    private func scene(size: PixelSize, _ random: inout SeededGenerator) throws -> Scene {
        var painter = ScenePainter(background: try Backdrop(size: size, &random).image())
        let light = Light(&random)
        let plan = ScenePlan(size: size, difficulty: difficulty, &random)
        var painted: [PaintedSubject] = []
        for item in plan.items {
            var subjectRandom = SeededGenerator(seed: random.next())
            if let subject = try paint(item, light, on: &painter, &subjectRandom) { painted.append(subject) }
        }
        let picture = Camera(difficulty, &random).photograph(painter.picture, &random)
        return Scene(picture: picture, objects: objects(painted, painter))
    }

    /// Paints one item of a plan; returns nil if none of 20 random positions suits it.
    private func paint(
        _ item: ScenePlan.Item, _ light: Light, on painter: inout ScenePainter,
        _ random: inout SeededGenerator
    ) throws -> PaintedSubject? {
        let subject = item.subject
        let silhouette = Coverage(try Sprite(coverageOf: subject))
        for _ in 0..<20 {
            let (x, y) = item.place.offset(
                for: silhouette.region, in: painter.size, &random)
            let coverage = silhouette.moved(x: x, y: y)
            if case .apart = item.place, !painter.isApart(coverage) { continue }
            guard painter.hasRoom(for: coverage, difficulty) else { continue }
            if light.shadow > 0 {
                let reach = light.shadowReach
                let shadow = coverage.shadow(
                    x: Int(-light.direction.x * reach), y: Int(-light.direction.y * reach),
                    radius: max(Int(reach / 2), 1))
                painter.darken(shadow, by: light.shadow)
            }
            let chooser = ColorChooser(
                surroundings: painter.surroundings(of: coverage), contrast: difficulty.contrast)
            let colors =
                subject.category == .person ? chooser.clothing(&random) : chooser.scheme(&random)
            let sprite = try Sprite(subject, colors: colors, light: light)
            painter.paint(coverage, colors: sprite.colors(in: silhouette.region))
            return PaintedSubject(subject: subject, x: x, y: y)
        }
        return nil
    }

    private func objects(_ painted: [PaintedSubject], _ painter: ScenePainter) -> [SceneObject] {
        zip(painted, painter.masks()).enumerated().map { index, item in
            let (subject, mask) = item
            let keypoints = (subject.subject as? Person).map { person in
                person.keypoints(
                    atX: subject.x, y: subject.y, isLabelled: mask.area >= 32 * 32, number: index + 1,
                    on: painter)
            }
            return SceneObject(
                category: subject.subject.category, mask: mask, box: mask.region.box, keypoints: keypoints,
                isCrowd: subject.subject is Crowd,
                visibleShare: Double(mask.area) / Double(max(painter.areas[index].whole, 1)))
        }
    }
}

/// A subject and the pixel position of its origin.
private struct PaintedSubject {
    let subject: any Subject
    let x: Int
    let y: Int
}

extension Person {
    /// The keypoints of a person whose origin is the upper left corner of pixel (x, y), with COCO's visibility: 2 if
    /// visible, 1 if hidden, 0 if not labelled.
    ///
    /// Not labelled are those that COCO's annotators skip because their position cannot be judged: the face of a person
    /// looking away, joints far behind another object, and all keypoints of a very small person.
    fileprivate func keypoints(
        atX x: Int, y: Int, isLabelled: Bool, number: Int, on painter: ScenePainter
    ) -> [Keypoint] {
        // A covered joint is labelled only if its person is visible within about a limb's width.
        let reach = max(Int(0.07 * height), 2)
        let none = Keypoint(x: 0, y: 0, score: 0)
        return PersonKeypoint.allCases.map { keypoint in
            let joint = skeleton[keypoint]
            let place = Point(x: joint.x + Double(x), y: joint.y + Double(y))
            let (column, row) = (Int(place.x.rounded(.down)), Int(place.y.rounded(.down)))
            guard isLabelled, let owner = painter.owner(row: row, column: column) else { return none }
            if head.shows(keypoint) == false { return none }
            let isCovered = owner > number
            if isCovered, !painter.isSeen(number, nearRow: row, column: column, reach: reach) { return none }
            let isHidden = isCovered || hides(keypoint)
            return Keypoint(x: Float(place.x), y: Float(place.y), score: isHidden ? 1 : 2)
        }
    }
}

extension Sprite {
    /// The drawing's bytes in a part of its region, four per pixel.
    fileprivate func colors(in part: PixelRegion) -> [UInt8] {
        (part.y..<part.y + part.height).flatMap { row in
            let start = 4 * ((row - region.y) * region.width + part.x - region.x)
            return drawing.pixels[start..<start + 4 * part.width]
        }
    }
}

extension Light {
    /// Light from above, from a random side.
    fileprivate init(_ random: inout SeededGenerator) {
        let angle = random.number(in: -150 ... -30) * .pi / 180
        direction = Point(x: cos(angle), y: sin(angle))
        shading = random.number(in: 0.05...0.3)
        shadow = random.chance(0.45) ? random.number(in: 0.15...0.4) : 0
        shadowReach = random.number(in: 2...7)
    }
}

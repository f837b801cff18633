// How a scene is made:
//
//     1. Paint a backdrop.
//     2. Draw up a list of objects: single ones, and perhaps a cluster of one category, and a crowd; large ones
//        first.
//     3. One after the other, draw each for itself, look for a place where enough of it and of all before stays
//        seen (most single objects keep apart from all before, clusters do not), choose colours that stand out
//        from what is there, and paint it.
//     4. Take the photograph: exposure, blur, noise.
//
// An object's pixels are those that its own drawing covers by half or more; painting in order takes those from
// it that others cover later.

import Drawing
import Foundation
import Geometry
import Tensors

/// Draws pictures for learning, with all that is to be learned about them: boxes, masks, keypoints.
///
/// A scene is a function of the generator's parameters and its own index alone: the same bytes each time, from
/// any thread, in any order, with the same version of Cairo.
package struct SceneGenerator: Sendable {
    private let seed: UInt64
    private let frame: Frame
    private let difficulty: SceneDifficulty

    private enum Frame {
        /// All pictures of one size.
        case fixed(PixelSize)
        /// Four to three, one in four of them upright.
        case mixed(shorterSide: Int)
    }

    /// The shorter side of pictures when no size is asked for: they are 320 × 240 pixels, one in four upright.
    package static let defaultShorterSide = 240
    /// The sides that pictures may have, in pixels.
    package static let sides = 64...4096

    /// A generator of the scenes of `seed`.
    /// - Parameter size: the size of all pictures; what is not within ``sides`` is moved to the nearer end.
    ///   Without one, three of four pictures are 320 pixels wide and 240 high, the others upright. Objects grow
    ///   with the shorter side: ``SceneDifficulty`` is stated for one of 240.
    package init(seed: UInt64, size: PixelSize? = nil, difficulty: SceneDifficulty = SceneDifficulty()) {
        self.seed = seed
        self.difficulty = difficulty
        frame =
            size.map { size in
                .fixed(
                    PixelSize(height: Self.possible(size.height), width: Self.possible(size.width)))
            } ?? .mixed(shorterSide: Self.defaultShorterSide)
    }

    /// A generator of the scenes of `seed`, three of four of them wide, the others upright, with sides of four
    /// to three.
    /// - Parameter shorterSide: in pixels, up to three quarters of the largest of ``sides``; what is not
    ///   possible is moved to the nearer end.
    package init(seed: UInt64, shorterSide: Int, difficulty: SceneDifficulty = SceneDifficulty()) {
        self.seed = seed
        self.difficulty = difficulty
        frame = .mixed(shorterSide: min(Self.possible(shorterSide), Self.sides.upperBound / 4 * 3))
    }

    private static func possible(_ side: Int) -> Int {
        min(max(side, sides.lowerBound), sides.upperBound)
    }

    /// The scene of an index, any number.
    package func scene(_ index: Int) -> Scene {
        var random = SeededGenerator(seed: seed, name: "scene \(index)")
        do {
            return try scene(size: size(&random), &random)
        } catch {
            // Cairo fails for want of memory only, as any allocation would.
            fatalError("\(error)")
        }
    }

    /// The size of the scene of an index, without drawing it.
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

    /// Paints one item of a plan, if there is a place for it.
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

/// A subject and where its origin was put.
private struct PaintedSubject {
    let subject: any Subject
    let x: Int
    let y: Int
}

extension Person {
    /// The keypoints of a person whose origin is at the corner of the pixel (x, y): 2 for those that are seen, 1 for
    /// those that are hidden, 0 for those that have no label.
    ///
    /// What has none is what COCO's annotators leave out, because nobody could say where it is: points of a face
    /// that looks away, joints far behind another object, and all of a person too small.
    fileprivate func keypoints(
        atX x: Int, y: Int, isLabelled: Bool, number: Int, on painter: ScenePainter
    ) -> [Keypoint] {
        // Something of the limb is seen within about its own width.
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
    /// The drawing's colours in a part of its region, four bytes a pixel.
    fileprivate func colors(in part: PixelRegion) -> [UInt8] {
        (part.y..<part.y + part.height).flatMap { row in
            let start = 4 * ((row - region.y) * region.width + part.x - region.x)
            return drawing.pixels[start..<start + 4 * part.width]
        }
    }
}

extension Light {
    /// Light from above, from one side or the other.
    fileprivate init(_ random: inout SeededGenerator) {
        let angle = random.number(in: -150 ... -30) * .pi / 180
        direction = Point(x: cos(angle), y: sin(angle))
        shading = random.number(in: 0.05...0.3)
        shadow = random.chance(0.45) ? random.number(in: 0.15...0.4) : 0
        shadowReach = random.number(in: 2...7)
    }
}

import Geometry
import Scenes
import Tensors
import Testing

/// What two hundred scenes of the default difficulty hold. The ranges are what is documented, with room for
/// another version of Cairo.
struct SceneContentTests {
    static let scenes: [Scene] = {
        let generator = SceneGenerator(seed: 11)
        return (0..<200).map { generator.scene($0) }
    }()
    /// Without crowds.
    static let objects = scenes.flatMap(\.objects).filter { !$0.isCrowd }

    private func share(_ part: Int, of whole: Int) -> Double { Double(part) / Double(max(whole, 1)) }

    // MARK: - Every scene

    @Test func masksAreDisjoint() {
        for scene in Self.scenes {
            var owners = [Int](repeating: 0, count: scene.picture.height * scene.picture.width)
            for object in scene.objects {
                let pixels = object.mask.expanded()
                #expect(pixels.count == owners.count)
                for index in pixels.indices where pixels[index] != 0 { owners[index] += 1 }
            }
            #expect(owners.allSatisfy { $0 <= 1 })
        }
    }

    @Test func boxesAreTight() {
        for object in Self.scenes.flatMap(\.objects) {
            let (pixels, width) = (object.mask.expanded(), object.mask.imageSize.width)
            let set = pixels.indices.filter { pixels[$0] != 0 }
            let (columns, rows) = (set.map { $0 % width }, set.map { $0 / width })
            #expect(object.box.x1 == Float(columns.min() ?? -1) && object.box.y1 == Float(rows.min() ?? -1))
            #expect(
                object.box.x2 == Float((columns.max() ?? -1) + 1)
                    && object.box.y2 == Float((rows.max() ?? -1) + 1))
        }
    }

    @Test func enoughOfEachIsSeen() {
        let difficulty = SceneDifficulty()
        for object in Self.scenes.flatMap(\.objects) {
            #expect(object.visibleShare >= difficulty.minimumVisibleShare && object.visibleShare <= 1)
            #expect(object.mask.area >= difficulty.minimumVisiblePixels)
        }
    }

    @Test func objectsStandOutFromWhatIsAround() {
        // Mean colours a little inside and outside an object's border differ by a tenth of black to white along
        // some channel, for nearly all.
        var faint = 0
        var measured = 0
        for scene in Self.scenes {
            for object in scene.objects where !object.isCrowd && object.visibleShare > 0.999 {
                let (inside, outside) = bandColors(of: object.mask, in: scene.picture)
                let difference = zip(inside, outside).map { abs($0 - $1) }.max() ?? 0
                measured += 1
                if difference < 25 { faint += 1 }
            }
        }
        #expect(measured > 200)
        #expect(share(faint, of: measured) < 0.05, "\(faint) of \(measured)")
    }

    /// The mean colours of the pixels two inside and two outside the border, to the left and right.
    private func bandColors(of mask: InstanceMask, in picture: Image) -> (inside: [Double], outside: [Double])
    {
        var (inside, outside) = ([0.0, 0, 0], [0.0, 0, 0])
        var count = 0.0
        let region = mask.bounds
        for row in region.y..<region.y + region.height {
            for column in max(region.x, 2)..<min(region.x + region.width, picture.width - 2)
            where mask[row: row, column: column] {
                for side in [-1, 1] where !mask[row: row, column: column + side] {
                    guard mask[row: row, column: column - side],
                        !mask[row: row, column: column + 2 * side]
                    else { continue }
                    for channel in 0..<3 {
                        func value(_ column: Int) -> Double {
                            Double(picture.pixels[3 * (row * picture.width + column) + channel])
                        }
                        inside[channel] += value(column - side)
                        outside[channel] += value(column + 2 * side)
                    }
                    count += 1
                }
            }
        }
        return (inside.map { $0 / max(count, 1) }, outside.map { $0 / max(count, 1) })
    }

    // MARK: - All of them together

    @Test func picturesAreOfTwoSizes() {
        let upright = Self.scenes.filter { $0.picture.height == 320 && $0.picture.width == 240 }.count
        let wide = Self.scenes.filter { $0.picture.height == 240 && $0.picture.width == 320 }.count
        #expect(upright + wide == Self.scenes.count)
        #expect((0.15...0.35).contains(share(upright, of: Self.scenes.count)))
    }

    @Test func picturesHaveUpToEightObjects() {
        let counts = Self.scenes.map { $0.objects.count { !$0.isCrowd } }
        #expect(counts.allSatisfy { $0 <= 8 } && (counts.max() ?? 0) >= 7)
        #expect((2.9...3.9).contains(share(counts.reduce(0, +), of: counts.count)))
        #expect(share(counts.count { $0 == 0 }, of: counts.count) < 0.06)
    }

    @Test func objectsAreOfAllSizes() {
        let areas = Self.objects.map(\.mask.area)
        let small = share(areas.count { $0 < 32 * 32 }, of: areas.count)
        let large = share(areas.count { $0 > 96 * 96 }, of: areas.count)
        #expect((0.1...0.22).contains(small), "\(small) are small")
        #expect((0.08...0.18).contains(large), "\(large) are large")
        let tiny = Self.objects.count { max($0.box.width, $0.box.height) < 12 }
        #expect(share(tiny, of: areas.count) < 0.03)
    }

    @Test func categoriesAreAsFrequentAsDocumented() {
        for category in SceneCategory.allCases {
            let found = share(Self.objects.count { $0.category == category }, of: Self.objects.count)
            #expect(
                category == .person ? (0.18...0.32).contains(found) : (0.06...0.16).contains(found),
                "\(category.name): \(found)")
        }
    }

    @Test func objectsOfOneCategoryOverlapInManyPictures() {
        let overlapping = Self.scenes.count { scene in
            let objects = scene.objects.filter { !$0.isCrowd }
            return objects.indices.contains { first in
                objects.indices.contains { second in
                    first < second && objects[first].category == objects[second].category
                        && objects[first].box.overlap(with: objects[second].box) > 0.2
                }
            }
        }
        #expect((0.12...0.28).contains(share(overlapping, of: Self.scenes.count)), "\(overlapping)")
    }

    /// The largest share of each object's box that lies in the box of another object of its scene.
    private func sharedParts(_ scenes: [Scene]) -> [Float] {
        scenes.flatMap { scene -> [Float] in
            let boxes = scene.objects.filter { !$0.isCrowd }.map(\.box)
            return boxes.indices.map { index -> Float in
                let parts = boxes.indices.filter { $0 != index }.map { shared(boxes[index], boxes[$0]) }
                return parts.max() ?? 0
            }
        }
    }

    /// The share of a box that lies in another.
    private func shared(_ box: Box, _ other: Box) -> Float {
        let width = min(box.x2, other.x2) - max(box.x1, other.x1)
        let height = min(box.y2, other.y2) - max(box.y1, other.y1)
        return max(width, 0) * max(height, 0) / box.area
    }

    @Test func mostObjectsKeepApartAndSomeOverlapMuch() {
        let parts = sharedParts(Self.scenes)
        #expect((0.62...0.82).contains(share(parts.count { $0 <= 0.1 }, of: parts.count)))
        #expect((0.14...0.32).contains(share(parts.count { $0 > 0.25 }, of: parts.count)))
    }

    @Test func objectsOverlapWhereTheyAreNotToldToKeepApart() {
        var difficulty = SceneDifficulty()
        (difficulty.clusterShare, difficulty.crowdShare) = (0, 0)
        func overlapping(_ apartShare: Double) -> Double {
            difficulty.apartShare = apartShare
            let generator = SceneGenerator(seed: 12, difficulty: difficulty)
            let parts = sharedParts((0..<40).map { generator.scene($0) })
            #expect(parts.count > 80)
            return share(parts.count { $0 > 0.25 }, of: parts.count)
        }
        // A small object may lie in a corner of a large one's box, a twentieth of its own.
        #expect(overlapping(1) < 0.02)
        #expect(overlapping(0) > 0.2)
    }

    @Test func someRegionsAreCrowds() {
        let crowds = Self.scenes.flatMap(\.objects).count(where: \.isCrowd)
        #expect((1...16).contains(crowds), "\(crowds)")
    }

    // MARK: - Categories

    @Test func ringsHaveAHole() {
        let rings = Self.objects.filter { $0.category == .ring && $0.visibleShare > 0.999 }
        #expect(rings.count >= 10)
        for ring in rings {
            #expect(ring.polygons == nil)
            let (column, row) = (Int((ring.box.x1 + ring.box.x2) / 2), Int((ring.box.y1 + ring.box.y2) / 2))
            #expect(!ring.mask[row: row, column: column], "the middle is not the ring's")
            // From the left edge to the right one: ring, hole, ring.
            let values = (Int(ring.box.x1)...Int(ring.box.x2)).map { ring.mask[row: row, column: $0] }
            #expect(zip(values, values.dropFirst()).count { $0 != $1 } >= 3)
        }
    }

    @Test func rodsAreThin() {
        // Thickness 6 to 14 pixels: the area is at most that of the diagonal's length, and some for the ends.
        let rods = Self.objects.filter { $0.category == .rod && $0.visibleShare > 0.999 }
        #expect(rods.count >= 10)
        for rod in rods {
            let diagonal = (rod.box.width * rod.box.width + rod.box.height * rod.box.height).squareRoot()
            let thickness = Float(rod.mask.area) / diagonal
            #expect((4.5...14.5).contains(thickness), "\(thickness)")
        }
    }

    @Test func theFirstCategoryIsThePerson() {
        #expect(SceneCategory.allCases.map(\.id) == Array(1...SceneCategory.allCases.count))
        #expect(SceneCategory.allCases.first == .person)
        #expect(SceneCategory.allCases.filter { !$0.annotated.keypoints.isEmpty } == [.person])
        #expect(SceneCategory.person.annotated.keypoints.count == 17)
        // COCO's skeleton begins at the left ankle, the sixteenth point.
        #expect(SceneCategory.person.annotated.skeleton.first == [16, 14])
    }
}

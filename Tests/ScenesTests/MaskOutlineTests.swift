import COCO
import Geometry
import Scenes
import Testing

/// Polygons of masks. The pixels that a polygon covers are decided by `Polygon.rasterized`, which is itself tested
/// against pycocotools.
struct MaskOutlineTests {
    /// A mask drawn with `#`.
    private func mask(_ rows: [String]) -> InstanceMask {
        let size = PixelSize(height: rows.count, width: rows[0].count)
        return InstanceMask(
            imageSize: size, region: PixelRegion(x: 0, y: 0, width: size.width, height: size.height),
            bits: rows.flatMap { row in row.map { $0 == "#" ? 1 : 0 } })
    }

    @Test func aRectanglesCornersAreCutByHalfAPixel() throws {
        // The middles of the border's steps next to each corner: the others lie on lines between them.
        let outline = try #require(
            mask(["......", ".####.", ".####.", ".####.", "......"]).outline(tolerances: [0.3]))
        let expected = [
            (1.5, 1.0), (4.5, 1), (5, 1.5), (5, 3.5), (4.5, 4), (1.5, 4), (1, 3.5), (1, 1.5),
        ].map { Polygon.Vertex(x: $0.0, y: $0.1) }
        #expect(outline.vertices == expected)
    }

    @Test(arguments: [
        ["#.", ".."], ["##", "##"], ["#.#", "###"], ["..#..", ".###.", "#####", ".#.#."],
        [".#.", "###", ".#."],
        // The gap inside reaches the outside where pixels touch at a corner: one line still.
        ["##..", "#.#.", "####"], ["####", "#...", "####", "...#", "####"],
    ])
    func exactOutlinesCoverExactlyTheMask(_ rows: [String]) throws {
        let mask = mask(rows)
        let outline = try #require(mask.outline(tolerances: [], agreement: 1))
        #expect(try outline.rasterized(in: mask.imageSize) == RunLengths(mask))
    }

    @Test(arguments: [
        // Nothing, two pieces, a hole, two pieces that touch at a corner.
        ["..", ".."], ["#.#"], ["###", "#.#", "###"], ["#.", ".#"],
    ])
    func otherMasksHaveNone(_ rows: [String]) { #expect(mask(rows).outline() == nil) }

    @Test func outlinesOfScenesAgreeWithTheirMasks() throws {
        var (count, vertices) = (0, 0)
        for object in SceneContentTests.scenes.prefix(60).flatMap(\.objects) {
            guard let polygons = object.polygons else { continue }
            #expect(polygons.count == 1)
            for polygon in polygons {
                let covered = try polygon.rasterized(in: object.mask.imageSize)
                #expect(covered.overlap(with: RunLengths(object.mask)) >= 0.98)
                count += 1
                vertices += polygon.vertices.count
            }
        }
        #expect(count > 100)
        #expect(vertices < 60 * count, "outlines are simple")
    }

    @Test func annotationsSayWhatTheSceneKnows() {
        for object in SceneContentTests.scenes.prefix(60).flatMap(\.objects) {
            let annotation = object.annotation(id: 5, imageID: 3)
            #expect(annotation.id == 5 && annotation.imageID == 3)
            #expect(annotation.categoryID == object.category.id && annotation.isCrowd == object.isCrowd)
            #expect(annotation.area == Double(object.mask.area))
            if case .runLengths(let runs) = annotation.segmentation {
                #expect(runs.mask.expanded() == object.mask.expanded())
            } else {
                #expect(!object.isCrowd)
            }
            let exact = object.annotation(id: 5, imageID: 3, exactly: true)
            #expect(exact.segmentation == .runLengths(RunLengths(object.mask)))
            #expect(annotation.keypoints?.count == (object.category == .person ? 17 : nil))
            #expect(
                annotation.keypointCount == (object.keypoints ?? []).count { $0.score > 0 })
        }
    }
}

import COCO
import Formats
import Foundation
import Geometry
import Loading
import Scenes
import Tensors
import Testing

/// What ships with the project belongs together: the picture, the model, its numbers.
@Suite struct ShippedModelTests {
    @Test("The shipped picture is the scene that it is said to be")
    func picture() throws {
        let shipped = try Image(contentsOf: ShippedScene.path)
        let drawn = SceneGenerator(seed: ShippedScene.seed).scene(ShippedScene.index).picture
        try #require(shipped.width == drawn.width && shipped.height == drawn.height)
        let differences = zip(shipped.pixels, drawn.pixels).map { abs(Int($0) - Int($1)) }
        // Versions of Cairo differ along edges.
        #expect(Double(differences.reduce(0, +)) / Double(differences.count) < 2)
    }

    @Test("The shipped annotations say of the scene what its generator does")
    func annotations() throws {
        let shipped = try ShippedScene.annotations()
        let scene = SceneGenerator(seed: ShippedScene.seed).scene(ShippedScene.index)
        let size = PixelSize(height: scene.picture.height, width: scene.picture.width)
        #expect(shipped.images.count == 1 && shipped.images.first?.fileName == "scene.png")
        #expect(shipped.images.first?.size == size)
        #expect(shipped.categories == Dataset.ofScenes.categories)
        try #require(shipped.annotations.count == scene.objects.count)
        for (annotation, object) in zip(shipped.annotations, scene.objects) {
            #expect(annotation.categoryID == object.category.id && annotation.isCrowd == object.isCrowd)
            let mask = try #require(try annotation.segmentation?.rasterized(in: size).mask)
            // Versions of Cairo differ along edges.
            #expect(mask.overlap(with: object.mask) > 0.98)
            #expect(abs(annotation.box.x - Double(object.box.x1)) <= 1)
            #expect(abs(annotation.box.width - Double(object.box.width)) <= 2)
        }
    }

    @Test("The shipped model finds every object of the shipped picture")
    func detections() throws {
        let model = try LoadedModel.shipped().model
        let found = model.detect(try Image(contentsOf: ShippedScene.path)).filter { $0.score >= 0.5 }
        let objects = try ShippedScene.annotations().annotations
        #expect(found.count == objects.count)
        for object in objects {
            let frame = object.box
            let box = Box(
                x1: Float(frame.x), y1: Float(frame.y), x2: Float(frame.x + frame.width),
                y2: Float(frame.y + frame.height))
            #expect(
                found.contains { $0.label == object.categoryID && $0.box.overlap(with: box) >= 0.5 },
                "category \(object.categoryID) at \(box)")
        }
    }

    @Test("The numbers in the documents are those of the evaluation")
    func documentedNumbers() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        func text(_ path: String) throws -> String {
            try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
        }
        let evaluation = try JSONDecoder().decode(
            [String: [Double]].self, from: Data(text("Sources/Loading/Model/evaluation.json").utf8))
        let table = try text("Sources/Loading/Model/README.md")
        let summary = try text("README.md")
        // Where AP, AP50, AP75 and the areas stand among the twelve and ten numbers.
        for (kind, row, name, places) in [
            ("bbox", "boxes", "box AP", [0, 1, 2, 3, 4, 5]),
            ("segm", "masks", "mask AP", [0, 1, 2, 3, 4, 5]),
            ("keypoints", "keypoints of persons", "keypoint AP", [0, 1, 2, nil, 3, 4]),
        ] {
            let numbers = try #require(evaluation[kind])
            let cells = places.map { $0.map { String(format: " %.3f ", numbers[$0]) } ?? " " }
            #expect(table.contains("| \(row) |\(cells.joined(separator: "|"))|"), "\(cells)")
            #expect(summary.contains("\(name) \(String(format: "%.2f", numbers[0]))"), "\(name)")
        }
    }
}

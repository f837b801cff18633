import COCO
import Formats
import Foundation
import Geometry
import Scenes
import Tensors
import Testing

import Training

@Suite struct COCOExamplesTests {
    private let size = PixelSize(height: 6, width: 8)

    private func square(_ x: Double, _ y: Double, _ side: Double) throws -> Polygon {
        try Polygon(vertices: [
            .init(x: x, y: y), .init(x: x + side, y: y), .init(x: x + side, y: y + side),
            .init(x: x, y: y + side),
        ])
    }

    private func annotation(
        _ id: Int, image: Int = 1, category: Int = 7, box: AnnotationBox? = nil,
        segmentation: Segmentation? = nil, isCrowd: Bool = false, keypoints: [AnnotationKeypoint]? = nil
    ) -> Annotation {
        Annotation(
            id: id, imageID: image, categoryID: category,
            box: box ?? AnnotationBox(x: 1, y: 1, width: 4, height: 2), area: 8, segmentation: segmentation,
            isCrowd: isCrowd, keypoints: keypoints)
    }

    /// Categories 7 and 3, in this order, so that their labels are 1 and 2.
    private func examples(
        _ annotations: [Annotation], pictures: [Picture]? = nil, folder: String = "nowhere",
        keepsEmpty: Bool = false
    ) -> COCOExamples {
        COCOExamples(
            Dataset(
                images: pictures ?? [Picture(id: 1, fileName: "one.png", size: size)],
                annotations: annotations,
                categories: [Category(id: 7, name: "seven"), Category(id: 3, name: "three")]),
            folder: folder, keepsEmptyPictures: keepsEmpty)
    }

    /// The objects of one picture of zeros that is really there.
    private func objects(_ annotations: [Annotation]) throws -> [LabelledObject] {
        var objects: [LabelledObject] = []
        try withTemporaryFolder { folder in
            try picture(size).writePNG(to: folder + "/one.png")
            objects = try examples(annotations, folder: folder, keepsEmpty: true).example(0).objects
        }
        return objects
    }

    private func picture(_ size: PixelSize) -> Image {
        Image(
            width: size.width, height: size.height,
            pixels: Array(repeating: 0, count: 3 * size.width * size.height))
    }

    @Test("Labels count from 1 in the order of the categories; boxes become edges")
    func labels() throws {
        let source = examples([annotation(1)])
        #expect(source.classes.names == ["seven", "three"] && source.classes.categories == [7, 3])
        #expect(source.count == 1 && source.size(of: 0) == size)
        let found = try objects([annotation(1), annotation(2, category: 3), annotation(3, category: 99)])
        #expect(found.map(\.label) == [1, 2])
        #expect(found.allSatisfy { $0.box == Box(x1: 1, y1: 1, x2: 5, y2: 3) && $0.mask == nil })
    }

    @Test("The parts of an outline are one mask")
    func polygons() throws {
        let parts = [try square(0, 0, 2), try square(5, 3, 3), try square(1, 1, 2)]
        let found = try objects([annotation(1, segmentation: .polygons(parts))])
        let expected: [UInt8] = [
            1, 1, 0, 0, 0, 0, 0, 0,
            1, 1, 1, 0, 0, 0, 0, 0,
            0, 1, 1, 0, 0, 0, 0, 0,
            0, 0, 0, 0, 0, 1, 1, 1,
            0, 0, 0, 0, 0, 1, 1, 1,
            0, 0, 0, 0, 0, 1, 1, 1,
        ]
        #expect(found.first?.mask?.expanded() == expected)
        let single = try objects([annotation(1, segmentation: .polygons([parts[0]]))])
        #expect(single.first?.mask?.area == 4)
        // Parts without a pixel, and no part at all, are masks without a pixel.
        let none = try objects([annotation(1, segmentation: .polygons([]))])
        #expect(none.first?.mask?.area == 0)
    }

    @Test("Run lengths, columns first, are the mask")
    func runLengths() throws {
        // Five zeros, then the last pixel of the first column and the first two of the second.
        let runs = try RunLengths(size: size, counts: [5, 3, 40])
        let mask = try #require(try objects([annotation(1, segmentation: .runLengths(runs))]).first?.mask)
        #expect(mask.area == 3)
        #expect(mask[row: 5, column: 0] && mask[row: 0, column: 1] && mask[row: 1, column: 1])
    }

    @Test("Crowds stay in the picture, objects without area do not")
    func crowds() throws {
        let flat = AnnotationBox(x: 1, y: 1, width: 0, height: 3)
        let found = try objects([
            annotation(1, isCrowd: true), annotation(2, box: flat), annotation(3),
        ])
        #expect(found.map(\.isCrowd) == [true, false])
    }

    @Test("Visibility becomes the score of a keypoint")
    func keypoints() throws {
        let found = try objects([
            annotation(
                1,
                keypoints: [
                    AnnotationKeypoint(x: 2.5, y: 3, visibility: 2),
                    AnnotationKeypoint(x: 0, y: 0, visibility: 0),
                ])
        ])
        #expect(
            found.first?.keypoints == [Keypoint(x: 2.5, y: 3, score: 2), Keypoint(x: 0, y: 0, score: 0)])
    }

    @Test("Pictures without anything to learn from are left out")
    func emptyPictures() {
        let pictures = (1...5).map { id in
            Picture(
                id: id, fileName: "\(id).png", size: id == 4 ? PixelSize(height: 0, width: 8) : size)
        }
        let flat = AnnotationBox(x: 1, y: 1, width: 2, height: 0)
        let annotations = [
            annotation(1, image: 2, isCrowd: true), annotation(2, image: 3), annotation(3, image: 4),
            annotation(4, image: 5, box: flat),
        ]
        #expect(examples(annotations, pictures: pictures).count == 1)
        #expect(examples(annotations, pictures: pictures, keepsEmpty: true).count == 4)
    }

    @Test("A picture that is missing, broken or of another size is an error that names it")
    func pictures() throws {
        try withTemporaryFolder { folder in
            let source = examples([annotation(1)], folder: folder)
            let path = folder + "/one.png"
            func fault() -> String? {
                let error = #expect(throws: FileError.self) { try source.example(0) }
                #expect(error?.path == path)
                return error?.fault
            }
            _ = fault()
            try Data("no picture".utf8).write(to: URL(fileURLWithPath: path))
            _ = fault()
            try picture(PixelSize(height: 7, width: 8)).writePNG(to: path)
            let wrong = fault()
            #expect(wrong?.contains("8×7") == true && wrong?.contains("8×6") == true)
            try picture(size).writePNG(to: path)
            #expect(try source.example(0).image == picture(size))
        }
    }
}

@Suite struct SceneExamplesTests {
    private let generator = SceneGenerator(seed: 3, size: PixelSize(height: 64, width: 96))

    @Test("An example is the scene of that number, every time")
    func scenes() {
        let source = SceneExamples(generator, count: 5)
        #expect(source.count == 5 && source.size(of: 4) == PixelSize(height: 64, width: 96))
        #expect(SceneExamples.classes.names.count == SceneCategory.allCases.count)
        for index in 0..<3 {
            let (example, scene) = (source.example(index), generator.scene(index))
            #expect(example.image == scene.picture && example.size == source.size(of: index))
            #expect(example.objects.count == scene.objects.count)
            for (object, expected) in zip(example.objects, scene.objects) {
                #expect(object.box == expected.box && object.mask == expected.mask)
                #expect(object.keypoints == expected.keypoints && object.isCrowd == expected.isCrowd)
                #expect(SceneExamples.classes.category(of: object.label) == expected.category.id)
            }
        }
        #expect((0..<3).contains { !source.example($0).objects.isEmpty })
    }
}

@Suite struct TrainingDataTests {
    @Test("Scenes without a folder; neither of them is an error")
    func scenes() throws {
        let data = try TrainingData(folder: nil, scenes: TrainingConfiguration.Scenes(seed: 1, count: 12))
        #expect(data.source.count == 12 && data.classes == SceneExamples.classes && data.remarks.isEmpty)
        #expect(throws: TrainingError.self) { try TrainingData(folder: nil, scenes: nil) }
    }

    @Test("A dataset without a picture to learn from is refused by name")
    func emptyDataset() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/annotations.json"
            try Data(try Dataset(categories: [Category(id: 1, name: "one")]).encoded())
                .write(to: URL(fileURLWithPath: path))
            let error = #expect(throws: TrainingError.self) { try TrainingData(folder: folder, scenes: nil) }
            #expect(error?.description.contains(path) == true)
        }
    }
}

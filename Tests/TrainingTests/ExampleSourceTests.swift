import COCO
import Formats
import Foundation
import Geometry
import Tensors
import TestSupport
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

@Suite struct TrainingDataTests {
    @Test("A dataset without a picture to learn from is refused by name")
    func emptyDataset() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/annotations.json"
            try Data(try Dataset(categories: [Category(id: 1, name: "one")]).encoded())
                .write(to: URL(fileURLWithPath: path))
            let error = #expect(throws: TrainingError.self) { try TrainingData(folder: folder) }
            #expect(error?.description.contains(path) == true)
        }
    }

    /// A dataset of four pictures, each with a square: the second is missing, the third of another size, the fourth is
    /// no picture.
    private func writeBrokenDataset(to folder: String) throws {
        try FileManager.default.createDirectory(
            atPath: folder + "/images/sub", withIntermediateDirectories: true)
        let size = PixelSize(height: 6, width: 8)
        let image = Image(width: 8, height: 6, pixels: Array(repeating: 90, count: 3 * 48))
        let names = [#"sub\one.png"#, "two.png", "three.png", "four.png"]
        try image.writePNG(to: folder + "/images/sub/one.png")
        try Image(width: 6, height: 8, pixels: image.pixels).writePNG(to: folder + "/images/three.png")
        try Data("no picture".utf8).write(to: URL(fileURLWithPath: folder + "/images/four.png"))
        let dataset = Dataset(
            images: names.enumerated().map { Picture(id: $0 + 1, fileName: $1, size: $0 == 0 ? nil : size) },
            annotations: (1...4).map {
                Annotation(
                    id: $0, imageID: $0, categoryID: 7, box: AnnotationBox(x: 1, y: 1, width: 3, height: 3),
                    area: 9)
            },
            categories: [Category(id: 0, name: "all"), Category(id: 7, name: "seven")])
        try Data(try dataset.encoded()).write(to: URL(fileURLWithPath: folder + "/annotations.json"))
    }

    @Test("Pictures that cannot be trained on are named before the first step, in one list")
    func brokenPictures() throws {
        try withTemporaryFolder { folder in
            try writeBrokenDataset(to: folder)
            let error = #expect(throws: TrainingError.self) { try TrainingData(folder: folder) }
            let message = error?.description ?? ""
            #expect(message.contains("3 of 4 pictures"))
            #expect(message.contains("two.png: No such file"))
            #expect(
                message.contains("three.png: is 6×8 pixels (width × height)") && message.contains("says 8×6"))
            #expect(message.contains("four.png: neither PNG nor JPEG"))
            #expect(!message.contains("one.png") && !message.contains("\n"))
        }
    }

    @Test(
        "They are left out if broken entries are; a backslash in a file name is a slash; a missing size is read"
    )
    func brokenPicturesAreLeftOut() throws {
        try withTemporaryFolder { folder in
            try writeBrokenDataset(to: folder)
            let data = try TrainingData(folder: folder, classCount: 1, skipsBroken: true)
            #expect(data.source.count == 1)
            #expect(data.source.size(of: 0) == PixelSize(height: 6, width: 8))
            #expect(try data.source.example(0).objects.map(\.label) == [1])
            #expect(data.remarks.contains { $0.contains("left out 3 of 4 pictures") })
            #expect(data.remarks.contains { $0.contains("backslashes") })
            // One category has no object, and the network one class: the other one is it.
            #expect(data.classes.names == ["seven"] && data.classes.categories == [7])
            #expect(data.remarks.contains { $0.contains("'all'") })
            let all = try TrainingData(folder: folder, skipsBroken: true)
            #expect(all.classes.names == ["all", "seven"])
        }
    }
}

@Suite struct TargetCountsTests {
    /// Three objects: two with masks, one with 17 keypoints, one with 4, and the third with none labelled.
    private func annotations(masks: Int = 2, keypoints: [Int] = [17, 4]) throws -> [Annotation] {
        try (0..<3).map { index in
            Annotation(
                id: index + 1, imageID: 1, categoryID: 1, box: AnnotationBox(x: 0, y: 0, width: 2, height: 2),
                area: 4,
                segmentation: index < masks
                    ? .runLengths(try RunLengths(size: PixelSize(height: 2, width: 2), counts: [0, 4])) : nil,
                keypoints: Array(
                    repeating: AnnotationKeypoint(x: 1, y: 1, visibility: index < keypoints.count ? 2 : 0),
                    count: index < keypoints.count ? keypoints[index] : 17))
        }
    }

    @Test("Objects are counted by what they have")
    func counts() throws {
        let counts = TargetCounts(try annotations())
        #expect(counts.objects == 3 && counts.masks == 2 && counts.keypoints == [17: 1, 4: 1])
    }

    @Test("Some objects without a target are remarked on")
    func someWithout() throws {
        let remarks = try TargetCounts(try annotations()).check(against: try TinyRun.configuration()) { _ in
            false
        }
        #expect(remarks.count == 2)
        #expect(remarks.first?.contains("1 of 3 objects have no segmentation") == true)
        #expect(remarks.last?.contains("1 objects have 4 keypoints in place of the network's 17") == true)
    }

    @Test(
        "A mask head without a single target is refused unless it is trained already, another number of keypoints always"
    )
    func headsWithoutTargets() throws {
        let configuration = try TinyRun.configuration()
        func fault(_ annotations: [Annotation], trained: Set<String> = []) -> String? {
            do {
                _ = try TargetCounts(annotations).check(against: configuration) { trained.contains($0) }
                return nil
            } catch { return "\(error)" }
        }
        #expect(fault(try annotations(masks: 0))?.hasPrefix("network.masks: none of the 3 objects") == true)
        #expect(fault(try annotations(masks: 0), trained: ["mask"]) == nil)
        let untrained = try TargetCounts(try annotations(keypoints: [])).check(against: configuration) { _ in
            false
        }
        #expect(untrained.contains { $0.contains("the keypoint head learns nothing") })
        #expect(fault(try annotations(keypoints: []), trained: ["keypoint"]) == nil)
        let other = "network.keypoints.count is 17, but the objects have 4 keypoints"
        #expect(fault(try annotations(keypoints: [4, 4])) == other)
        #expect(fault(try annotations(keypoints: [4, 4]), trained: ["keypoint"]) == other)
        var boxesOnly = configuration
        boxesOnly.network.masks = nil
        boxesOnly.network.keypoints = nil
        #expect(
            try TargetCounts(try annotations(masks: 0, keypoints: [])).check(against: boxesOnly) { _ in false
            }
            .isEmpty)
    }
}

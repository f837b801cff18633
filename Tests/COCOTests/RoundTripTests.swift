import COCO
import Geometry
import Testing

@Suite struct EncodingTests {
    /// The expected text is written by hand.
    @Test func writesOneEntryALine() throws {
        let dataset = Dataset(
            images: [Picture(id: 7, fileName: "a\"b\\c.png", size: .init(height: 2, width: 3))],
            annotations: [
                Annotation(
                    id: 1, imageID: 7, categoryID: 3,
                    box: AnnotationBox(x: 0.5, y: 0, width: 2, height: 1.25), area: 2.5)
            ],
            categories: [Category(id: 3, name: "dog", supercategory: "animal")])
        let expected = #"""
            {"info": {},
            "images": [
            {"id": 7, "file_name": "a\"b\\c.png", "height": 2, "width": 3}
            ],
            "annotations": [
            {"id": 1, "image_id": 7, "category_id": 3, "bbox": [0.5, 0, 2, 1.25], "area": 2.5, "iscrowd": 0}
            ],
            "categories": [
            {"id": 3, "name": "dog", "supercategory": "animal"}
            ]}

            """#
        #expect(String(decoding: try dataset.encoded(), as: UTF8.self) == expected)
    }

    @Test(arguments: ["instances", "crowds", "keypoints", "large-ids"])
    func whatIsWrittenIsReadAgain(_ name: String) throws {
        let dataset = try Dataset(contentsOf: fixture("\(name).annotations.json"))
        #expect(!dataset.annotations.isEmpty)
        let bytes = try dataset.encoded()
        let file = try TemporaryFile(bytes)
        let again = try Dataset(contentsOf: file.path)
        #expect(again == dataset)
        #expect(try again.encoded() == bytes)
    }

    @Test(arguments: ["instances", "masks", "keypoints"])
    func resultsAreReadAgain(_ name: String) throws {
        let dataset = try Dataset(contentsOf: fixture("\(name).annotations.json"))
        let results = try Results(contentsOf: fixture("\(name).results.json"), of: dataset)
        #expect(!results.detections.isEmpty)
        let file = try TemporaryFile(try results.encoded())
        #expect(try Results(contentsOf: file.path, of: dataset) == results)
    }

    @Test func writingRefusesWhatReadingWould() {
        let picture = Picture(id: 1, fileName: "1.png", size: PixelSize(height: 2, width: 2))
        let category = Category(id: 3, name: "dog")
        func dataset(box: Double = 0, image: Int = 1, copies: Int = 1) -> Dataset {
            let annotation = Annotation(
                id: 5, imageID: image, categoryID: 3, box: AnnotationBox(x: box, y: 0, width: 1, height: 1),
                area: 1)
            return Dataset(
                images: [picture], annotations: Array(repeating: annotation, count: copies),
                categories: [category])
        }
        #expect(
            fault { _ = try dataset(box: .nan).encoded() } == "annotation 5: its box is not of finite numbers"
        )
        #expect(fault { _ = try dataset(image: 2).encoded() } == "annotation 5: image 2 does not exist")
        #expect(fault { _ = try dataset(copies: 2).encoded() } == "annotation 5: another one has the same id")
        let twice = Dataset(images: [picture, picture], categories: [category])
        #expect(fault { _ = try twice.encoded() } == "image 1: another one has the same id")
        let infinite = Results(detections: [Detection(imageID: 1, categoryID: 3, score: .infinity)])
        #expect(fault { _ = try infinite.encoded() } == "detection 1: has a number that is not finite")
    }
}

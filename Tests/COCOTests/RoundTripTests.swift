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
}

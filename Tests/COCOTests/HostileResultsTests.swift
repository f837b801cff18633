import COCO
import Geometry
import Testing

private let dataset = Dataset(
    images: [Picture(id: 1, fileName: "1.png", size: PixelSize(height: 4, width: 5))],
    annotations: [
        Annotation(
            id: 1, imageID: 1, categoryID: 3, box: AnnotationBox(x: 0, y: 0, width: 2, height: 2), area: 4)
    ],
    categories: [Category(id: 3, name: "dog")])

@Suite struct HostileResultsTests {
    @Test(arguments: [
        (#"{"image_id": 2, "category_id": 3, "score": 1, "bbox": [0, 0, 1, 1]}"#, "image 2 does not exist"),
        (
            #"{"image_id": 1, "category_id": 9, "score": 1, "bbox": [0, 0, 1, 1]}"#,
            "category 9 does not exist"
        ),
        (#"{"image_id": 1, "category_id": 3, "bbox": [0, 0, 1, 1]}"#, "has no score"),
        (
            #"{"image_id": 1, "category_id": 3, "score": NaN, "bbox": [0, 0, 1, 1]}"#,
            "its score is not a finite number"
        ),
        (
            #"{"image_id": 1, "category_id": 3, "score": 1}"#,
            "has neither a bbox, a segmentation nor keypoints"
        ),
        (
            #"{"image_id": 1, "category_id": 3, "score": 1, "bbox": [], "keypoints": []}"#,
            "has neither a bbox, a segmentation nor keypoints"
        ),
        (
            #"{"image_id": 1, "category_id": 3, "score": 1, "segmentation": {"size": [5, 4], "counts": "d0"}}"#,
            "its mask is 4×5 pixels (width × height), image 1 is 5×4"
        ),
        ("7", "is not an object"),
    ])
    func refusesOrSkips(_ detection: String, _ expected: String) throws {
        let broken = try TemporaryFile("[\(detection)]")
        #expect(fault { _ = try Results(contentsOf: broken.path, of: dataset) } == "detection 1: \(expected)")
        var skipped = SkippedEntries()
        let results = try Results(contentsOf: broken.path, of: dataset, skipping: &skipped)
        #expect(results.detections.isEmpty && skipped.total == 1)
    }

    @Test func refusesWhatIsNoResultsFile() throws {
        let broken = try TemporaryFile("{}")
        let expected = "is no COCO results file: it is not a JSON list"
        #expect(fault { _ = try Results(contentsOf: broken.path, of: dataset) } == expected)
    }

    /// Some tools write an annotation file with scores.
    @Test func anObjectWithAnnotationsIsRead() throws {
        let entry = #"{"id": 1, "image_id": 1, "category_id": 3, "bbox": [0, 0, 1, 1]"#
        let wrapped = try TemporaryFile(#"{"info": {}, "annotations": [\#(entry), "score": 0.5}]}"#)
        let read = try ResultsFile(contentsOf: wrapped.path, of: dataset)
        #expect(read.results.detections.map(\.score) == [0.5] && read.remarks.count == 1)
        let annotations = try TemporaryFile(#"{"annotations": [\#(entry)}]}"#)
        let message = fault { _ = try Results(contentsOf: annotations.path, of: dataset) }
        #expect(message?.hasPrefix("is no COCO results file: its annotations have no score") == true)
    }

    /// A broken mask leaves the detection's box.
    @Test func aBrokenMaskLeavesTheBox() throws {
        let mask = #""segmentation": {"size": [4, 5], "counts": "\u0001"}"#
        let broken = try TemporaryFile(
            #"[{"image_id": 1, "category_id": 3, "score": 1, "bbox": [0, 0, 1, 1], \#(mask)}]"#)
        let read = try ResultsFile(contentsOf: broken.path, of: dataset)
        #expect(read.faults[.masks]?.hasPrefix("detection 1: run lengths") == true)
        #expect(read.results.detections.first?.box != nil)
        let skipping = try ResultsFile(contentsOf: broken.path, of: dataset, skipsBroken: true)
        #expect(skipping.results == read.results && skipping.skipped.counts == [.segmentation: 1])
    }

    /// Values in memory are checked as those of files are.
    @Test func evaluationRefusesWhatCannotBeCompared() throws {
        let box = AnnotationBox(x: 0, y: 0, width: 2, height: 2)
        let elsewhere = Results(detections: [Detection(imageID: 5, categoryID: 3, score: 1, box: box)])
        #expect(
            fault { _ = try Evaluation(dataset: dataset, results: elsewhere, kind: .boxes) }
                == "detection 1: image 5 does not exist")
        let found = Results(detections: [Detection(imageID: 1, categoryID: 3, score: 1, box: box)])
        #expect(
            fault { _ = try Evaluation(dataset: dataset, results: found, kind: .masks) }
                == "annotation 1: has no segmentation")
        var withKeypoints = dataset
        withKeypoints.annotations[0].keypoints = [AnnotationKeypoint(x: 1, y: 1, visibility: 2)]
        let pointed = Results(detections: [
            Detection(imageID: 1, categoryID: 3, score: 1, keypoints: withKeypoints.annotations[0].keypoints)
        ])
        #expect(
            fault { _ = try Evaluation(dataset: withKeypoints, results: pointed, kind: .keypoints) }
                == "category 3: its objects have 1 keypoints, and there are 17 sigmas, which say how far off each "
                + "usually is (COCO's, of a person)")
    }

    /// By hand: nothing was found, so no recall is reached.
    @Test func nothingFoundIsZero() throws {
        let evaluation = try Evaluation(dataset: dataset, results: Results(), kind: .boxes)
        #expect(evaluation.summary.values == [0, 0, 0, 0, -1, -1, 0, 0, 0, 0, -1, -1])
        #expect(Results().kinds(comparableWith: dataset) == [.boxes])
    }

    /// By hand: without objects there is nothing to say, and without categories no axis to say it on.
    @Test func nothingToFindIsMinusOne() throws {
        var empty = dataset
        empty.annotations = []
        let found = Results(detections: [
            Detection(
                imageID: 1, categoryID: 3, score: 1, box: AnnotationBox(x: 0, y: 0, width: 2, height: 2))
        ])
        let evaluation = try Evaluation(dataset: empty, results: found, kind: .boxes)
        #expect(evaluation.summary.values == Array(repeating: -1, count: 12))
        let nothing = try Evaluation(dataset: Dataset(), results: Results(), kind: .keypoints)
        #expect(nothing.summary.values == Array(repeating: -1, count: 10))
    }
}

/// A file of a megabyte could ask for gigabytes of curves.
@Test func tooManyCategoriesAreRefused() {
    let dataset = Dataset(categories: (1...20_000).map { Category(id: $0, name: "") })
    #expect(
        fault { _ = try Evaluation(dataset: dataset, results: Results(), kind: .boxes) }
            == "20000 categories are too many to evaluate")
}

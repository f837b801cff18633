import COCO
import Foundation
import Testing

/// A dataset of one picture of 4×5 pixels, one category, one of three keypoints, and the given annotation.
private func file(_ annotation: String) -> String {
    """
    {"images": [{"id": 1, "file_name": "1.png", "height": 4, "width": 5}],
     "categories": [{"id": 3, "name": "dog"}, {"id": 4, "name": "hand", "keypoints": ["a", "b", "c"]}],
     "annotations": [\(annotation)]}
    """
}

private let good = #""image_id": 1, "category_id": 3, "bbox": [0, 0, 1, 1], "area": 1"#

/// Broken files are refused with a line that says what is wrong, and broken entries can be left out.
@Suite struct HostileAnnotationTests {
    @Test(arguments: [
        (
            #"{"id": 17, "image_id": 1, "category_id": 99, "bbox": [0, 0, 1, 1], "area": 1}"#,
            "category 99 does not exist"
        ),
        (
            #"{"id": 17, "image_id": 2, "category_id": 3, "bbox": [0, 0, 1, 1], "area": 1}"#,
            "image 2 does not exist"
        ),
        (#"{"id": 17, "image_id": 1, "category_id": 3, "area": 1}"#, "has no bbox"),
        (#"{"id": 17, "image_id": 1, "category_id": 3, "segmentation": []}"#, "has no bbox"),
        (#"{"id": 17, "image_id": "one", "category_id": 3}"#, "image one does not exist"),
        (#"{"id": 17, "image_id": 1.5, "category_id": 3}"#, "image 1.5 does not exist"),
        (#"{"id": 17, "image_id": [], "category_id": 3}"#, "its image_id is not a number"),
        (#"{"id": 17, "image_id": null, "category_id": 3}"#, "has no image_id"),
        (
            #"{"id": 17, "image_id": 99999999999999999999, "category_id": 3}"#,
            "image 99999999999999999999 does not exist"
        ),
        (
            #"{"id": 17, "image_id": 1, "category_id": 3, "bbox": [0, NaN, 1, 1], "area": 1}"#,
            "its box is not of finite numbers"
        ),
        (
            #"{"id": 17, "image_id": 1, "category_id": 3, "bbox": [0, 0, 1e999, 1], "area": 1}"#,
            "its box is not of finite numbers"
        ),
        (
            #"{"id": 17, "image_id": 1, "category_id": 3, "bbox": [0, 0, -1, 1], "area": 1}"#,
            "its box has a negative size"
        ),
        (
            #"{"id": 17, "image_id": 1, "category_id": 3, "bbox": [0, 0, 1], "area": 1}"#,
            "its bbox is 3 numbers, not 4"
        ),
        (#"{"id": 17, "image_id": 1, "category_id": 3, "bbox": {}, "area": 1}"#, "its bbox is not a list"),
        (
            #"{"id": 17, \#(good), "segmentation": [0, 0, 1, 1, 2, 0]}"#,
            "its segmentation is a list of numbers, not of polygons"
        ),
        (
            #"{"id": 17, \#(good), "segmentation": [{"size": [4, 5], "counts": [20]}, [0, 0, 1, 1, 2, 0]]}"#,
            "its segmentation mixes polygons and masks, or masks of several sizes"
        ),
        (#"{"id": 17, \#(good), "segmentation": [[0, 0, 1, 1]]}"#, "a polygon of 2 vertices"),
        (
            #"{"id": 17, \#(good), "segmentation": [[0, 0, 1, Infinity, 2, 0]]}"#,
            "a polygon's vertex 1 is not a point of any picture"
        ),
        (
            #"{"id": 17, \#(good), "segmentation": [[0, 0, 1001, 0, 2, 0]]}"#,
            "a polygon lies far outside of image 1"
        ),
        (#"{"id": 17, \#(good), "segmentation": 3}"#, "its segmentation is not an object"),
        (
            #"{"id": 17, \#(good), "segmentation": {"counts": [20]}}"#,
            "its segmentation has no size of two numbers"
        ),
        (#"{"id": 17, \#(good), "segmentation": {"size": [4, 5]}}"#, "its segmentation has no counts"),
        (
            #"{"id": 17, \#(good), "segmentation": {"size": [4, 5], "counts": [19]}}"#,
            "run lengths sum to 19, the picture has 20 pixels"
        ),
        (
            #"{"id": 17, \#(good), "segmentation": {"counts": [20], "size": [5, 4]}}"#,
            "its mask is 4×5 pixels (width × height), image 1 is 5×4"
        ),
        (
            #"{"id": 17, \#(good), "segmentation": {"size": [4, 5], "counts": [-1, 21]}}"#,
            "its segmentation has a run of negative or huge length"
        ),
        (
            #"{"id": 17, \#(good), "segmentation": {"size": [4, 5], "counts": "\u0001"}}"#,
            "run lengths: byte 1 at offset 0 is no part of the code"
        ),
        (
            #"{"id": 17, \#(good), "segmentation": {"size": [4611686018427387904, 4], "counts": [0]}}"#,
            "run lengths for a picture of 4×4611686018427387904 pixels, which is negative or too large"
        ),
        (#"{"id": 17, \#(good), "keypoints": [1, 2, 2, 3]}"#, "its keypoints are 4 numbers, not three each"),
        (#"{"id": 17, \#(good), "keypoints": [1, NaN, 2]}"#, "its keypoints are not finite numbers"),
        (#"{"id": 17, \#(good), "num_keypoints": -1}"#, "its number of keypoints is negative"),
        (#"{"id": 17, \#(good), "iscrowd": "no"}"#, "its iscrowd is not a number"),
    ])
    func refusesOrSkips(_ annotation: String, _ expected: String) throws {
        let broken = try TemporaryFile(file(annotation))
        #expect(fault { _ = try Dataset(contentsOf: broken.path) } == "annotation 17: \(expected)")
        let both = try TemporaryFile(file(#"{"id": 16, \#(good)}, "# + annotation))
        var skipped = SkippedEntries()
        let dataset = try Dataset(contentsOf: both.path, skipping: &skipped)
        #expect(skipped.total == 1)
        #expect(skipped.first == "annotation 17: \(expected)")
        #expect(dataset.annotations.first?.id == 16)
    }

    /// A broken mask or broken keypoints leave the box: what can be compared by boxes is.
    @Test(arguments: [
        (#""segmentation": [[0, 0, 1, 1]]"#, EvaluationKind.masks, "a polygon of 2 vertices"),
        (
            #""segmentation": {"size": [4, 5], "counts": [19]}"#, .masks,
            "run lengths sum to 19, the picture has 20 pixels"
        ),
        (#""keypoints": [1, 2, 2, 3]"#, .keypoints, "its keypoints are 4 numbers, not three each"),
        (#""num_keypoints": -1"#, .keypoints, "its number of keypoints is negative"),
    ])
    func aBrokenPartLeavesTheRest(_ part: String, _ kind: EvaluationKind, _ expected: String) throws {
        let broken = try TemporaryFile(file(#"{"id": 17, \#(good), \#(part)}"#))
        let read = try AnnotationFile(contentsOf: broken.path)
        #expect(read.faults == [kind: "annotation 17: \(expected)"])
        #expect(read.skipped.total == 0)
        let annotation = try #require(read.dataset.annotations.first)
        #expect(annotation.box == AnnotationBox(x: 0, y: 0, width: 1, height: 1))
        #expect(annotation.segmentation == nil && annotation.keypoints == nil)
        let skipping = try AnnotationFile(contentsOf: broken.path, skipsBroken: true)
        #expect(skipping.dataset == read.dataset && skipping.faults.isEmpty && skipping.skipped.total == 1)
    }

    /// What is clear enough is read and remarked on.
    @Test(arguments: [
        (
            #"{"id": 17, "image_id": "1", "category_id": "3", "bbox": [0, 0, 1, 1], "area": 1}"#,
            "an id as text"
        ),
        (#"{"id": 17, "image_id": 1, "category_id": 3, "bbox": [0, 0, 1, 1]}"#, "has no area"),
        (#"{"image_id": 1, "category_id": 3, "bbox": [0, 0, 1, 1], "area": 1}"#, "has no id"),
        (
            #"{"id": 17, "image_id": 1, "category_id": 3, "area": 1, "segmentation": [[0, 0, 1, 0, 1, 1]]}"#,
            "no usable bbox"
        ),
        (#"{"id": 17, "image_id": 1, "category_id": 3, "bbox": [0, 0, 1, 1], "area": -1}"#, "negative"),
        (
            #"{"id": 17, "image_id": 1, "category_id": 3, "bbox": [0, 0, 1, 1], "area": NaN}"#,
            "no finite number"
        ),
        (#"{"id": 17, \#(good)}, {"id": 17, \#(good)}"#, "an id that an earlier one has"),
        (
            #"{"id": 17, \#(good), "segmentation": [[0, 0, 1, 0, 1, 1], [2, 2], []]}"#,
            "polygons of fewer than three points"
        ),
        (
            #"{"id": 17, \#(good), "segmentation": [[0, 0, 1, 0, 1, 1, 5]]}"#, "an odd number of coordinates"
        ),
    ])
    func theUnusualIsReadWithARemark(_ annotation: String, _ expected: String) throws {
        let odd = try TemporaryFile(file(annotation))
        let read = try AnnotationFile(contentsOf: odd.path)
        let found = try #require(read.dataset.annotations.first)
        #expect(found.imageID == 1 && found.categoryID == 3)
        #expect(found.box == AnnotationBox(x: 0, y: 0, width: 1, height: 1))
        #expect(read.remarks.count == 1 && read.remarks.first?.contains(expected) == true, "\(read.remarks)")
        #expect(read.faults.isEmpty && read.skipped.total == 0)
    }

    /// The area of a mask, not of its box. By hand: of a picture of 4×5 pixels the first column.
    @Test func aMissingAreaIsThatOfTheMask() throws {
        let mask = #""segmentation": {"size": [4, 5], "counts": [0, 4, 16]}"#
        let odd = try TemporaryFile(
            file(#"{"id": 17, "image_id": 1, "category_id": 3, "bbox": [0, 0, 2, 4], \#(mask)}"#))
        #expect(try Dataset(contentsOf: odd.path).annotations.first?.area == 4)
    }

    /// Nulls are as good as nothing, a flag may be a word, and extra fields are passed over.
    @Test func whatOthersWriteBesides() throws {
        let odd = try TemporaryFile(
            file(
                #"{"id": 17, \#(good), "iscrowd": true, "segmentation": null, "keypoints": null, "num_keypoints": null, "x": [{}]}, {"id": 18, \#(good), "iscrowd": null, "keypoints": []}"#
            ))
        let read = try AnnotationFile(contentsOf: odd.path)
        #expect(read.remarks.isEmpty && read.faults.isEmpty)
        #expect(read.dataset.annotations.map(\.isCrowd) == [true, false])
        #expect(read.dataset.annotations.map(\.keypoints) == [nil, []])
    }

    @Test func aByteOrderMarkIsPassedOver() throws {
        let text = file(#"{"id": 17, \#(good)}"#)
        let marked = try TemporaryFile([0xEF, 0xBB, 0xBF] + Array(text.utf8))
        let plain = try TemporaryFile(text)
        #expect(try Dataset(contentsOf: marked.path) == Dataset(contentsOf: plain.path))
        let wide = try TemporaryFile([0xFF, 0xFE] + text.utf8.flatMap { [$0, 0] })
        #expect(fault { _ = try Dataset(contentsOf: wide.path) } == "is UTF-16 text; JSON files are UTF-8")
        let twice = try TemporaryFile([0xEF, 0xBB, 0xBF, 0xEF, 0xBB, 0xBF] + Array(text.utf8))
        #expect(fault { _ = try Dataset(contentsOf: twice.path) } != nil)
    }

    /// Text sorts by code point, as Python sorts it, and is written again as it was read.
    @Test func textIDsAreKept() throws {
        let text = """
            {"images": [{"id": "é", "height": 4, "width": 5}, {"id": "b"}, {"id": 5}, {"id": "a"}],
             "categories": [{"id": "dog"}, {"id": 0, "name": "cat"}],
             "annotations": [{"id": "x", "image_id": "é", "category_id": "dog", "bbox": [0, 0, 1, 1], "area": 1},
                             {"id": 7, "image_id": "a", "category_id": 0, "bbox": [0, 0, 1, 1], "area": 1}]}
            """
        let odd = try TemporaryFile(text)
        let dataset = try Dataset(contentsOf: odd.path)
        #expect(dataset.images.map(\.id) == [8, 7, 5, 6])
        #expect(dataset.images.map(\.textID) == ["é", "b", nil, "a"])
        #expect(dataset.images.map(\.fileName) == [nil, nil, nil, nil])
        #expect(dataset.categories.map(\.name) == ["category dog", "cat"])
        #expect(dataset.annotations.map(\.id) == [8, 7])
        let again = try TemporaryFile(try dataset.encoded())
        let reread = try Dataset(contentsOf: again.path)
        #expect(reread.images == dataset.images && reread.annotations == dataset.annotations)
        let results = try TemporaryFile(
            #"[{"image_id": "a", "category_id": "dog", "score": 1, "bbox": [0, 0, 1, 1]}, {"image_id": "5", "category_id": "0", "score": 1, "bbox": [0, 0, 1, 1]}]"#
        )
        let found = try ResultsFile(contentsOf: results.path, of: dataset)
        #expect(found.results.detections.map(\.imageID) == [6, 5])
        #expect(found.remarks.count == 1)
        let written = String(decoding: try found.results.encoded(of: dataset), as: UTF8.self)
        #expect(written.contains(#"{"image_id": "a", "category_id": "dog","#))
        // The numbers that stand for text are no ids of the file.
        let other = try TemporaryFile(
            #"[{"image_id": 6, "category_id": 0, "score": 1, "bbox": [0, 0, 1, 1]}]"#)
        #expect(
            fault { _ = try Results(contentsOf: other.path, of: dataset) }
                == "detection 1: image 6 does not exist")
    }

    @Test(arguments: [
        ("", "is empty"),
        ("nothing", "is no COCO annotation file: it is not a JSON object"),
        ("[]", "is no COCO annotation file: it is not a JSON object"),
        ("{}", "is no COCO annotation file: it has no images"),
        (#"{"images": {}}"#, "its images are not a list"),
        (#"{"images": [], "annotations": []}"#, "is no COCO annotation file: it has no categories"),
        (#"{"images": [1,]}"#, "is not a number (byte 14)"),
        (#"{"images": [1 2]}"#, "lacks a ',' or ']' (byte 14)"),
        (#"{"images": [{"a" 1}]}"#, "lacks a ':' (byte 17)"),
        (#"{"images": [{1: 1}]}"#, "lacks a key (byte 13)"),
        (#"{"images": ["#, "ends in the middle (byte 12)"),
        (#"{"images": ["a"#, "ends in the middle of a string (byte 14)"),
        (#"{"images": ["a\"#, "ends in the middle of a string (byte 15)"),
        (#"{"images": [nul]}"#, "has a word that JSON does not know (byte 12)"),
        (#"{"images": [01]}"#, "has a number with a leading zero (byte 14)"),
        (#"{"images": [1.]}"#, "has a number that ends in a point (byte 14)"),
        (#"{"images": [1e]}"#, "has a number without an exponent (byte 14)"),
        (#"{"images": [], "annotations": [], "categories": []} x"#, "goes on after its end (byte 52)"),
        (
            #"{"images": "# + String(repeating: "[", count: 100_000),
            "nests deeper than 64 levels (byte 76)"
        ),
        (
            #"{"info": "# + String(repeating: #"{"a":"#, count: 100_000),
            "nests deeper than 64 levels (byte 329)"
        ),
    ])
    func refusesWhatIsNoAnnotationFile(_ text: String, _ expected: String) throws {
        let broken = try TemporaryFile(text)
        #expect(fault { _ = try Dataset(contentsOf: broken.path) } == expected)
        var skipped = SkippedEntries()
        #expect(fault { _ = try Dataset(contentsOf: broken.path, skipping: &skipped) } == expected)
    }

    @Test func entriesWithoutAnIdAreNamedByTheirPlace() throws {
        let broken = try TemporaryFile(file("{}, 3"))
        #expect(fault { _ = try Dataset(contentsOf: broken.path) }?.hasSuffix(": has no image_id") == true)
        var skipped = SkippedEntries()
        _ = try Dataset(contentsOf: broken.path, skipping: &skipped)
        #expect(skipped.counts == [.form: 2])
        #expect(skipped.description == "2 with a field is missing or malformed")
    }

    @Test(arguments: [
        (
            #"{"id": 2, "file_name": "a", "height": -1, "width": 5}"#,
            "image 2: its size -1×5 is negative or too large"
        ),
        (
            #"{"id": 2, "file_name": "a", "height": 1, "width": 9223372036854775807}"#,
            "image 2: its size 1×9223372036854775807 is negative or too large"
        ),
    ])
    func refusesBrokenPictures(_ pictures: String, _ expected: String) throws {
        let text = #"{"images": [\#(pictures)], "categories": [], "annotations": []}"#
        let broken = try TemporaryFile(text)
        #expect(fault { _ = try Dataset(contentsOf: broken.path) } == expected)
    }

    @Test func foldersAndMissingFilesAreRefused() {
        #expect(fault { _ = try Dataset(contentsOf: "/") } == "is a folder, not a file")
        #expect(fault { _ = try Dataset(contentsOf: "/dev/zero") } == "is not a regular file")
        #expect(
            fault { _ = try Dataset(contentsOf: "no such file") } == "does not exist or cannot be reached")
    }

    /// Whatever single byte of a file is lost or changed, reading it ends, with values or with an error.
    @Test func anyDamageIsSurvived() throws {
        let whole = try [UInt8](
            Data(contentsOf: URL(fileURLWithPath: fixture("hand-drawn.annotations.json"))))
        for offset in stride(from: 0, to: whole.count, by: 11) {
            for replacement in [UInt8(ascii: "\""), UInt8(ascii: "]"), UInt8(ascii: "9"), 0xFF] {
                var damaged = whole
                damaged[offset] = replacement
                let file = try TemporaryFile(damaged)
                var skipped = SkippedEntries()
                let message = fault { _ = try Dataset(contentsOf: file.path, skipping: &skipped) }
                #expect(message?.contains("\n") != true)
            }
            let file = try TemporaryFile(Array(whole[..<offset]))
            #expect(fault { _ = try Dataset(contentsOf: file.path) } != nil)
        }
    }
}

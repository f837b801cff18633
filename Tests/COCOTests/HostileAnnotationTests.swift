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
        (#"{"id": 17, "image_id": 1, "category_id": 3, "bbox": [0, 0, 1, 1]}"#, "has no area"),
        (#"{"id": 17, "image_id": "1", "category_id": 3}"#, "its image_id is not a number"),
        (#"{"id": 17, "image_id": 1.5, "category_id": 3}"#, "its image_id is not a whole number"),
        (
            #"{"id": 17, "image_id": 99999999999999999999, "category_id": 3}"#,
            "its image_id is a whole number that is too large"
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
            #"{"id": 17, "image_id": 1, "category_id": 3, "bbox": [0, 0, 1, 1], "area": -1}"#,
            "its area is negative"
        ),
        (
            #"{"id": 17, "image_id": 1, "category_id": 3, "bbox": [0, 0, 1, 1], "area": -Infinity}"#,
            "its area is not a finite number"
        ),
        (
            #"{"id": 17, \#(good), "segmentation": [[0, 0, 1, 1, 2, 0, 3]]}"#,
            "a polygon of 7 numbers, not two a vertex"
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
            "its mask is of 5×4 pixels, image 1 of 4×5"
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
            "run lengths for a picture of 4611686018427387904×4 pixels, which is negative or too large"
        ),
        (#"{"id": 17, \#(good), "keypoints": [1, 2, 2, 3]}"#, "its keypoints are 4 numbers, not three each"),
        (
            #"{"id": 17, "image_id": 1, "category_id": 4, "bbox": [0, 0, 1, 1], "area": 1, "keypoints": [1, 2, 2]}"#,
            "it has 1 keypoints, category 4 has 3"
        ),
        (#"{"id": 17, \#(good), "keypoints": [1, NaN, 2]}"#, "its keypoints are not finite numbers"),
        (#"{"id": 17, \#(good), "num_keypoints": -1}"#, "its number of keypoints is negative"),
        (#"{"id": 17, \#(good), "iscrowd": "no"}"#, "its iscrowd is not a number"),
        (#"{"id": 17, \#(good)}, {"id": 17, \#(good)}"#, "another one has the same id"),
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
        #expect(fault { _ = try Dataset(contentsOf: broken.path) }?.hasSuffix(": has no id") == true)
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
        (#"{"id": 2, "file_name": "a", "height": 1}"#, "image 2: has no width"),
        (
            #"{"id": 2, "file_name": "a", "height": 1, "width": 9223372036854775807}"#,
            "image 2: its size 1×9223372036854775807 is negative or too large"
        ),
        (
            #"{"id": 2, "file_name": "a", "height": 1, "width": 1}, {"file_name": "b", "id": 2, "height": 1, "width": 1}"#,
            "image 2: another one has the same id"
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

import Foundation
import TestSupport
import Testing

/// `maskrcnn evaluate`, as a user starts it. That its numbers are COCO's is tested in COCOTests.
@Suite struct EvaluateCommandTests {
    /// A picture with a dog of 20×20 pixels, and a category without objects.
    private static let annotations = """
        {"images": [{"id": 7, "file_name": "scene.png", "height": 100, "width": 100}],
         "categories": [{"id": 3, "name": "dog"}, {"id": 5, "name": "a category of which the name is long"}],
         "annotations": [{"id": 1, "image_id": 7, "category_id": 3, "bbox": [10, 10, 20, 20], "area": 400,
                          "iscrowd": 0, "segmentation": [[10, 10, 30, 10, 30, 30, 10, 30]]}]}
        """
    private static let found =
        #"{"image_id": 7, "category_id": 3, "bbox": [10, 10, 20, 20], "score": 0.5}"#

    private func numbers(_ output: String) throws -> [String: [Double]] {
        try JSONDecoder().decode([String: [Double]].self, from: Data(output.utf8))
    }

    /// By hand: the dog is found and nothing else; it is small. There are no masks among the results.
    @Test func jsonHasTheKindsThatBothSidesHave() throws {
        let folder = try TemporaryFolder()
        let annotations = try folder.write(Array(Self.annotations.utf8), to: "a.json")
        let results = try folder.write(Array("[\(Self.found)]".utf8), to: "r.json")
        let run = try Invocation("evaluate", "--annotations", annotations, "--results", results, "--json")
        #expect(run.status == 0, "\(run.errors)")
        let found = try numbers(run.output)
        #expect(found.keys.sorted() == ["bbox"])
        let expected: [Double] = [1, 1, 1, 1, -1, -1, 1, 1, 1, 1, -1, -1]
        let values = try #require(found["bbox"])
        try #require(values.count == expected.count)
        for (value, expected) in zip(values, expected) { #expect(abs(value - expected) < 1e-12) }
    }

    @Test func theTableFitsATerminal() throws {
        let folder = try TemporaryFolder()
        let annotations = try folder.write(Array(Self.annotations.utf8), to: "a.json")
        let results = try folder.write(Array("[\(Self.found)]".utf8), to: "r.json")
        let run = try Invocation(
            "evaluate", "--annotations", annotations, "--results", results, "--per-class")
        #expect(run.status == 0, "\(run.errors)")
        let lines = run.output.split(separator: "\n")
        #expect(lines.allSatisfy { $0.count <= 80 })
        #expect(lines.count { $0.hasPrefix("  AP ") } == 6 && lines.count { $0.hasPrefix("  AR ") } == 6)
        let dog = try #require(lines.first { $0.hasPrefix("  dog ") })
        #expect(
            dog.split(separator: " ").map(String.init) == [
                "dog", "1", "1.000", "1.000", "1.000", "1.000", "-1.000", "-1.000",
            ])
    }

    @Test func brokenEntriesCanBeLeftOut() throws {
        let folder = try TemporaryFolder()
        let annotations = try folder.write(Array(Self.annotations.utf8), to: "a.json")
        let other = Self.found.replacingOccurrences(of: "\"category_id\": 3", with: "\"category_id\": 99")
        let results = try folder.write(Array("[\(Self.found), \(other)]".utf8), to: "r.json")
        let arguments = ["evaluate", "--annotations", annotations, "--results", results, "--json"]
        let refused = try Invocation(arguments)
        #expect(refused.status == 2)
        #expect(refused.errors == "maskrcnn: \(results): detection 2: category 99 does not exist\n")
        let run = try Invocation(arguments + ["--skip-broken"])
        #expect(run.status == 0)
        #expect(run.errors.contains("left out 1 with a category that does not exist"))
        #expect(try numbers(run.output)["bbox"]?.count == 12)
    }

    /// What the model finds, evaluated at once and from the file that it leaves.
    @Test func theModelsDetectionsAreThoseOfTheFile() throws {
        let folder = try TemporaryFolder()
        let scene = try Invocation("walkthrough", "--output", "scene.png", in: folder.url)
        #expect(scene.status == 0)
        let picture = try Data(contentsOf: folder.url.appendingPathComponent("scene.png"))
        // The width and height of a PNG are 32-bit numbers from byte 16 on.
        let size = (0..<2).map { side in
            picture[(16 + 4 * side)..<(20 + 4 * side)].reduce(0) { $0 << 8 | Int($1) }
        }
        let text = Self.annotations.replacingOccurrences(
            of: #""height": 100, "width": 100"#, with: #""height": \#(size[1]), "width": \#(size[0])"#
        ).replacingOccurrences(of: #""name": "dog""#, with: #""name": "class 1""#)
            .replacingOccurrences(of: "a category of which the name is long", with: "class 2")
        let annotations = try folder.write(Array(text.utf8), to: "a.json")
        let results = folder.path("r.json")
        let run = try Invocation(
            "evaluate", "--annotations", annotations, "--images", folder.url.path, "--output", results,
            "--json", "--random-weights", "8")
        #expect(run.status == 0, "\(run.errors)")
        #expect(try numbers(run.output).keys.sorted() == ["bbox", "segm"])
        let again = try Invocation("evaluate", "--annotations", annotations, "--results", results, "--json")
        #expect(again.output == run.output)

        let dogs = try folder.write(Array(Self.annotations.utf8), to: "dogs.json")
        let unknown = try Invocation(
            "evaluate", "--annotations", dogs, "--images", folder.url.path, "--random-weights", "8")
        #expect(unknown.status == 2)
        #expect(unknown.errors.contains("dogs.json: category 3, 'dog', is no class of the model"))
    }

    /// An object without a mask keeps masks from being compared, not boxes; left out, it counts for boxes alone.
    @Test func aMissingMaskLeavesTheNumbersOfBoxes() throws {
        let folder = try TemporaryFolder()
        let bare =
            #"{"id": 2, "image_id": 7, "category_id": 3, "bbox": [50, 50, 20, 20], "segmentation": []}"#
        let text = Self.annotations.replacingOccurrences(
            of: "\"annotations\": [", with: "\"annotations\": [\(bare), ")
        let annotations = try folder.write(Array(text.utf8), to: "a.json")
        let found = Self.found.replacingOccurrences(
            of: "\"score\"", with: "\"segmentation\": [[10, 10, 30, 10, 30, 30, 10, 30]], \"score\"")
        let results = try folder.write(Array("[\(found)]".utf8), to: "r.json")
        let arguments = ["evaluate", "--annotations", annotations, "--results", results, "--json"]
        let run = try Invocation(arguments)
        #expect(run.status == 0)
        #expect(try numbers(run.output).keys.sorted() == ["bbox"])
        #expect(
            run.errors.contains("! no numbers of masks: ")
                && run.errors.contains("annotation 2: has no segmentation"))
        let skipping = try Invocation(arguments + ["--skip-broken"])
        #expect(skipping.status == 0)
        #expect(skipping.errors.contains("! masks: left out 1 objects and 0 detections"))
        // By hand: one of two boxes is found, and the only mask.
        let values = try numbers(skipping.output)
        #expect(values["bbox"]?[8] == 0.5)
        #expect(values["segm"]?[8] == 1)
    }

    /// Four keypoints in place: with sigmas of the user's the similarity is 1.
    @Test func otherKeypointsNeedSigmas() throws {
        let folder = try TemporaryFolder()
        let keypoints = #""keypoints": [12, 12, 2, 20, 12, 2, 12, 20, 2, 20, 20, 1]"#
        let text = Self.annotations.replacingOccurrences(of: "\"iscrowd\": 0", with: keypoints)
        let annotations = try folder.write(Array(text.utf8), to: "a.json")
        let found = Self.found.replacingOccurrences(of: "\"score\"", with: "\(keypoints), \"score\"")
        let results = try folder.write(Array("[\(found)]".utf8), to: "r.json")
        let file = try folder.write(Array("[0.1, 0.1,\n0.1, 0.1]".utf8), to: "sigmas.json")
        let arguments = ["evaluate", "--annotations", annotations, "--results", results, "--json"]
        let without = try Invocation(arguments)
        #expect(without.status == 0 && without.errors.contains("--sigmas"))
        #expect(try numbers(without.output).keys.sorted() == ["bbox"])
        for sigmas in ["0.1,0.1,0.1,0.1", file] {
            let run = try Invocation(arguments + ["--sigmas", sigmas])
            #expect(run.status == 0, "\(run.errors)")
            let precision = try #require(numbers(run.output)["keypoints"]?[1])
            #expect(abs(precision - 1) < 1e-9)
        }
        for sigmas in ["0.1,x", "0", "missing.json", ""] {
            #expect(try Invocation(arguments + ["--sigmas", sigmas]).status == 2, "\(sigmas)")
        }
    }

    @Test(arguments: [
        (["--annotations", "a.json"], "--images"),
        (["--annotations", "a.json", "--results", "r.json", "--images", "."], "r.json"),
        (["--annotations", "a.json", "--results", "r.json", "--json", "--per-class"], "--per-class"),
        (["--annotations", "missing.json", "--results", "r.json"], "missing.json: does not exist"),
        (["--annotations", "r.json", "--results", "r.json"], "r.json: is no COCO annotation file"),
        (["--annotations", "a.json", "--results", "a.json"], "a.json: is no COCO results file"),
        (["--annotations", "a.json", "--results", "k.json"], "k.json: has nothing that both sides have"),
        (["--results", "r.json"], "--annotations"),
    ])
    func badInputIsOneLine(_ arguments: [String], _ expected: String) throws {
        let folder = try TemporaryFolder()
        _ = try folder.write(Array(Self.annotations.utf8), to: "a.json")
        _ = try folder.write(Array("[\(Self.found)]".utf8), to: "r.json")
        _ = try folder.write(
            Array(#"[{"image_id": 7, "category_id": 3, "score": 1, "keypoints": [1, 1, 1]}]"#.utf8),
            to: "k.json")
        let run = try Invocation(["evaluate"] + arguments, in: folder.url)
        #expect(run.status == 2)
        #expect(run.output.isEmpty)
        #expect(run.errors.split(separator: "\n").count == 1)
        #expect(run.errors.contains(expected), "\(run.errors)")
    }
}

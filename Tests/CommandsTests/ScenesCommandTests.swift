import Foundation
import TestSupport
import Testing

@Suite struct ScenesCommandTests {
    @Test func aDatasetIsWritten() throws {
        let folder = try TemporaryFolder()
        let run = try Invocation(
            "scenes", "--count", "6", "--seed", "3", "--size", "96", "--output", folder.path("made"))
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.errors.isEmpty, "no progress where nobody watches")
        let made = folder.url.appendingPathComponent("made")
        let names = try FileManager.default.contentsOfDirectory(
            atPath: made.appendingPathComponent("images").path)
        #expect(names.sorted() == (0..<6).map { "00000\($0).png" })
        let json = try JSONSerialization.jsonObject(
            with: Data(contentsOf: made.appendingPathComponent("annotations.json")))
        let dataset = try #require(json as? [String: Any])
        let images = try #require(dataset["images"] as? [[String: Any]])
        #expect(images.map { $0["id"] as? Int } == Array(0..<6))
        #expect(
            images.allSatisfy {
                [[96, 128], [128, 96]].contains([$0["height"] as? Int, $0["width"] as? Int])
            })
        let annotations = try #require(dataset["annotations"] as? [[String: Any]])
        #expect(annotations.count > 3)
        #expect(annotations.map { $0["id"] as? Int } == Array(1...annotations.count))
    }

    @Test func masksMayAllBeRunLengths() throws {
        let folder = try TemporaryFolder()
        for (name, options) in [("polygons", []), ("runs", ["--run-lengths"])] {
            let run = try Invocation(
                ["scenes", "--count", "4", "--size", "96", "--output", folder.path(name)] + options)
            #expect(run.status == 0, "\(run.errors)")
            let json = try JSONSerialization.jsonObject(
                with: Data(contentsOf: folder.url.appendingPathComponent("\(name)/annotations.json")))
            let annotations = try #require((json as? [String: Any])?["annotations"] as? [[String: Any]])
            let polygons = annotations.count { $0["segmentation"] is [Any] }
            #expect(name == "runs" ? polygons == 0 : polygons > 0)
        }
    }

    @Test func morePicturesBeginWithTheSameOnes() throws {
        let folder = try TemporaryFolder()
        for (count, name) in [("2", "few"), ("4", "many")] {
            let run = try Invocation(
                "scenes", "--count", count, "--size", "64", "--output", folder.path(name))
            #expect(run.status == 0, "\(run.errors)")
        }
        for picture in ["000000.png", "000001.png"] {
            let few = try Data(contentsOf: folder.url.appendingPathComponent("few/images/\(picture)"))
            let many = try Data(contentsOf: folder.url.appendingPathComponent("many/images/\(picture)"))
            #expect(few == many)
        }
    }

    @Test(arguments: [
        ["--count", "0"], ["--count", "1000001"], ["--count", "2", "--size", "63"],
        ["--count", "2", "--size", "3073"], ["--count", "2", "--seed", "-1"], ["--seed", "1"],
    ])
    func numbersOutOfRangeAreRefused(_ arguments: [String]) throws {
        let folder = try TemporaryFolder()
        let run = try Invocation(["scenes", "--output", "made"] + arguments, in: folder.url)
        #expect(run.status == 2)
        #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)")
        #expect(folder.names.isEmpty)
    }

    @Test func aFolderThatHoldsSomethingIsLeftAlone() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write([1], to: "precious")
        for (output, name) in [(folder.url.path, folder.url.lastPathComponent), (file, "precious")] {
            let run = try Invocation("scenes", "--count", "1", "--output", output)
            #expect(run.status == 2)
            #expect(run.errors.contains(name), "\(run.errors)")
        }
        let unnamed = try Invocation(["scenes", "--count", "1", "--output", ""], in: folder.url)
        #expect(unnamed.status == 2)
        #expect(folder.names == ["precious"])
    }
}

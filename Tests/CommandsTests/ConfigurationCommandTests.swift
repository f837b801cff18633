import Foundation
import TestSupport
import Testing

/// What a run prints, without its first line, which has names and times in it.
private func results(_ run: Invocation) -> [Substring] {
    Array(run.output.split(separator: "\n").dropFirst())
}

/// What is said of a model on the command line, and what comes of it.
@Suite struct ConfigurationCommandTests {
    /// The scene that ships with the project.
    private static let scene = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../Sources/Scenes/Picture/scene.png").standardized.path

    @Test("What inspect --configuration prints is read back, and finds the same")
    func roundTrip() throws {
        let folder = try TemporaryFolder()
        let printed = try Invocation("inspect", "--configuration")
        #expect(printed.status == 0 && printed.output.contains("preNMSTopN: 300,  // from the file"))
        #expect(printed.output.contains("nmsThreshold: 0.7,  // profile paper"))
        let file = try folder.write(Array(printed.output.utf8), to: "mine.json5")
        let plain = try Invocation("detect", Self.scene)
        let read = try Invocation("detect", Self.scene, "--configuration", file)
        #expect(plain.status == 0 && results(read) == results(plain) && !results(plain).isEmpty)
        // Read and printed again, only the sources are others.
        let again = try Invocation("inspect", "--configuration", file)
        func values(_ text: String) -> [Substring] {
            text.split(separator: "\n").map {
                $0.prefix(upTo: $0.range(of: "  //")?.lowerBound ?? $0.endIndex)
            }
        }
        #expect(values(again.output) == values(printed.output))
        #expect(again.output.contains("preNMSTopN: 300,  // mine.json5"))
        let other = try Invocation(
            "detect", Self.scene, "--configuration", file, "--set", "boxes.detectionsPerImage=1")
        #expect(other.status == 0 && results(other) != results(plain))
    }

    @Test(
        "What cannot be said is refused in one line, with exit code 2",
        arguments: [
            (["--set", "boxes.nmsTreshold=0.5"], "--set there is no boxes.nmsTreshold; the nearest: "),
            (["--set", "boxes.nmsThreshold=x"], "boxes.nmsThreshold must be a number, not \"x\""),
            (["--set", "boxes.nmsThreshold=2"], "boxes.nmsThreshold is 2.0, not from 0 to 1"),
            (["--set", "anchors.aspectRatios=[1, 2]"], "is for 3 anchors at a position, expected 2"),
            (
                ["--set", "boxes.overlapThreshold=0.5"],
                "boxes.overlapThreshold is called boxes.nmsThreshold now"
            ),
            (["--configuration", "there is none.json5"], "there is none.json5"),
            (["--classes", "there is none.txt"], "there is none.txt"),
        ])
    func refusals(arguments: [String], fault: String) throws {
        let run = try Invocation(["detect", Self.scene] + arguments)
        #expect(run.status == 2 && run.errors.contains(fault), "\(run.errors)")
    }

    @Test("inspect lists what tensors do not tell, in every form")
    func listing() throws {
        for arguments in [["inspect", "--summary"], ["inspect"], ["inspect", "--json"]] {
            let run = try Invocation(arguments)
            #expect(run.status == 0)
            for words in [
                "input size: shorter side 240, longer at most 320 (from the file)", "mean and deviation: ",
                "anchors: sides 12 | 24 | 48 | 96 | 192", "detections: probability above 0.05",
                "proposals: 300 a level",
            ] {
                let output = run.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
                #expect(output.contains(words), "\(words)")
            }
        }
        let set = try Invocation("inspect", "--summary", "--set", "input.mean=[1, 2, 3]")
        #expect(set.output.contains("mean and deviation: 1, 2, 3 and"))
    }

    @Test("inspect exits 1 for a file that does not load as a model")
    func refusedFile() throws {
        let folder = try TemporaryFolder()
        let run = try Invocation(
            "inspect", "--summary", "--set", "anchors.sizes=[[1, 2], [1, 2], [1, 2], [1, 2], [1, 2]]")
        #expect(run.status == 1 && run.output.contains("It does not load: "))
        // Eight bytes of length, then a header of that length.
        let header = Array("{\"a.weight\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}".utf8)
        let bytes = [UInt8(header.count), 0, 0, 0, 0, 0, 0, 0] + header + [0, 0, 0, 0]
        let path = try folder.write(bytes, to: "other.safetensors")
        #expect(try Invocation("inspect", path).status == 1)
    }

    @Test("A converted file and a bundle carry along what was said")
    func carriedAlong() throws {
        let folder = try TemporaryFolder()
        let (converted, bundle) = (folder.path("ours.safetensors"), folder.path("bundle.safetensors"))
        let shipped = try Invocation("inspect", "--json")
        let summary = try #require(
            try JSONSerialization.jsonObject(with: Data(shipped.output.utf8)) as? [String: Any])
        let weights = try #require(summary["file"] as? String)
        let said = ["--set", "boxes.detectionsPerImage=3", "--set", "proposals.nmsThreshold=0.5"]
        #expect(try Invocation(["convert", weights, converted] + said).status == 0)
        let listing = try Invocation("inspect", converted, "--configuration")
        #expect(listing.output.contains("detectionsPerImage: 3,  // from the file"))
        #expect(listing.output.contains("preNMSTopN: 300,  // from the file"))
        let direct = try Invocation(["detect", Self.scene] + said)
        let stored = try Invocation("detect", Self.scene, "--weights", converted)
        #expect(direct.status == 0 && results(stored) == results(direct))
        #expect(try Invocation(["record", "--output", bundle] + said).status == 0)
        // Alone, every stage follows from the bundle's own inputs by the bundle's own configuration.
        let verified = try Invocation("verify", bundle, "--reference", bundle, "--isolate")
        #expect(verified.status == 0, "\(verified.output)")
        let otherwise = try Invocation(
            "verify", bundle, "--reference", bundle, "--isolate", "--set", "boxes.detectionsPerImage=100")
        #expect(otherwise.status == 1)
    }
}

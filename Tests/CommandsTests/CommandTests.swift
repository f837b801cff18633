import Foundation
import TestSupport
import Testing

/// What the commands do when all is well.
@Suite struct CommandTests {
    @Test func walkthroughTellsEveryStageAndDrawsThePicture() throws {
        let folder = try TemporaryFolder()
        let run = try Invocation("walkthrough", "--all", "--output", "found.png", in: folder.url)
        #expect(run.status == 0, "\(run.errors)")
        for stage in [
            "input.tensor", "backbone.c5", "fpn.merged.p2", "rpn.proposals.boxes", "box.pooled",
            "mask.probabilities", "keypoint.heatmaps", "output.masks",
        ] { #expect(run.output.contains("\n\(stage)  "), "no \(stage)") }
        #expect(run.output.contains("person"))
        #expect(run.output.split(separator: "\n").allSatisfy { $0.count <= 80 })
        #expect(!run.output.contains("\u{1B}"))
        #expect(folder.names == ["found.png"])
    }

    @Test func recordedStagesAreWhatTheStageCommandComputes() throws {
        let folder = try TemporaryFolder()
        let bundle = folder.path("all.safetensors")
        #expect(try Invocation("record", "--output", bundle).status == 0)
        let stage = try Invocation(
            "stage", "fpn.p3", "--input", bundle, "--output", folder.path("p3.safetensors"))
        #expect(stage.status == 0, "\(stage.errors)")
        let listing = try Invocation("inspect", folder.path("p3.safetensors"))
        #expect(listing.output.contains("fpn.p3"))
        #expect(listing.output.contains("F32  64×32×40"))
    }

    @Test func theSameSeedGivesTheSameBytesOnAnyNumberOfThreads() throws {
        let folder = try TemporaryFolder()
        for threads in ["1", "3"] {
            let run = try Invocation(
                "record", "--threads", threads, "--output", folder.path("\(threads).safetensors"))
            #expect(run.status == 0)
        }
        let (one, three) = (folder.path("1.safetensors"), folder.path("3.safetensors"))
        #expect(FileManager.default.contentsEqual(atPath: one, andPath: three))
    }

    @Test func detectWritesResultsThatCOCOReads() throws {
        let folder = try TemporaryFolder()
        let source = try Invocation("walkthrough", "--output", folder.path("scene-000042.png"))
        #expect(source.status == 0)
        let run = try Invocation("detect", folder.path("scene-000042.png"), "--output", folder.path("found"))
        #expect(run.status == 0, "\(run.errors)")
        let data = try Data(contentsOf: folder.url.appendingPathComponent("found/results.json"))
        let results = try #require(JSONSerialization.jsonObject(with: data) as? [[String: Any]])
        #expect(!results.isEmpty)
        for result in results {
            #expect(result["image_id"] as? Int == 42)
            #expect((result["bbox"] as? [Double])?.count == 4)
            #expect((result["keypoints"] as? [Double])?.count == 51)
            let mask = try #require(result["segmentation"] as? [String: Any])
            #expect((mask["size"] as? [Int])?.count == 2)
        }
        #expect(FileManager.default.fileExists(atPath: folder.path("found/scene-000042.png")))
    }

    @Test func benchmarkPrintsItsFigures() throws {
        let run = try Invocation("benchmark", "--runs", "1", "--warm-up", "0", "--json")
        #expect(run.status == 0, "\(run.errors)")
        let figures = try #require(
            JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
        let stages = try #require(figures["stages"] as? [String: Double])
        #expect(
            Set(["input", "backbone", "pyramid", "rpn", "boxes", "masks", "output"]).isSubset(of: stages.keys)
        )
        #expect(figures["total"] is Double && (figures["peakMemory"] as? Int ?? 0) > 0)
    }

    /// What the program says of itself and its subcommands.
    private struct CommandHelp: Decodable {
        var commandName: String
        var discussion: String?
        var subcommands: [CommandHelp]?

        /// The commands that do something, each with the words that call it.
        func commands(after words: [String] = []) -> [(words: String, help: CommandHelp)] {
            let words = words + [commandName]
            guard let subcommands, !subcommands.isEmpty else { return [(words.joined(separator: " "), self)] }
            return subcommands.filter { $0.commandName != "help" }.flatMap { $0.commands(after: words) }
        }
    }

    @Test func helpHasAnExample() throws {
        struct Program: Decodable { var command: CommandHelp }
        let run = try Invocation("--experimental-dump-help")
        #expect(run.status == 0)
        let program = try JSONDecoder().decode(Program.self, from: Data(run.output.utf8))
        let commands = program.command.commands()
        #expect(commands.contains { $0.words == "maskrcnn calculate loss box" } && commands.count > 40)
        for (words, help) in commands {
            let lines = (help.discussion ?? "").split(separator: "\n").map { $0 + " " }
            let hasExample = lines.contains { $0.wholeMatch(of: /\s*Examples?:.*/) != nil }
            #expect(hasExample && lines.contains { $0.contains(words + " ") }, "\(words)")
        }
    }
}

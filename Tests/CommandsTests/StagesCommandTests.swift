import Foundation
import TestSupport
import Testing

/// The table of stages for other programs, and stages that come from files.
@Suite struct StagesCommandTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    private struct Listing: Decodable {
        struct Stage: Decodable {
            let name: String
            let from: [String]
            let sentence: String
            let page: String
        }
        let format: String
        let stages: [Stage]
    }

    /// The tools in Python read the table from this file: `maskrcnn stages --json > Tools/stages.json`.
    @Test func theToolsHaveTheTableOfTheProgram() throws {
        let run = try Invocation("stages", "--json")
        #expect(run.status == 0)
        let file = Self.root.appendingPathComponent("Tools/stages.json")
        #expect(run.output == String(decoding: try Data(contentsOf: file), as: UTF8.self))
    }

    @Test func theStagesOfAModelAreListedOneByOne() throws {
        let weights = Self.root.appendingPathComponent("Sources/Loading/Model/small.safetensors").path
        let run = try Invocation("stages", "--weights", weights, "--json")
        #expect(run.status == 0, "\(run.errors)")
        let listing = try JSONDecoder().decode(Listing.self, from: Data(run.output.utf8))
        #expect(listing.format == "maskrcnn-stages/1")
        let stages = Dictionary(uniqueKeysWithValues: listing.stages.map { ($0.name, $0) })
        #expect(stages["fpn.merged.p2"]?.from == ["fpn.lateral.p2", "fpn.topdown.p2"])
        #expect(stages["backbone.c4"]?.sentence == "Residual stage 4: one position for every 16 pixels.")
        #expect(stages["box.logits"]?.page == "08-box-head")
        #expect(stages["box.c5"] == nil && listing.stages.allSatisfy { !$0.name.contains("#") })
        let text = try Invocation("stages").output
        #expect(text.contains("\nfpn.lateral.p#  map, F32 [channels, height, width]; page 03-pyramid\n"))
    }

    @Test func aStageComesFromAFile() throws {
        let folder = try TemporaryFolder()
        let plain = ["record", "--output", "all.safetensors"]
        #expect(try Invocation(plain, in: folder.url).status == 0)
        let swapped = try Invocation(
            "record", "--replace", "fpn.*=all.safetensors", "--replace", "rpn.proposals.*=all.safetensors",
            "--output", "swapped.safetensors", in: folder.url)
        #expect(swapped.status == 0, "\(swapped.errors)")
        let same = try Invocation(
            "verify", "swapped.safetensors", "--reference", "all.safetensors", "--tolerance", "0",
            in: folder.url)
        #expect(same.status == 0, "\(same.output)")
        for (arguments, fault) in [
            (["--replace", "fpn.p2"], "--replace"),
            (["--replace", "fpn.p7=all.safetensors"], "fpn.p7: is no stage of this model"),
            (["--replace", "fpn.p2=none.npz"], "none.npz"),
            (["--replace", "fpn.p2=swapped.safetensors", "--noise"], "--noise"),
        ] {
            let run = try Invocation(
                plain.prefix(1) + arguments + ["--output", "other.safetensors"], in: folder.url)
            #expect(run.status == 2)
            #expect(run.errors.contains(fault), "\(run.errors)")
            #expect(run.errors.split(separator: "\n").count == 1)
        }
    }
}

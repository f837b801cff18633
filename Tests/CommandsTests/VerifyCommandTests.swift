import Foundation
import TestSupport
import Testing

/// `verify` as a user runs it.
@Suite struct VerifyCommandTests {
    /// A folder with the shipped scene recorded by the shipped model.
    private func recorded(_ options: String...) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        let run = try Invocation(["record", "--output", folder.path("reference.safetensors")] + options)
        #expect(run.status == 0, "\(run.errors)")
        return folder
    }

    private func record(_ name: String, in folder: TemporaryFolder, _ options: String...) throws -> String {
        let run = try Invocation(["record", "--output", folder.path(name)] + options)
        #expect(run.status == 0, "\(run.errors)")
        return folder.path(name)
    }

    private func verify(_ candidate: String, _ folder: TemporaryFolder, _ options: String...) throws
        -> Invocation
    {
        try Invocation(["verify", candidate, "--reference", folder.path("reference.safetensors")] + options)
    }

    private func json(_ run: Invocation) throws -> [String: Any] {
        try #require(JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
    }

    @Test func anotherAlgorithmIsEqualWithinTheNoiseThatWasMeasured() throws {
        let folder = try recorded("--noise")
        let candidate = try record("candidate.safetensors", in: folder, "--convolution", "direct")
        let run = try verify(candidate, folder)
        #expect(run.status == 0, "\(run.output)")
        #expect(run.output.contains("noise"))
        #expect(run.output.split(separator: "\n").allSatisfy { $0.count <= 80 })
        #expect(run.output.contains(" stages are equal within tolerance."))
        #expect(!run.output.contains("\u{1B}"))
        let isolated = try verify(candidate, folder, "--isolate", "--json")
        #expect(isolated.status == 0, "\(isolated.output)")
        #expect(try json(isolated)["firstDivergence"] is NSNull)
        #expect(try verify(candidate, folder, "--tolerance", "0").status == 1)
        #expect(
            try verify(candidate, folder, "--tolerance", "backbone.*=0", "--stages", "anchors.*").status == 0)
    }

    /// With the convolutions alike, what differs in the last bits are the direct RoIAlign, norms and dense layers.
    @Test func directKernelsRunAndAreEqualWithinTolerance() throws {
        let folder = try TemporaryFolder()
        let optimized = try record(
            "reference.safetensors", in: folder, "--convolution", "matrix-product")
        let direct = try record(
            "direct.safetensors", in: folder, "--convolution", "matrix-product", "--kernels", "direct")
        #expect(try verify(direct, folder).status == 0)
        #expect(try verify(direct, folder, "--tolerance", "0", "--stages", "box.pooled").status == 1)
        #expect(try verify(optimized, folder, "--tolerance", "0").status == 0)
        #expect(try Invocation("detect", "--kernels", "plain").status == 2)
    }

    /// Without --weights it would be the shipped model that runs, and all stages would be blamed for that.
    @Test func anotherModelsBundleIsNotRunThroughTheShippedModel() throws {
        let folder = try TemporaryFolder()
        let shipped = try #require(
            try JSONSerialization.jsonObject(with: Data(Invocation("inspect", "--json").output.utf8))
                as? [String: Any])
        let rounded = folder.path("rounded.safetensors")
        let source = try #require(shipped["file"] as? String)
        #expect(try Invocation("convert", "--half", source, rounded).status == 0)
        let reference = try record("reference.safetensors", in: folder, "--weights", rounded)
        for arguments in [
            ["verify", reference, "--reference", reference, "--isolate"],
            ["verify", reference, "--guess-profile"],
            ["stage", "fpn.p2", "--input", reference, "--output", folder.path("p2.safetensors")],
        ] {
            let run = try Invocation(arguments)
            #expect(run.status == 2)
            #expect(run.errors.hasPrefix("maskrcnn: \(reference): was made with the weights of SHA-256 "))
            #expect(
                run.errors.contains("the shipped model's is ") && run.errors.hasSuffix("with --weights\n"))
        }
        let given = try verify(
            reference, folder, "--isolate", "--stages", "fpn.*", "--weights", rounded)
        #expect(given.status == 0, "\(given.errors)")
    }

    @Test func aWrongChannelOrderDivergesAtTheInput() throws {
        let folder = try recorded()
        let candidate = try record("candidate.safetensors", in: folder, "--channel-order", "bgr")
        let report = folder.path("report")
        let run = try verify(candidate, folder, "--json", "--report", report)
        #expect(run.status == 1 && run.errors.isEmpty, "\(run.errors)")
        let result = try json(run)
        #expect(Set(result.keys) == ["firstDivergence", "stages", "causes"])
        #expect(result["firstDivergence"] as? String == "input.tensor")
        let stages = try #require(result["stages"] as? [[String: Any]])
        #expect(stages.count > 50)
        #expect(stages.allSatisfy { $0["name"] is String && $0["verdict"] is String })
        #expect(stages.first?["name"] as? String == "input.image")
        #expect(stages.first?["verdict"] as? String == "equal")
        let causes = try #require(result["causes"] as? [[String: Any]])
        for cause in causes {
            #expect(Set(cause.keys) == ["cause", "stage", "explains"])
            #expect(cause["explains"] is Double)
        }
        // In isolation the error is made in the input alone, and all else inherits it.
        let isolated = try json(try verify(candidate, folder, "--isolate", "--json"))
        let verdicts = try #require(isolated["stages"] as? [[String: Any]]).map { $0["verdict"] as? String }
        #expect(verdicts.filter { $0 == "made here" }.count == 1)
        #expect(verdicts.contains("inherited"))
        #expect(isolated["firstDivergence"] as? String == "input.tensor")

        let page = try String(contentsOfFile: report + "/index.html", encoding: .utf8)
        #expect(page.hasPrefix("<!DOCTYPE html>"))
        #expect(page.contains("src=\"data:image/png;base64,iVBOR"))
        #expect(page.contains("prefers-color-scheme: dark"))
        // What a picture's bytes spell in base64 is no link.
        let text = page.replacing(/data:image\/png;base64,[A-Za-z0-9+\/=]*/, with: "")
        for outside in ["http:", "https:", "<link", "<script", "url(", "@import", "src=\"/", "href"] {
            #expect(!text.contains(outside), "\(outside)")
        }
        #expect(
            page.components(separatedBy: "src=").count == page.components(separatedBy: "src=\"data:").count)
        #expect(try FileManager.default.contentsOfDirectory(atPath: report) == ["index.html"])
    }

    @Test func aPartPassesWhenAPartIsAskedFor() throws {
        let folder = try recorded()
        let part = try record("part.safetensors", in: folder, "--stages", "fpn.*")
        #expect(try verify(part, folder).status == 1)
        #expect(try verify(part, folder, "--stages", "fpn.*").status == 0)
        let stage = folder.path("stage.safetensors")
        #expect(
            try Invocation(
                "stage", "rpn.hidden.p3", "--input", folder.path("reference.safetensors"), "--output", stage
            ).status == 0)
        #expect(try verify(stage, folder).status == 0)
    }

    @Test func badInputIsRefusedInOneLine() throws {
        let folder = try recorded()
        let reference = folder.path("reference.safetensors")
        let whole = try Data(contentsOf: URL(fileURLWithPath: reference))
        let header = #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#
        let files: [(name: String, bytes: [UInt8])] = [
            ("truncated.safetensors", Array(whole.prefix(whole.count / 2))),
            ("empty.npz", []), ("text.txt", Array("fpn.p2".utf8)),
            // os.system("true") called by REDUCE.
            ("code.pth", [0x80, 2] + Array("cos\nsystem\nX\u{4}\u{0}\u{0}\u{0}true\u{85}R.".utf8)),
            (
                "unknown.safetensors",
                [UInt8(header.utf8.count), 0, 0, 0, 0, 0, 0, 0] + Array(header.utf8) + [0, 0, 0, 0]
            ),
        ]
        let before = folder.names.count
        for file in files {
            let path = try folder.write(file.bytes, to: file.name)
            for arguments in [
                ["verify", path, "--reference", reference, "--report", folder.path("report")],
                ["verify", reference, "--reference", path],
            ] {
                let run = try Invocation(arguments)
                #expect(run.status == 2, "\(arguments): \(run.errors)")
                #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)")
                #expect(run.errors.contains(file.name) && run.output.isEmpty)
            }
        }
        #expect(folder.names.count == before + files.count)
        for arguments in [
            ["verify"], ["verify", reference], ["verify", reference, "--reference", folder.path("none")],
            ["verify", reference, "--reference", reference, "--stages", "nothing"],
            ["verify", reference, "--reference", reference, "--tolerance", "-1"],
            ["verify", reference, "--reference", reference, "--tolerance", "fpn.*="],
            ["verify", reference, "--reference", reference, "--report", reference],
        ] {
            let run = try Invocation(arguments)
            #expect(run.status == 2, "\(arguments): \(run.errors)")
            #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)")
        }
    }
}

import Foundation
import TestSupport
import Testing

/// Pages, stages and figures by their names, wherever one is asked for.
@Suite struct NamesTests {
    @Test(arguments: [
        ("roialign", ["13-roialign.png"]), ("13", ["13-roialign.png"]), ("13-roialign", ["13-roialign.png"]),
        ("rpn", ["08-objectness.png"]), ("rpn.objectness.p4", ["08-objectness.png"]),
    ])
    func figuresAreFoundByAnyName(_ name: String, _ files: [String]) throws {
        let folder = try TemporaryFolder()
        let run = try Invocation("figures", name, "--output", "drawn", in: folder.url)
        #expect(run.status == 0, "\(run.errors)")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path("drawn"))
        #expect(names.sorted() == files)
    }

    @Test func stagesAreFoundByAnyName() throws {
        let folder = try TemporaryFolder()
        let (bundle, part) = (folder.path("all.safetensors"), folder.path("part.safetensors"))
        #expect(try Invocation("record", "--output", bundle, "--stages", "fpn.*", "backbone.*").status == 0)
        let run = try Invocation("stage", "fpn.merged", "--input", bundle, "--output", part)
        #expect(run.output == "\(part): 4 stages\n", "\(run.errors)")
        let listed = try Invocation("stages", "objectness").output
        #expect(listed.contains("rpn.objectness.@  ") && !listed.contains("fpn.lateral"))
        let one = try Invocation("stages", "fpn.p3").output
        #expect(one.contains("page 03-pyramid") && !one.contains("fpn.lateral.@  "))
    }

    @Test(arguments: [
        (["figures", "roialgn"], "roialgn: is no page, stage or figure. Did you mean roialign?"),
        (["figures", "31"], "31: is no figure; they are numbered 1 to 30"),
        (["stages", "fpn.p9"], "fpn.p9: is no page, stage or figure. Did you mean "),
        (
            ["calculate", "obectness"],
            "obectness: is no command of maskrcnn calculate. Did you mean objectness?"
        ),
        (
            ["calculate", "rpn"],
            "rpn: is no command of maskrcnn calculate; page 05-rpn has calculate objectness, "
        ),
        (["walkthruogh"], "walkthruogh: is no command of maskrcnn. Did you mean walkthrough?"),
        (["walkthrough", "keypoins"], "keypoins: is no page, stage or figure. Did you mean keypoints?"),
    ])
    func aNameThatIsNoneGetsAnotherOne(_ arguments: [String], _ fault: String) throws {
        let folder = try TemporaryFolder()
        let run = try Invocation(arguments, in: folder.url)
        #expect(run.status == 2)
        #expect(run.errors.hasPrefix("maskrcnn: \(fault)"), "\(run.errors)")
        #expect(run.errors.split(separator: "\n").count == 1)
    }

    @Test func aStageThatIsNoneGetsAnotherOne() throws {
        let folder = try TemporaryFolder()
        let bundle = folder.path("all.safetensors")
        #expect(try Invocation("record", "--output", bundle, "--stages", "fpn.*").status == 0)
        let run = try Invocation(
            "stage", "fpn.mergd.p2", "--input", bundle, "--output", folder.path("x.safetensors"))
        #expect(run.status == 2 && run.errors.contains("Did you mean fpn.merged.p2?"), "\(run.errors)")
    }
}

import Formats
import Foundation
import Tensors
import TestSupport
import Testing

/// `figures`: what is chosen, how it looks, and what is refused.
struct FiguresCommandTests {
    @Test func figuresAreListedWithTheirOptions() throws {
        let list = try Invocation("figures", "--list")
        #expect(list.status == 0)
        let lines = list.output.split(separator: "\n")
        #expect(lines.count == 30 && lines[0] == "01-overview")
        #expect(lines[28].hasPrefix("29-provenance ") && lines[28].hasSuffix(" --detection --max-boxes"))
        let panels = try Invocation("figures", "provenance", "--list")
        #expect(panels.status == 0 && panels.output.contains("    --panel 1  a cell of p"))
    }

    @Test(arguments: ["9", "the result", "THE R"]) func aPanelIsChosenByNumberOrName(panel: String) throws {
        let folder = try TemporaryFolder()
        let drawn = try Invocation(
            "figures", "provenance", "--panel", panel, "--width", "640", "--output", folder.path("out"))
        #expect(drawn.status == 0 && drawn.errors.isEmpty, "\(drawn.errors)")
        let image = try Image(contentsOf: folder.path("out/29-provenance.png"))
        #expect(image.width == 640 && image.height < 800)
    }

    /// An error is one line that names the option and what there is; nothing is written.
    @Test(arguments: [
        (["provenance", "--detection", "1000"], "--detection 1000: there are "),
        (["provenance", "--panel", "12"], "--panel 12: provenance has 10 panels: 1 a cell of p"),
        (["fusion", "--channel", "999"], "--channel 999: fpn.merged has 64 channels, 0 to 63"),
        (
            ["result", "--class", "dragon"],
            "--class dragon: there is no such class; the model’s classes are "
        ),
        (["objectness", "--level", "p9"], "--level 9: the figure’s levels are p2, p3, p4, p5, p6"),
        (["overview", "--detection", "1"], "--detection does not change the figure overview; it changes "),
        (["roialign", "--detection", "1", "--box", "2"], "--detection and --box both choose a region"),
        (["heads", "--palette", "rainbow"], "--palette rainbow: neither okabe-ito"),
        (["heads", "--font", "No Such Font 17"], "--font No Such Font 17: no font named"),
        (["heads", "--width", "3"], "--width 3: a width is from 64 to 16384 pixels"),
        (["heads", "--dpi", "0"], "--dpi 0.0: from 1 to 10000"),
        (["heads", "--background", "dark"], "--background is called --theme now"),
        (["--title", "All"], "--title is for one figure: name it"),
        (["heads", "losses", "--panel", "1"], "--panel is for one figure: name it"),
    ])
    func whatIsNotThereIsRefused(arguments: [String], fault: String) throws {
        let folder = try TemporaryFolder()
        let refused = try Invocation(["figures"] + arguments + ["--output", folder.path("out")])
        #expect(refused.status == 2 && refused.output.isEmpty)
        #expect(refused.errors.hasPrefix("maskrcnn: ") && refused.errors.contains(fault), "\(refused.errors)")
        #expect(refused.errors.split(separator: "\n").count == 1)
        #expect(!FileManager.default.fileExists(atPath: folder.path("out")))
    }

    /// Of several figures, those that an option does not change are drawn all the same, and that is said.
    @Test func optionsThatChangeNothingAreSaid() throws {
        let folder = try TemporaryFolder()
        let drawn = try Invocation(
            "figures", "heads", "pasting", "--detection", "1", "--contact-sheet", "--output", folder.path)
        #expect(drawn.status == 0)
        #expect(drawn.errors == "! --detection changes pasting; the others are as without it\n")
        #expect(drawn.output.split(separator: "\n").count == 3)
        let sheet = try Image(contentsOf: folder.path("contact-sheet.png"))
        #expect(sheet.width == 1296 && sheet.height > 300)
    }

    /// The shipped model has only seen drawn scenes.
    @Test func aPhotographIsRemarkedOn() throws {
        let folder = try TemporaryFolder()
        var random = SeededGenerator(seed: 3)
        var pixels: [UInt8] = []
        for pixel in 0..<160 * 120 {
            let light = Int.random(in: -12...12, using: &random)
            for channel in 0..<3 {
                pixels.append(
                    UInt8(
                        90 + 30 * channel + pixel / 4800 * 8 + light + Int.random(in: -3...3, using: &random))
                )
            }
        }
        let path = folder.path("street.png")
        try Image(width: 160, height: 120, pixels: pixels).writePNG(to: path)
        let found = try Invocation("detect", path)
        #expect(found.status == 0)
        #expect(
            found.errors.hasPrefix(
                "! \(path): unlike the drawn scenes that the shipped model was trained on: in "))
        #expect(found.errors.split(separator: "\n").count == 1)
        let other = try Invocation("detect", "--random-weights", "1", path)
        #expect(other.errors.contains("unlike the drawn scenes") == false)
    }
}

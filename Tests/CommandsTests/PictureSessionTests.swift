import Foundation
import TestSupport
import Testing

/// Commands on pages, run on the reader's own picture within the walkthrough's process.
@Suite struct PictureSessionTests {
    /// Each prints what it prints in a process of its own, and leaves the same files to those that come after it.
    @Test func commandsThatShareARunPrintWhatTheyPrintAlone() throws {
        let folder = try TemporaryFolder()
        let scenes = try Invocation(
            "scenes", "--count", "1", "--seed", "5", "--output", "scenes", in: folder.url)
        #expect(scenes.status == 0, "\(scenes.errors)")
        let picture = folder.path("scenes/images/000000.png")
        let page = try Invocation("walkthrough", "detections", "--all", "--image", picture, in: folder.url)
        #expect(page.status == 0, "\(page.errors)")
        let shown = page.output
        func alone(_ arguments: String...) throws -> [String] {
            let run = try Invocation(arguments, in: folder.url)
            #expect(run.status == 0, "\(run.errors)")
            return run.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
                .map { $0.isEmpty ? "" : "  " + $0 }
        }
        for lines in [
            try alone("calculate", "selection", "--image", picture),
            try alone(
                "record", picture, "--output", "found.safetensors", "--stages", "rpn.proposals.boxes",
                "box.*", "detections.*"),
            try alone("inspect", "found.safetensors"),
            try alone("calculate", "suppress", "0,0,12,10,0.9", "4,0,16,10,0.8"),
        ] { #expect(lines.count >= 1 && shown.contains("\n" + lines.joined(separator: "\n") + "\n")) }
        // On the picture that ships it prints something else.
        #expect(try !shown.contains(alone("calculate", "selection").joined(separator: "\n")))
    }
}

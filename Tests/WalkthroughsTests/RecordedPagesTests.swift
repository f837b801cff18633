import Foundation
import Testing

import Walkthroughs

/// Every command on every page still prints what the page says.
@Suite struct RecordedPagesTests {
    /// The pages in the project's folder.
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Walkthroughs").path

    private static let names =
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
        .filter { $0.hasSuffix(".md") }.sorted()

    /// Nineteen chapters and the index, and no page that the walkthrough does not know.
    @Test func allPagesAreThere() {
        #expect(Self.names.count == 20)
        #expect(Set(Self.names) == Set(Chapter.all.map { $0.page + ".md" } + ["README.md"]))
    }

    @Test(arguments: names)
    func pageSaysWhatTheCommandsPrint(_ name: String) throws {
        let page = try Page(contentsOf: Self.folder + "/" + name)
        let check = try PageCheck(page, in: ConsoleSession(program: try Self.program()))
        for difference in check.differences { Issue.record("\(difference)") }
    }

    /// The program stands beside the tests.
    private static func program() throws -> String {
        let tests = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        var folder = tests.deletingLastPathComponent()
        for _ in 0..<6 {
            let candidate = folder.appendingPathComponent("maskrcnn").path
            if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
            folder.deleteLastPathComponent()
        }
        // Elsewhere the tests are a bundle that some other program loads; the resources stand beside the program.
        let bundle = Bundle(for: Anchor.self).bundleURL.deletingLastPathComponent().path + "/maskrcnn"
        guard FileManager.default.isExecutableFile(atPath: bundle) else {
            throw CocoaError(.fileNoSuchFile, userInfo: [NSFilePathErrorKey: bundle])
        }
        return bundle
    }

    private final class Anchor {}
}

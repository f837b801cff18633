import Foundation
import TestSupport
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
        let check = try PageCheck(page, in: ConsoleSession(program: try builtProgram().path))
        for difference in check.differences { Issue.record("\(difference)") }
    }
}

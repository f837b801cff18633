import Formats
import Foundation

/// Where the pages are.
package enum PageLibrary {
    /// The pages in a folder, in their order.
    /// - Throws: `FileError` when there is no such folder, or no page in it.
    package static func paths(in folder: String) throws -> [String] {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
            throw FileError(path: folder, fault: "is no folder that can be read")
        }
        let pages = names.filter { $0.hasSuffix(".md") }.sorted()
        guard !pages.isEmpty else { throw FileError(path: folder, fault: "has no pages in it") }
        return pages.map { folder + "/" + $0 }
    }

    /// The page of a chapter, as it ships with the program.
    /// - Throws: `FileError` when the installation lacks it.
    package static func shipped(_ name: String) throws -> Page {
        guard let path = Bundle.module.path(forResource: name, ofType: "md") else {
            throw FileError(path: name + ".md", fault: "is missing from the installation")
        }
        return try Page(contentsOf: path)
    }
}

import Foundation

import COCO
import TestSupport

/// The path of a fixture of these tests.
func fixture(_ name: String) -> String {
    Bundle.module.fixture(name)
}

/// A file that is gone when the test is over.
final class TemporaryFile {
    let path: String
    private let folder: TemporaryFolder

    init(_ bytes: [UInt8]) throws {
        folder = try TemporaryFolder()
        path = try folder.write(bytes, to: "coco.json")
    }

    convenience init(_ text: String) throws { try self.init(Array(text.utf8)) }
}

/// What `body` throws, as a user reads it, without the file's name; nil when it throws nothing.
func fault(_ body: () throws -> Void) -> String? {
    do {
        try body()
        return nil
    } catch { return (error as? COCOError)?.fault ?? "\(error)" }
}

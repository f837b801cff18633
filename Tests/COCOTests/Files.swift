import Foundation

import COCO

/// The path of a fixture of these tests.
func fixture(_ name: String) -> String {
    Bundle.module.resourceURL!.appendingPathComponent("Fixtures/\(name)").path
}

/// A file that is gone when the test is over.
final class TemporaryFile {
    let path: String

    init(_ bytes: [UInt8]) throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent(
            "coco-\(UUID().uuidString).json")
        path = url.path
        try Data(bytes).write(to: url)
    }

    convenience init(_ text: String) throws { try self.init(Array(text.utf8)) }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// What `body` throws, as a user reads it, without the file's name; nil when it throws nothing.
func fault(_ body: () throws -> Void) -> String? {
    do {
        try body()
        return nil
    } catch { return (error as? COCOError)?.fault ?? "\(error)" }
}

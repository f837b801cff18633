import Foundation

/// The program `maskrcnn` of the same build: it stands beside the tests.
package func builtProgram() throws -> URL {
    // The program that runs is a bundle within the products' folder, or one elsewhere that loads the tests.
    let places = [
        URL(fileURLWithPath: CommandLine.arguments[0]), Bundle(for: TemporaryFolder.self).bundleURL,
    ]
    for place in places {
        var folder = place.resolvingSymlinksInPath()
        for _ in 0..<6 {
            folder.deleteLastPathComponent()
            let candidate = folder.appendingPathComponent("maskrcnn")
            var isFolder: ObjCBool = false
            if FileManager.default.fileExists(atPath: candidate.path, isDirectory: &isFolder),
                !isFolder.boolValue,
                FileManager.default.isExecutableFile(atPath: candidate.path)
            {
                return candidate
            }
        }
    }
    throw CocoaError(.fileNoSuchFile, userInfo: [NSFilePathErrorKey: "maskrcnn"])
}

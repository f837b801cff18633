import Formats
import Foundation
import TestSupport
import Testing

@Suite("Files that appear whole")
struct OutputFileTests {
    @Test func appearsWhenItIsFinished() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write([9, 9, 9, 9], to: "out")
        let file = try OutputFile(path: path)
        try file.write([1, 2])
        try file.write([])
        try file.write([3])
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data([9, 9, 9, 9]))
        try file.finish()
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data([1, 2, 3]))
        #expect(folder.names == ["out"])
    }

    @Test func unfinishedFilesAreDeleted() throws {
        let folder = try TemporaryFolder()
        do {
            let file = try OutputFile(path: folder.path + "/out")
            try file.write([1, 2])
            #expect(folder.names.count == 1)
        }
        #expect(folder.names == [])
    }

    /// The last step fails, since a folder with something in it cannot be replaced by a file.
    @Test func aFailedRenameLeavesNothing() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/out"
        let file = try OutputFile(path: path)
        try FileManager.default.createDirectory(
            atPath: path + "/something", withIntermediateDirectories: true)
        let error = #expect(throws: FileError.self) { try file.finish() }
        #expect(error?.path == path)
        #expect(folder.names == ["out"])
        #expect(throws: FileError.self) { try file.write([1]) }
    }

    @Test func onlyFilesAreReplaced() throws {
        let folder = try TemporaryFolder()
        var error = #expect(throws: FileError.self) { try OutputFile(path: folder.path) }
        #expect(error?.fault == "is a folder, not a file")
        let pipe = folder.path + "/pipe"
        try #require(mkfifo(pipe, 0o600) == 0)
        error = #expect(throws: FileError.self) { try OutputFile.write([1], to: pipe) }
        #expect(error?.fault == "is not a regular file")
        #expect(folder.names == ["pipe"])
    }

    /// 255 bytes are as long as a name can be on the usual file systems.
    @Test func longNames() throws {
        let folder = try TemporaryFolder()
        let name = String(repeating: "n", count: 255)
        try OutputFile.write([1], to: folder.path + "/" + name)
        #expect(folder.names == [name])
    }

    /// Like a file that is created without a detour: all may read and write, but for what the umask forbids.
    @Test func permissionsAreTheUsualOnes() throws {
        let folder = try TemporaryFolder()
        let usual = open(folder.path + "/usual", O_WRONLY | O_CREAT, 0o666)
        try #require(usual >= 0)
        close(usual)
        try OutputFile.write([1], to: folder.path + "/out")
        func permissions(_ name: String) throws -> Int {
            let attributes = try FileManager.default.attributesOfItem(atPath: folder.path + "/" + name)
            return try #require(attributes[.posixPermissions] as? Int)
        }
        #expect(try permissions("out") == permissions("usual"))
    }
}
